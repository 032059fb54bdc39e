"""What the browser tests look at together: one live run in each app and theme."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from nbformat import NotebookNode

from tests.browser._lab import Lab, Sample, Theme

ARTIFACTS = Path(__file__).parents[1] / "artifacts"

QUESTIONS = (
    "%%qwen\nWhich is larger, 9.9 or 9.11?",
    "%%qwen\nWhat did I ask first?",
)


@dataclass(frozen=True)
class Seen:
    """What a person saw who asked two questions in a notebook, and what stayed.

    Parameters
    ----------
    samples : tuple
        For each question, what the live card showed.
    texts, pages : tuple
        For each question, what is read below its cell in the end, and the page's HTML.
    saved : NotebookNode
        The file.
    remote, complaints : tuple
        See `Notebook`.
    """

    samples: tuple[list[Sample], ...]
    texts: tuple[str, ...]
    pages: tuple[str, ...]
    saved: NotebookNode
    remote: tuple[str, ...]
    complaints: tuple[str, ...]


def look(lab: Lab, theme: Theme) -> Seen:
    """Ask both questions in a theme, and take the pictures."""
    asking = range(1, len(QUESTIONS) + 1)
    samples = []
    with lab.open(["%load_ext qwen_nb", *QUESTIONS]) as notebook:
        notebook.use_theme(theme)
        notebook.run(0)
        for index in asking:
            picture = f"{lab.server.app}_question_{index}_{theme}"
            notebook.watch(index)
            notebook.start(index)
            notebook.wait_for_card("Thinking", "thinking", 150)
            notebook.screenshot(ARTIFACTS / f"{picture}_1_thinking.png")
            notebook.wait_for_card("Answering", "answer", 60)
            notebook.screenshot(ARTIFACTS / f"{picture}_2_answering.png")
            notebook.wait()
            notebook.screenshot(ARTIFACTS / f"{picture}_3_after.png")
            samples.append(notebook.samples())
        return Seen(
            samples=tuple(samples),
            texts=tuple(map(notebook.text, asking)),
            pages=tuple(map(notebook.html, asking)),
            saved=notebook.save(),
            remote=tuple(notebook.remote),
            complaints=tuple(notebook.complaints),
        )
