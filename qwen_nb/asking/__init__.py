"""One question on its way: made ready, sent, shown, kept and booked."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from qwen_nb.asking.again import asked_again, gone_on, with_results
    from qwen_nb.asking.asking import Asking
    from qwen_nb.asking.code import FORMS, last_request
    from qwen_nb.asking.doctor import report
    from qwen_nb.asking.drivers import in_background, iterate, wait, wait_async
    from qwen_nb.asking.job import JOBS, Job
    from qwen_nb.asking.kept import MAIN, Kept, conversation_named
    from qwen_nb.asking.line import Line
    from qwen_nb.asking.markdown_page import transcript
    from qwen_nb.asking.notebook import Notebook
    from qwen_nb.asking.preparing import confirms, equipped, is_form, prepare, preview
    from qwen_nb.asking.readers import SharedReaders
    from qwen_nb.asking.request import checked
    from qwen_nb.asking.screen import Screen
    from qwen_nb.asking.session import CHATS, TRIES, Asks, Session, current_session
    from qwen_nb.asking.spending import UsageTable, usage_table

_NAMES = {
    "again": "asked_again gone_on with_results",
    "asking": "Asking",
    "code": "FORMS last_request",
    "doctor": "report",
    "drivers": "in_background iterate wait wait_async",
    "job": "JOBS Job",
    "kept": "Kept MAIN conversation_named",
    "line": "Line",
    "markdown_page": "transcript",
    "notebook": "Notebook",
    "preparing": "confirms equipped is_form prepare preview",
    "readers": "SharedReaders",
    "request": "checked",
    "screen": "Screen",
    "session": "Asks CHATS Session TRIES current_session",
    "spending": "UsageTable usage_table",
}
"""What other rooms may use, by the file where it lives."""

_HOMES = {name: file for file, names in _NAMES.items() for name in names.split()}

__all__ = [*_HOMES]


if not TYPE_CHECKING:  # or no name would be unknown to a type checker

    def __getattr__(name: str) -> Any:
        """Fetch a name when it is first used: a load imports what it needs and no more."""
        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
