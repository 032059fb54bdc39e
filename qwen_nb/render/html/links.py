"""Which addresses of an answer may be followed, and what a reader is told of them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from qwen_nb.texts import Language, text, visible

_INLINE_IMAGE = re.compile(r"data:image/(?:png|jpeg|gif|webp);base64,[A-Za-z0-9+/]+={0,2}")
# Any other sign makes readers disagree on where the address leads: JupyterLab turns
# `http://%5B` into a path on the notebook's own server.
_HOST = re.compile(r"[\w.-]+|[0-9a-f:.]+")
_MAX_SHOWN = 80


@dataclass(frozen=True, slots=True)
class Link:
    """Where a link leads.

    Parameters
    ----------
    href : str or None
        The address to follow; None when it must not be followed.
    place : str
        What to show of it: the host, or the beginning of an address that is no link.
    """

    href: str | None
    place: str

    def is_told_by(self, label: str) -> bool:
        """Tell whether a label already says where the link leads."""
        if self.href is None:
            return label == self.place
        label, href = unquote(label).strip().rstrip("/"), unquote(self.href).rstrip("/")
        return label in (href, href.partition("://")[2], href.removeprefix("mailto:"))


def link_to(url: str) -> Link:
    """Judge an address: only http, https and mailto are links."""
    shown = visible(url)
    shown = shown if len(shown) <= _MAX_SHOWN else shown[:_MAX_SHOWN] + "…"
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return Link(None, shown)
    if parts.scheme in ("http", "https") and _HOST.fullmatch(host):
        return Link(url, host)
    if parts.scheme == "mailto" and parts.path:
        return Link(url, unquote(parts.path))
    return Link(None, shown)


def image_words(alt: str, language: Language) -> str:
    """Return what stands for an image that is not shown."""
    if alt.strip():
        return text("reply.image", language, alt=alt)
    return text("reply.image_bare", language)


def is_inline_image(url: str) -> bool:
    """Tell whether an image carries its own bytes, so that showing it asks nobody."""
    return _INLINE_IMAGE.fullmatch(url) is not None
