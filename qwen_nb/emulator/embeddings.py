"""Texts as vectors: `POST /embeddings` of the compatible dialect (docs/protocol.md §7.10).

No model makes them. A vector counts the words and the short pieces of a text, each hashed
to a place, so that texts with much in common are near each other, and the same text always
has the same vector.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any
from zlib import crc32

from qwen_nb.emulator.question import no_model, refuse
from qwen_nb.emulator.rules import object_in
from qwen_nb.emulator.tokens import count

_DIMENSIONS = {
    "text-embedding-v4": (1024, 2048, 1536, 768, 512, 256, 128, 64),
    "text-embedding-v3": (1024, 768, 512, 256, 128, 64),
}
"""What each model offers, its default first."""

_AT_ONCE = 10
_MOST_TOKENS = 8_192

_WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]+|[^\W_]+")
_CJK = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")


def embeddings(raw: bytes) -> dict[str, Any]:
    """Return the answer's body for a request's.

    Raises
    ------
    Refused
        Where the service would answer with an error.
    """
    body = object_in(raw)
    model = body.get("model")
    if model not in _DIMENSIONS:
        raise no_model(model)
    texts = _texts(body.get("input"))
    default, *others = _DIMENSIONS[model]
    dimensions = body.get("dimensions") or default
    if dimensions not in (default, *others):
        allowed = ", ".join(map(str, sorted((default, *others))))
        raise refuse(f"Value error, dimensions {dimensions!r} is not one of {allowed}")
    tokens = sum(map(count, texts))
    return {
        "object": "list",
        "data": [
            {"object": "embedding", "index": at, "embedding": vector(text, dimensions)}
            for at, text in enumerate(texts)
        ],
        "model": model,
        "usage": {"prompt_tokens": tokens, "total_tokens": tokens},
    }


def _texts(given: Any) -> list[str]:
    texts = [given] if isinstance(given, str) else given
    if not isinstance(texts, list) or not texts:
        raise refuse("'input' must be a text or a list of texts")
    if not all(isinstance(text, str) and text for text in texts):
        raise refuse("Value error, contents is neither str nor list of str.")
    if len(texts) > _AT_ONCE:
        raise refuse(
            f"Value error, batch size is invalid, it should not be larger than {_AT_ONCE}."
        )
    if any(count(text) > _MOST_TOKENS for text in texts):
        raise refuse(f"Range of input length should be [1, {_MOST_TOKENS}]")
    return texts


def vector(text: str, dimensions: int) -> list[float]:
    """Return the vector of a text; its length is one."""
    told = [0.0] * dimensions
    for piece, times in Counter(_pieces(text.casefold())).items():
        place = crc32(piece.encode("utf-8", "surrogatepass"))
        # rarely the same place for two; the sign keeps such meetings from adding up
        sign = 1.0 if place & 1 << 31 else -1.0
        told[place % dimensions] += sign * math.sqrt(times)
    length = math.sqrt(sum(value * value for value in told))
    if not length:
        told[0] = length = 1.0
    return [round(value / length, 7) for value in told]


def _pieces(text: str) -> Iterator[str]:
    """Yield words and runs of three letters; of Chinese, single characters and pairs."""
    for word in _WORD.findall(text):
        if _CJK.match(word):
            yield from word
            yield from (word[at : at + 2] for at in range(len(word) - 1))
        else:
            yield f"_{word}_"
            padded = f"_{word}_"
            yield from (padded[at : at + 3] for at in range(len(padded) - 2))
