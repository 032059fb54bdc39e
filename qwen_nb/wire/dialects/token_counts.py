"""The token counts of a `usage` object, of whichever server (docs/protocol.md §4.2, §8).

Each server has its own spelling, and some have two at once; a figure under either is taken.
Missing, null, negative, a truth value, a text: no figure. Nor is a zero that only fills a
form: no request is without input, so an input of zero means that the server did not count,
and an output of zero counts only beside an input.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from qwen_nb.values import Usage

_MOST = 2**53
"""JSON has no greater whole numbers that every reader agrees on."""

_PLAIN = frozenset(
    (
        "completion_tokens",
        "input_tokens",
        "output_tokens",
        "prompt_tokens",
        "total_tokens",
    )
)

_COMMON = (
    _PLAIN | {f"{name}_details" for name in _PLAIN} | {"cached_tokens", "reasoning_tokens"}
)

_MODALITIES = {
    "text": "text_tokens",
    "image": "image_tokens",
    "audio": "audio_tokens",
    "video": "video_tokens",
}

_BESIDE = {kind: name for kind, name in _MODALITIES.items() if kind != "text"}
"""Older native replies have these counts beside the sums; they are input."""


def count(value: Any) -> int | None:
    """Return a token count; None for anything that is none."""
    # not isinstance: True and False are ints in Python, and no counts
    return value if type(value) is int and 0 <= value < _MOST else None


def usage_from(told: Mapping[str, Any], search: Any = None) -> Usage:
    """Return the token counts of a `usage` object; what it lacks is None.

    Parameters
    ----------
    told : mapping
        The server's object, of either protocol (docs/protocol.md §4.2, the table of usage
        fields).
    search : mapping, optional
        The web search's sources; they stand in `Usage.raw` as `search_info`.
    """
    counts = _counts(told)
    raw = {**told, "search_info": search} if search else told
    if _PLAIN.issuperset(told):  # most servers that send usage with every frame
        return Usage(*counts, raw=raw)
    asked = _details(told, "prompt_tokens_details", "input_tokens_details")
    made = _details(told, "completion_tokens_details", "output_tokens_details")
    thinking = count(made.get("reasoning_tokens"))
    if thinking is None and "reasoning_tokens" in told:
        # SGLang puts it here, and puts zero where it did not count
        thinking = count(told["reasoning_tokens"]) or None
    cached = count(asked.get("cached_tokens"))
    if cached is None:
        # as Moonshot and DeepSeek spell it
        cached = _first(told, "cached_tokens", "prompt_cache_hit_tokens")
    # where input or output was not counted, a zero of its part was not counted either
    if counts[0] is None:
        cached = cached or None
    if counts[1] is None:
        thinking = thinking or None
    if _COMMON.issuperset(asked) and _COMMON.issuperset(made) and _COMMON.issuperset(told):
        return Usage(*counts, thinking, cached, raw=raw)
    created = _created(asked)
    return Usage(
        *counts,
        thinking,
        cached,
        created or None if counts[0] is None else created,
        _parts(told, _BESIDE) | _parts(asked, _MODALITIES),
        _parts(made, _MODALITIES),
        raw=raw,
    )


def _counts(told: Mapping[str, Any]) -> tuple[int | None, int | None, int | None]:
    input_tokens = _first(told, "prompt_tokens", "input_tokens")
    output_tokens = _first(told, "completion_tokens", "output_tokens")
    total = count(told.get("total_tokens"))
    if input_tokens:
        return input_tokens, output_tokens, total
    # a total that was added up from an input of zero is no total
    return None, output_tokens or None, total if input_tokens is None and total else None


def _first(told: Mapping[str, Any], name: str, other: str) -> int | None:
    figure = told.get(name)
    return count(told.get(other) if figure is None else figure)


def _details(told: Mapping[str, Any], name: str, other: str) -> Mapping[str, Any]:
    first, second = told.get(name), told.get(other)
    if second is None:
        return first if isinstance(first, dict) else {}
    if not isinstance(first, dict):
        return second if isinstance(second, dict) else {}
    if not isinstance(second, dict):
        return first
    return {**second, **{key: value for key, value in first.items() if value is not None}}


def _created(asked: Mapping[str, Any]) -> int | None:
    created = count(asked.get("cache_creation_input_tokens"))
    if created is None and "cache_creation" in asked:
        creation = asked["cache_creation"]
        if isinstance(creation, dict):
            created = count(creation.get("ephemeral_5m_input_tokens"))
    return created


def _parts(told: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, int]:
    # a kind (text, image, …) with zero tokens is left out
    return {kind: tokens for kind, name in names.items() if (tokens := count(told.get(name)))}
