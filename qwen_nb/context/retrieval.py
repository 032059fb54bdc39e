"""The rounds most similar to a question, found by the distance of their embeddings.

Each round is embedded once, by the service, and kept; at a question only the question is
embedded. The distances are computed by sqlite-vec, an extra of this package.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from qwen_nb.context.summary import transcript
from qwen_nb.conversation import Round
from qwen_nb.errors import ConfigError
from qwen_nb.texts import Language, text

if TYPE_CHECKING:
    import sqlite3

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


class Vectors:
    """The embeddings that were made so far, by model and content.

    Parameters
    ----------
    path : Path, optional
        A SQLite file, where they outlive the session; a table of their own, so that it
        may be one that has others.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._known: dict[tuple[str, str], bytes] = {}

    def get(self, model: str, digests: Iterable[str]) -> dict[str, bytes]:
        """Return the vectors that are there, by digest."""
        wanted = set(digests)
        found = {
            digest: self._known[model, digest]
            for digest in wanted
            if (model, digest) in self._known
        }
        missing = wanted - found.keys()
        if self._path is not None and missing and self._path.is_file():
            with closing(self._open()) as store:
                for digest in missing:
                    row = store.execute(
                        "SELECT vector FROM embedding WHERE model = ? AND digest = ?",
                        (model, digest),
                    ).fetchone()
                    if row is not None:
                        found[digest] = self._known[model, digest] = row[0]
        return found

    def put(self, model: str, vectors: Mapping[str, bytes]) -> None:
        """Keep vectors, by digest."""
        self._known |= {(model, digest): vector for digest, vector in vectors.items()}
        if self._path is not None and vectors:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            rows = [(model, digest, vector) for digest, vector in vectors.items()]
            with closing(self._open()) as store:
                store.execute("BEGIN IMMEDIATE")
                store.executemany("INSERT OR REPLACE INTO embedding VALUES (?, ?, ?)", rows)
                store.execute("COMMIT")

    def _open(self) -> sqlite3.Connection:
        assert self._path is not None
        import sqlite3

        store = sqlite3.connect(self._path, timeout=10, isolation_level=None)
        store.execute(
            "CREATE TABLE IF NOT EXISTS embedding (model TEXT, digest TEXT, vector BLOB, "
            "PRIMARY KEY (model, digest))"
        )
        return store


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
        When the extra `retrieval` is not installed.
    """
    search = _search()
    try:
        known = vectors.get(model, (digest for digest, _ in need.texts))
        new = {digest: told for digest, told in need.texts if digest not in known}
        made = [_packed(vector) for vector in embed((*new.values(), need.question))]
        if len(made) != len(new) + 1:
            raise ConfigError("error.embeddings", model=model)
        *made, asked = made
        fresh = dict(zip(new, made, strict=True))
        vectors.put(model, fresh)
        known |= fresh
        at = {}
        for number, (digest, _) in enumerate(need.texts):
            vector = known[digest]
            if len(vector) == len(asked):  # a model may have changed its dimensions
                row = next(search.execute("SELECT vec_distance_cosine(?, ?)", (vector, asked)))
                if row[0] is not None:  # a vector of zeros is near nothing
                    at[number] = row[0]
    finally:
        search.close()
    # of equally near ones the later, which knows more of the conversation
    order = sorted(at, key=lambda number: (at[number], -number))
    return tuple(need.ids[number] for number in order[: need.k])


def _packed(vector: Sequence[float]) -> bytes:
    return array("f", vector).tobytes()


def _search() -> Any:
    # not the standard library's sqlite3: many builds of Python cannot load extensions
    try:
        import apsw
        import sqlite_vec
    except ImportError:
        raise ConfigError("error.no_retrieval") from None
    search = apsw.Connection(":memory:")
    search.enable_load_extension(True)
    search.load_extension(sqlite_vec.loadable_path())
    return search
