"""A widget that is shown for a while, and of which nothing stays in the notebook."""

from __future__ import annotations

from collections.abc import Callable
from secrets import token_hex
from typing import Any


def show_for_a_while(widget: Any) -> Callable[[], None]:
    """Show a widget in the cell that runs; return what takes it away again.

    What is left is an output without content: a dead view would show nothing, and a text
    form would be compared under nbval, where nobody watches and no widget is.
    """
    from IPython.display import display, update_display

    view = widget._repr_mimebundle_()
    view.pop("text/plain")
    name = token_hex(8)
    display(view, raw=True, display_id=name)  # type: ignore[no-untyped-call]

    def take_away() -> None:
        update_display({}, raw=True, display_id=name)  # type: ignore[no-untyped-call]
        for each in (*getattr(widget, "children", ()), widget):
            each.close()

    return take_away
