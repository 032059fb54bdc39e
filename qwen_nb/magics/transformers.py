"""Input transformers: a prompt is not Python and must reach the magic as it was typed.

Stock IPython turns a line that ends in `?` into object help, strips `>>>` prompts from a
body, refuses an empty body, and knows no full-width space after a magic's name. Two
transformers come before it: one for cells, one for lines. Text inside strings, comments
and other magics' bodies is never touched.
"""

from __future__ import annotations

import re
from typing import Any

from IPython.core.inputtransformer2 import TokenTransformBase

_SPACE = "[ \t\u3000]"
_CELL = re.compile(rf"%%qwen(?={_SPACE}|$)")
_LINE = re.compile(
    rf"(?P<target>[^\W\d][\w.]*(?:\[[^\]]*\])*\s*=\s*)?%qwen(?=$|{_SPACE})(?P<rest>.*)",
)


def qwen_cell(lines: list[str]) -> list[str]:
    """Turn a cell that begins with `%%qwen` into the call of the magic."""
    first = 0
    while first < len(lines) and not lines[first].strip():
        first += 1
    if first == len(lines) or not _CELL.match(lines[first]):
        return lines
    line = lines[first][len("%%qwen") :].rstrip("\r\n")
    body = "".join(lines[first + 1 :])
    if body.strip():
        return [f"get_ipython().run_cell_magic('qwen', {line!r}, {body!r})\n"]
    return [f"get_ipython().run_line_magic('qwen', {line!r})\n"]


# IPython then leaves it out when it asks whether a cell is complete, and still sees a
# cell magic, which a terminal ends with an empty line.
qwen_cell.has_side_effects = True  # type: ignore[attr-defined]


class QwenLine(TokenTransformBase):
    """Turns a line `%qwen …` or `name = %qwen …` into the call of the magic."""

    priority = 1  # before help, which has 5

    def __init__(self, start: tuple[int, int], match: re.Match[str]) -> None:
        super().__init__(start)  # type: ignore[no-untyped-call]
        self._match = match

    @classmethod
    def find(cls, tokens_by_line: list[list[Any]]) -> QwenLine | None:
        """Return a transformer for the first line that is ours, if there is one."""
        for tokens in tokens_by_line:
            for token in tokens:
                if token.string.strip() == "" or token.string.startswith("#"):
                    continue  # indentation, empty lines, comments
                first_line = token.line.split("\n", 1)[0]
                if match := _LINE.match(first_line, token.start[1]):
                    return cls(token.start, match)
                break
        return None

    def transform(self, lines: list[str]) -> list[str]:
        """Replace that line."""
        before = lines[self.start_line][: self.start_col]
        target, rest = self._match["target"] or "", self._match["rest"].rstrip("\r")
        call = f"{before}{target}get_ipython().run_line_magic('qwen', {rest!r})\n"
        return [*lines[: self.start_line], call, *lines[self.start_line + 1 :]]


def install(shell: Any) -> None:
    """Put both transformers into a shell."""
    manager = shell.input_transformer_manager
    manager.cleanup_transforms.insert(0, qwen_cell)
    manager.token_transformers.insert(0, QwenLine)


def remove(shell: Any) -> None:
    """Take both transformers out of a shell."""
    manager = shell.input_transformer_manager
    manager.cleanup_transforms[:] = [
        t for t in manager.cleanup_transforms if t is not qwen_cell
    ]
    manager.token_transformers[:] = [t for t in manager.token_transformers if t is not QwenLine]
