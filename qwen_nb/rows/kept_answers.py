"""Answers of rows, kept between calls of `map`; what goes wrong there is told once."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from qwen_nb.errors import StoreError
from qwen_nb.files import HomeFile
from qwen_nb.settings import shown_path
from qwen_nb.texts import Language, text
from qwen_nb.values import Reply

if TYPE_CHECKING:
    from qwen_nb.store import AnswerKey, Answers

__all__ = ["KeptHere", "KeptNowhere", "forget"]


class KeptNowhere:
    """Keeps nothing."""

    def find(self, prompt: str, n: int) -> Reply | None:
        """Return nothing."""
        return None

    def put(self, answers: list[tuple[str, int, Reply]]) -> None:
        """Keep nothing."""

    def close(self) -> tuple[str, ...]:
        """Return no remarks."""
        return ()


class KeptHere:
    """Keeps answers in the file of answers; where that fails, says so once at the end.

    Parameters
    ----------
    folder : Path
        Of the user's own files.
    name : str
        The map's name.
    digest : callable
        Makes the digest of a prompt, and of everything that goes with it.
    fits : callable
        Whether an answer is still what is asked for.
    language : {"en", "zh"}
        Language of the remark.
    """

    def __init__(
        self,
        folder: Path,
        name: str,
        digest: Callable[[str], str],
        fits: Callable[[Reply], bool],
        language: Language,
    ) -> None:
        # Here and not at the top: who maps nothing needs no database.
        from qwen_nb.store import Answers

        self._path = folder / HomeFile.ANSWERS
        self._name, self._digest, self._fits, self._language = name, digest, fits, language
        self._answers: Answers | None = None
        self._problem: StoreError | None = None
        try:
            self._answers = Answers(self._path)
        except StoreError as error:
            self._problem = error

    def find(self, prompt: str, n: int) -> Reply | None:
        """Return what the n-th row with this prompt was answered before."""
        if self._answers is not None:
            try:
                found = self._answers.find(self._key(prompt, n))
                return found if found is not None and self._fits(found) else None
            except StoreError as error:
                self._give_up(error)
        return None

    def put(self, answers: list[tuple[str, int, Reply]]) -> None:
        """Keep answers of prompts, each with its n."""
        if self._answers is not None:
            try:
                self._answers.put([(self._key(p, n), reply) for p, n, reply in answers])
            except StoreError as error:
                self._give_up(error)

    def close(self) -> tuple[str, ...]:
        """Close the file; return why not everything is in it, if so."""
        answers, self._answers = self._answers, None
        if answers is not None:
            try:
                answers.close()
            except StoreError as error:
                self._problem = error
        if self._problem is None:
            return ()
        language = self._language
        reason = self._problem.facts.get("reason") or text("map.not_ours", language)
        path = shown_path(self._path)
        return (text("map.not_kept", language, path=path, reason=reason),)

    def _key(self, prompt: str, n: int) -> AnswerKey:
        from qwen_nb.store import AnswerKey

        return AnswerKey(self._name, self._digest(prompt), n)

    def _give_up(self, error: StoreError) -> None:
        self._problem = self._problem or error
        answers, self._answers = self._answers, None
        if answers is not None:
            with suppress(StoreError):
                answers.close()


def forget(folder: Path, name: str | None = None) -> int:
    """Throw away the kept answers of one name, or all; see `qwen_nb.batch.forget`."""
    from qwen_nb.store import Answers

    path = folder / HomeFile.ANSWERS
    if not path.exists():
        return 0
    answers = Answers(path)
    try:
        return answers.forget(name)
    finally:
        answers.close()
