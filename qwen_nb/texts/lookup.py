"""Every text a person reads, in English and in Chinese.

One entry for each text: its id, then the English and the Chinese form, as format
strings over the same names. The Chinese terms are those of Model Studio's own guide
(思考过程, 完整回复, 思考模式, 业务空间, 地域). What is saved in a notebook follows the
notebook's language, which is English unless changed; a shell follows the machine's.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any, Literal, TypeAlias

Language: TypeAlias = Literal["en", "zh"]

_FILES = (
    "budget", "calls", "cassettes", "commands", "context", "conversations", "errors", "faq",
    "forget", "models", "panel", "places", "prices", "reply", "rows", "structured", "tools", "usage",
    "usage_commands", "wire",
)  # fmt: skip

TEXTS: dict[str, tuple[str, str]] = {
    key: forms
    for file in _FILES
    for key, forms in import_module(f"{__package__}.{file}").TEXTS.items()
}


def text(key: str, language: Language = "en", /, **values: Any) -> str:
    """Return one text, filled in.

    Parameters
    ----------
    key : str
        Id of the text.
    language : {"en", "zh"}
        Which form.
    **values
        The values its names stand for.

    Raises
    ------
    KeyError
        For an id that does not exist, or a missing value.
    """
    return TEXTS[key][language == "zh"].format(**values)


def machine_language(environ: Mapping[str, str]) -> Language:
    """Return the language a shell on this machine speaks, from its locale variables."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if value := environ.get(name):
            return "zh" if value.lower().startswith("zh") else "en"
    return "en"
