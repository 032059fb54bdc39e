"""Samples out of the guides' text: lines picked, indentation restored, addresses changed."""

from __future__ import annotations

import io
import re
import textwrap
import tokenize
from collections.abc import Mapping, Sequence
from pathlib import Path

from qwen_nb.emulator.server import Emulator

from ._samples import Sample

__all__ = ["SEEDS", "pointed", "python_text", "shell_text"]

SEEDS = Path(__file__).parents[3] / "shared" / "seeds"

# headings of the page that the extraction glued to the end of a sample
_GLUED = re.compile(r"(?<=[)'])(Node\.js|curl|DashScope|For thinking models)$")

_AGAIN = re.compile(r"(elif\b.*|else|except\b.*|finally)\s*:")
_LEAVES = re.compile(r"(pass|continue|break|return\b.*|raise\b.*)$")
_CONTINUES = {
    "elif": ("if", "elif"),
    "else": ("if", "elif"),
    "except": ("try", "except"),
    "finally": ("try", "except"),
}


def _lines(sample: Sample) -> list[str]:
    lines = (SEEDS / sample.file).read_text("utf-8").split("\n")
    lines = lines[sample.first - 1 : sample.last]
    return [*lines[:-1], _GLUED.sub("", lines[-1])]


def shell_text(sample: Sample) -> str:
    """Return a sample for the shell."""
    return textwrap.dedent("\n".join(_lines(sample)))


def python_text(sample: Sample) -> str:
    """Return a sample in Python, as it was before its indentation was lost."""
    lines = _lines(sample)
    text = textwrap.dedent("\n".join(lines))
    if not any(line.startswith(" ") for line in text.split("\n")):
        levels = {line - sample.first: level for line, level in sample.levels.items()}
        text = _indented(lines, levels)
    compile(text, str(sample), "exec")
    return text


def _indented(lines: Sequence[str], levels: Mapping[int, int]) -> str:
    """Indent code without indentation: by its own words, and by hints where they are mute."""
    result: list[str] = []
    blocks: list[str] = []  # the words that opened the blocks we are in
    must_leave = False
    at = 0
    while at < len(lines):
        end = _end_of_statement(lines, at)
        statement = lines[at] if end == at + 1 else "\n".join(lines[at:end])
        code = _without_comment(statement)
        if code:
            word = re.match(r"\w*", code)[0]  # type: ignore[index]
            if at in levels:
                del blocks[levels[at] :]
            elif _AGAIN.fullmatch(code):
                while blocks.pop() not in _CONTINUES[word]:
                    pass
            elif must_leave:
                blocks.pop()
            must_leave = bool(_LEAVES.match(code))
        result.append("    " * len(blocks) + statement)
        if code.endswith(":"):
            blocks.append(word)
        at = end
    return "\n".join(result)


def _end_of_statement(lines: Sequence[str], at: int) -> int:
    """Return where the statement that begins here ends: all brackets and quotes closed."""
    for end in range(at + 1, len(lines) + 1):
        text = "\n".join(lines[at:end]) + "\n"
        try:
            list(tokenize.generate_tokens(io.StringIO(text).readline))
        except tokenize.TokenError:
            continue
        return end
    raise ValueError(f"a statement without an end: {lines[at]}")


def _without_comment(statement: str) -> str:
    tokens = tokenize.generate_tokens(io.StringIO(statement + "\n").readline)
    skipped = (tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.ENDMARKER)
    last = [token for token in tokens if token.type not in skipped and token.string.strip()]
    if not last:
        return ""
    row, column = last[-1].end
    lines = statement.split("\n")[:row]
    return "\n".join([*lines[:-1], lines[-1][:column]])


def pointed(text: str, emulator: Emulator) -> str:
    """Return a sample with its address and key changed, nothing else."""
    address = emulator.openai_base_url.removesuffix("/compatible-mode/v1")
    text = re.sub(
        r"https://[^\s\"'/]*aliyuncs\.com(?=/compatible-mode/|/api/v1)", address, text
    )
    return text.replace("{{DASHSCOPE_API_KEY}}", emulator.key)
