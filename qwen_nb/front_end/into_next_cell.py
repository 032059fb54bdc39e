"""The code of an answer on its way into the next cell, where a person reads it and runs it.

What a model wrote is never run by us. Only code of one kind makes a cell: Python, or, where
there is none, a shell's, which becomes a cell of that shell.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from qwen_nb.texts import Language, text, visible
from qwen_nb.values import CodeBlock

_PYTHON = frozenset({"python", "py", "python3", "py3", "ipython", "ipython3", "pycon"})
_PROMPTS = (">>>", "...")
_SHELLS = {"bash": "bash", "shell": "bash", "sh": "sh"}


@dataclass(frozen=True, slots=True)
class NextCell:
    """What goes into the next cell, and what there is to say about it.

    Parameters
    ----------
    code : str
        Empty where nothing fits.
    notes : tuple of str
        Remarks, ready to show.
    """

    code: str
    notes: tuple[str, ...] = ()


def next_cell(blocks: Sequence[CodeBlock], language: Language = "en") -> NextCell:
    """Choose what of an answer's code makes the next cell.

    The blocks marked as Python, joined by a blank line; of a session, its input without
    prompts and outputs. Where no block is, the blocks without a language; where there are
    none of those either, the blocks of the first shell, as its cell magic.

    Parameters
    ----------
    blocks : sequence of CodeBlock
        The code of the answer.
    language : {"en", "zh"}
        The language of the notes.
    """
    blocks = [block for block in blocks if block.text.strip()]
    if not blocks:
        return NextCell("", (text("code.none", language),))
    chosen, head = _chosen(blocks)
    left = list(dict.fromkeys(_kind(each, language) for each in blocks if each not in chosen))
    languages = text("calls.and", language).join(left)
    if not chosen:
        return NextCell("", (text("code.none_fits", language, languages=languages),))
    code = head + "\n\n".join(_without_prompts(block.text.strip("\n")) for block in chosen)
    notes = [text("code.left_out", language, languages=languages)] if left else []
    if not chosen[-1].complete:
        notes.append(text("code.incomplete", language))
    # A character that hides, or turns a line around, would let a person run code that
    # they did not see.
    if (seen := visible(code)) != code:
        notes.append(text("code.hidden_signs", language))
    return NextCell(seen, tuple(notes))


def put(shell: Any, cell: NextCell) -> None:
    """Put the code into the next cell of a notebook, or the next prompt of a terminal.

    A program that runs a notebook without a person (nbclient) ignores it.
    """
    if cell.code:
        shell.set_next_input(cell.code, replace=False)


def _chosen(blocks: Sequence[CodeBlock]) -> tuple[list[CodeBlock], str]:
    for wanted in (_PYTHON, frozenset({""})):
        if chosen := [block for block in blocks if block.language in wanted]:
            return chosen, ""
    magics = [_SHELLS[block.language] for block in blocks if block.language in _SHELLS]
    if not magics:
        return [], ""
    chosen = [block for block in blocks if _SHELLS.get(block.language) == magics[0]]
    return chosen, f"%%{magics[0]}\n"


def _without_prompts(code: str) -> str:
    """Return what was typed in a session that shows its prompts, without what it printed."""
    lines = code.split("\n")
    if lines[0][:4] != ">>> ":
        return code
    return "\n".join(line[4:] for line in lines if line[:4].rstrip() in _PROMPTS)


def _kind(block: CodeBlock, language: Language) -> str:
    return block.language or text("code.without_language", language)
