"""Many rows: one prompt for each item of a column, list or iterator."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator
from operator import length_hint
from typing import Any

from qwen_nb.chat import Chat
from qwen_nb.errors import ConfigError, QwenError, Stopped
from qwen_nb.files import home
from qwen_nb.front_end import FillError, fill
from qwen_nb.rows import kept_answers
from qwen_nb.rows.kept_answers import KeptHere, KeptNowhere
from qwen_nb.rows.mapping import Mapping, OnError, Outcome
from qwen_nb.rows.progress import Progress
from qwen_nb.rows.row_asker import RowAsker
from qwen_nb.rows.rows import Rows
from qwen_nb.texts import text
from qwen_nb.values import Reply

__all__ = ["forget", "map"]


def map(
    items: Iterable[Any],
    prompt: str | Callable[[Any], str],
    *,
    model: str | None = None,
    json: Any = None,
    concurrency: int = 16,
    on_error: OnError = "raise",
    name: str = "map",
    keep: bool = True,
    progress: bool = True,
    chat: Chat | None = None,
    **options: Any,
) -> Rows:
    """Ask one question for each item, several at once, and return the answers in order.

    Each row is a question of its own: nothing of a conversation goes along, and none is
    kept in one. Answers are kept on disk as they come. The same call goes on where an
    earlier one ended, whatever ended it; a row whose prompt, model, options or server has
    changed is asked again, and so are rows that failed. Rows that ask the same are asked
    each for itself.

    A server that throttles slows all rows down together. An interrupt stops: what is
    answered is kept.

    Parameters
    ----------
    items : iterable
        A column, a list, or an iterator, which is read as rows are asked. A DataFrame
        gives its rows as dictionaries.
    prompt : str or callable
        A template: `{item}`, `{item[name]}`, `{item.name}` are filled in, once; braces in
        a value stay, and doubled braces around them stand for themselves. Or a function
        that returns the prompt of an item.
    model : str, optional
        Model id.
    json : type or mapping, optional
        What each answer has to be, as `Chat.ask` takes it; the values are then what was
        validated and no replies.
    concurrency : int
        How many are asked at once.
    on_error : {"raise", "keep"}
        The first error of a row ends the run: no further row is sent, those under way
        end, and it is raised with the row's number. Or it stands in its row's place. What
        holds for every row (a refused key, a budget, a server that throttles until the
        tries are used up) ends the run either way.
    name : str
        Under which the answers are kept and the calls are booked. Another name asks anew.
    keep : bool
        False keeps nothing on disk and takes nothing from there.
    progress : bool
        Show a bar with the running cost where somebody watches, and a line at the end.
    chat : Chat, optional
        Whose options and settings hold; the one of the magics unless given.
    **options
        As `Chat.ask` takes them: thinking, system, temperature, max_tokens, params, …
        Also `tools`: functions run one at a time, apart from the notebook's own thread;
        async ones of all rows together.

    Returns
    -------
    Rows
        A list of `Reply`, or of validated values; see there.

    Raises
    ------
    ConfigError
        When nothing was sent.
    QwenError
        What ended the run; `error.rows` holds what there is, `error.facts["row"]` the row.
    Stopped
        When the person interrupted; `stopped.rows` holds what there is.

    Examples
    --------
    >>> rows = map(reviews, "Is this review friendly? {item}")  # doctest: +SKIP
    >>> [row.answer for row in rows], rows.cost  # doctest: +SKIP
    """
    chat = Chat.current() if chat is None else chat
    try:
        _checked(items, concurrency, on_error)
        prompt_of = _prompts(prompt)
        if json is not None:
            options["json"] = json
        asker = RowAsker(chat, name, {"model": model, **options})
        bar = Progress(progress, length_hint(items) or None, asker.spent)
        kept: KeptHere | KeptNowhere = KeptNowhere()
        if keep:
            kept = KeptHere(asker.home, name, asker.digest_of(), asker.fits, chat.language)
        run = Mapping(
            _rows_of(items),
            prompt_of,
            asker.answer,
            kept,
            concurrency=concurrency,
            on_error=on_error,
            show=lambda done, failed: bar.show(done, failed, slowed=asker.is_slowed),
        )
        try:
            with asker:
                outcome = run.run()
        finally:
            notes = kept.close()
            bar.close()
        if outcome.stopped or outcome.ended_by is not None:
            outcome.replies += [None] * (_length(items) - len(outcome.replies))
        rows = _rows(outcome, notes, asker)
        bar.say(rows.summary(), *notes)
    except QwenError as error:
        error.language = chat.language
        raise
    return _ended(rows, outcome, keep=keep, chat=chat)


def forget(name: str | None = None) -> int:
    """Throw away the kept answers of the maps of one name, or all of them.

    Returns
    -------
    int
        How many there were.

    Raises
    ------
    StoreError
        When the file cannot be written.
    """
    return kept_answers.forget(home(os.environ), name)


def _rows(outcome: Outcome, notes: tuple[str, ...], asker: RowAsker) -> Rows:
    values = [
        outcome.errors.get(number, reply and asker.value_of(reply))
        for number, reply in enumerate(outcome.replies)
    ]
    return Rows(
        values,
        outcome.replies,
        outcome.errors,
        kept=outcome.kept,
        notes=notes,
        ledger=asker.ledger,
        conversation=asker.booked_as,
        language=asker.language,
    )


def _ended(rows: Rows, outcome: Outcome, *, keep: bool, chat: Chat) -> Rows:
    """Return the rows, or raise what ended them with them."""
    language, error = chat.language, outcome.ended_by
    if outcome.stopped:
        stopped = Stopped(text("map.stopped", language), Reply())
        stopped.rows = rows
        raise stopped from error
    if error is None:
        return rows
    for number, each in rows.errors.items():
        if each is error:
            error.add_note(text("map.row", language, row=number))
    if keep and rows.answered and not rows.notes:
        error.add_note(text("map.goes_on", language, answered=rows.answered))
    if isinstance(error, QwenError):
        error.rows, error.language = rows, language
    raise error


# -- items and prompts -------------------------------------------------------------------------


def _checked(items: Any, concurrency: Any, on_error: Any) -> None:
    if isinstance(items, str | bytes):
        raise ConfigError("error.map_items", kind=type(items).__name__)
    if not isinstance(concurrency, int) or concurrency < 1:
        raise ConfigError("error.map_concurrency", value=concurrency)
    if on_error not in ("raise", "keep"):
        raise ConfigError("error.map_on_error", value=on_error)


def _length(items: Any) -> int:
    """Return how many items there are, as far as they say so for certain."""
    try:
        return len(items)
    except TypeError:  # an iterator
        return 0


def _rows_of(items: Any) -> Iterator[Any]:
    if hasattr(items, "columns"):  # a DataFrame would give the names of its columns
        if hasattr(items, "iter_rows"):
            return iter(items.iter_rows(named=True))
        if hasattr(items, "to_dict"):
            return iter(items.to_dict("records"))
    return iter(items)


_NAMES_ITEM = re.compile(r"\{item\b")
_NAMES_ANOTHER = re.compile(r"(?<!\{)\{([^\W\d]\w*(?:[.\[][^{}]*)?)\}(?!\})")


def _prompts(prompt: str | Callable[[Any], str]) -> Callable[[Any], str]:
    """Return what makes an item's prompt."""
    if not isinstance(prompt, str):
        make = prompt

        def made(item: Any) -> str:
            told = make(item)
            if not isinstance(told, str):
                raise ConfigError("error.map_text", kind=type(told).__name__)
            return told

        return made
    template = prompt
    if not _NAMES_ITEM.search(template) and (found := _NAMES_ANOTHER.search(template)):
        # every row would ask the same, and that is hardly meant
        raise ConfigError("error.map_prompt", found=found[1])

    def filled(item: Any) -> str:
        try:
            return fill(template, {"item": item}, everywhere=True)[0]
        except FillError as error:
            raise ConfigError(
                "error.map_fill", expression=error.expression, reason=error.reason
            ) from error.__cause__

    return filled
