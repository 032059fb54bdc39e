"""The widget behind the live card; imported when the first card opens, not before."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import anywidget
import traitlets

__all__ = ["VIEW", "Card"]

VIEW = "application/vnd.jupyter.widget-view+json"
_HERE = Path(__file__).parent


class Card(anywidget.AnyWidget):
    """What is known before the reply; the reply itself comes as messages."""

    _esm = _HERE / "card.mjs"
    _css = _HERE / "card.css"

    model = traitlets.Unicode().tag(sync=True)
    server = traitlets.Unicode().tag(sync=True)
    notes = traitlets.List(traitlets.Unicode()).tag(sync=True)
    words = traitlets.Dict().tag(sync=True)

    def __repr__(self) -> str:
        return "<qwen_nb card>"

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        # The view and nothing else: a text form would be compared under nbval, and a
        # bundle that holds a dead view hides every other form in it.
        return self.view(), {}

    def view(self) -> dict[str, Any]:
        """Return the output that shows the card."""
        return {VIEW: {"version_major": 2, "version_minor": 1, "model_id": self.model_id}}
