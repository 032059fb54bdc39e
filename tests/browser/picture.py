"""Takes the pictures of the README again: `make picture`.

The lower cell is asked first; the upper one is caught while its model still thinks.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import get_args

from playwright.sync_api import FloatRect

from tests.browser._lab import Lab, Notebook, Theme

DOCS = Path(__file__).parents[2] / "docs"
CELL = "%%qwen --think 2000\nWhich is larger, 9.9 or 9.11?"


def take(lab: Lab, theme: Theme) -> None:
    """Take the picture in one theme."""
    with lab.open(["%load_ext qwen_nb", CELL, CELL]) as notebook:
        notebook.use_theme(theme)
        notebook.run(0)
        notebook.run(2)
        notebook.watch(1)
        notebook.start(1)
        notebook.wait_for_card("Thinking", "thinking", 330)
        notebook.screenshot(DOCS / f"card-{theme}.png", clip=_cells(notebook))
        notebook.wait()


def _cells(notebook: Notebook) -> FloatRect:
    # another cell is the active one: its frame and buttons are no part of the picture
    script = """() => {
      PANEL.content.activeCellIndex = 0;
      const [first, last] = [1, 2].map(
        index => PANEL.content.widgets[index].node.getBoundingClientRect());
      return { x: first.x, y: first.y, width: first.width, height: last.bottom - first.y };
    }"""
    clip: FloatRect = notebook.ask(script)
    return clip


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder, Lab(Path(folder), width=840, scale=2) as lab:
        for theme in get_args(Theme):
            take(lab, theme)
