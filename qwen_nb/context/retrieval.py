"""The rounds most similar to a question, found by the distance of their embeddings.

Each round is embedded once, by the service, and kept; at a question only the question is
embedded. The vectors are compared here: 300 of 1,024 figures take some 20 ms.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import mul
from typing import Protocol, TypeAlias

from qwen_nb.context.summary import transcript
from qwen_nb.conversation import Round
from qwen_nb.errors import ConfigError
from qwen_nb.texts import Language, text

EMBEDDING_MODEL = "text-embedding-v4"

_MOST_CHARACTERS = 12_000
"""An embedding reads 8 192 tokens (docs/protocol.md §7.10); Chinese has the longest ones."""

Embed: TypeAlias = Callable[[Sequence[str]], Sequence[Sequence[float]]]
"""Returns one vector for each text; who gives it counts and records the calls."""


@dataclass(frozen=True, slots=True)
class RetrievalNeed:
    """The similar rounds that are wanted before the question can be asked.

    Parameters
    ----------
    question : str
        What they are to be similar to.
    texts : tuple of pairs
        The digest and the text of each round, in order.
    ids : tuple of str
        Their ids.
    k : int
        How many.
    """

    question: str
    texts: tuple[tuple[str, str], ...]
    ids: tuple[str, ...]
    k: int


def retrieval_need(
    rounds: Sequence[Round], question: str, k: int, language: Language
) -> RetrievalNeed:
    """Return what is to be looked for."""
    texts = tuple(
        (
            round_.digest.hex(),
            transcript(round_, language, soft_switch=False)[:_MOST_CHARACTERS],
        )
        for round_ in rounds
    )
    ids = tuple(round_.id for round_ in rounds)
    return RetrievalNeed(question[:_MOST_CHARACTERS], texts, ids, k)


def quoted(rounds: Mapping[int, Round], language: Language, *, soft_switch: bool) -> str:
    """Return rounds, by their numbers, as they are quoted before the question."""
    told = (
        text(
            "context.quote.round",
            language,
            n=number,
            said=transcript(round_, language, soft_switch=soft_switch),
        )
        for number, round_ in sorted(rounds.items())
    )
    return text("context.quote.head", language, rounds="\n\n".join(told))


class Vectors(Protocol):
    """Where embeddings are kept; the store's table is one."""

    def of(self, model: str, digests: Iterable[str], /) -> Mapping[str, Sequence[float]]:
        """Return the vectors of a model that are there, by digest."""

    def put(self, model: str, vectors: Mapping[tuple[str, str], Sequence[float]], /) -> object:
        """Keep vectors, by the id of the round and the digest of what was embedded."""


class InMemory:
    """Keeps the embeddings of a conversation without a store, as long as that lives."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], Sequence[float]] = {}

    def of(self, model: str, digests: Iterable[str]) -> dict[str, Sequence[float]]:
        """See `Vectors`."""
        wanted = ((digest, self._known.get((model, digest))) for digest in digests)
        return {digest: vector for digest, vector in wanted if vector is not None}

    def put(self, model: str, vectors: Mapping[tuple[str, str], Sequence[float]]) -> None:
        """See `Vectors`."""
        for (_, digest), vector in vectors.items():
            self._known[model, digest] = array("f", vector)


def nearest(
    need: RetrievalNeed, embed: Embed, vectors: Vectors, model: str = EMBEDDING_MODEL
) -> tuple[str, ...]:
    """Return the ids of the rounds most similar to the question, the nearest first.

    Parameters
    ----------
    need : RetrievalNeed
        What is looked for.
    embed : callable
        Makes vectors of texts; called once for the rounds that are new, with the
        question as its last text.
    vectors : Vectors
        What was embedded before; what is new is put there.
    model : str
        Whose vectors they are.

    Raises
    ------
    ConfigError
        When the model gave another number of vectors than texts.
    """
    known = dict(vectors.of(model, [digest for digest, _ in need.texts]))
    new = {
        digest: (id_, told)
        for id_, (digest, told) in zip(need.ids, need.texts, strict=True)
        if digest not in known
    }
    made = embed((*(told for _, told in new.values()), need.question))
    if len(made) != len(new) + 1:
        raise ConfigError("error.embeddings", model=model)
    *fresh, asked = made
    known |= zip(new, fresh, strict=True)
    ids = ((id_, digest) for digest, (id_, _) in new.items())
    if new:
        vectors.put(model, dict(zip(ids, fresh, strict=True)))
    close = {
        number: closeness
        for number, (digest, _) in enumerate(need.texts)
        if (closeness := _cosine(known[digest], asked)) is not None
    }
    # of equally near ones the later, which knows more of the conversation
    order = sorted(close, key=lambda number: (close[number], number), reverse=True)
    return tuple(need.ids[number] for number in order[: need.k])


def _cosine(one: Sequence[float], other: Sequence[float]) -> float | None:
    """Return the cosine of the angle between two vectors, from -1 to 1.

    None where there is none: a vector of zeros is near nothing, and a model that has
    changed its dimensions gave vectors that cannot be compared.
    """
    if len(one) != len(other):
        return None
    lengths = math.sqrt(_product(one, one) * _product(other, other))
    return _product(one, other) / lengths if lengths else None


def _product(one: Sequence[float], other: Sequence[float]) -> float:
    product: float = sum(map(mul, one, other))
    return product
