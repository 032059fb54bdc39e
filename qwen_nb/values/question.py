"""What is asked, and what asking it would send."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Self, TypedDict, Unpack

from qwen_nb.values.options import ChatOptions
from qwen_nb.values.reply import Reply
from qwen_nb.values.turn import Turn
from qwen_nb.values.usage import Bound


class OptionFields(TypedDict, total=False):
    """Options of a question but the model, as keyword arguments; see `options_of`."""

    thinking: bool | int | None
    preserve_thinking: bool | None
    system: str | None
    temperature: float | None
    max_tokens: int | None
    params: Mapping[str, Any]
    json: Any
    tools: Iterable[Any] | Callable[..., Any] | None
    confirm: bool | None
    max_rounds: int | None


def options_of(
    model: str | None = None,
    *,
    preserve_thinking: bool | None = None,
    params: Mapping[str, Any] | None = None,
    json: object = None,
    tools: object = None,
    confirm: object = None,
    max_rounds: object = None,
    **options: Any,
) -> ChatOptions:
    """Return the options that keyword arguments name.

    Parameters
    ----------
    model : str, optional
        Model id.
    preserve_thinking : bool, optional
        Earlier thinking goes back to the model (docs/protocol.md §2.2). It is a request field
        as any other, so it is kept among `params`; one that stands there already wins.
    params : mapping, optional
        Other request fields.
    json, tools, confirm, max_rounds
        Are no options of the request: see `Question`, which keeps them.
    **options
        The other fields of `ChatOptions`.
    """
    given = dict(params or {})
    if preserve_thinking is not None:
        given = {"preserve_thinking": preserve_thinking, **given}
    return ChatOptions(model=model, params=given, **options)


class AskFields(OptionFields, total=False):
    """The keyword arguments of a question: all options, and how it is asked."""

    model: str | None
    new: bool
    once: bool
    hide_thinking: bool
    quiet: bool
    server: str | None
    dialect: str | None
    force: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A prompt and everything that goes with asking it.

    Parameters
    ----------
    prompt : str
        Sent as it is.
    options : ChatOptions
        Options of this call.
    new : bool
        The conversation starts anew at this turn.
    once : bool
        No history in, none out.
    hide_thinking, quiet : bool
        Keep the thinking, or everything, out of sight.
    as_text : bool
        Show the answer character by character, not as the Markdown it is written in.
    owns_cell : bool
        Nothing else writes into the cell, so its output may be replaced as a whole.
    notes : tuple of str
        Remarks to show with the answer.
    server, dialect : str, optional
        Another server or protocol for this call.
    force : bool
        Send it although a check of ours says it will be refused.
    again : str, optional
        The id of the version of a turn of which this is another.
    chat : str, optional
        Another conversation of this notebook for this call.
    continues : Reply, optional
        What the reply begins with; only the rest is asked for.
    json : object, optional
        What the answer has to be: True for any JSON, a type of the person's (pydantic
        model, dataclass, TypedDict, enum, `list[Model]`), or a JSON schema; None: what the
        chat says, False: nothing.
    tools : iterable, optional
        Functions that the model may call, or schemas; none given: those of the chat.
    confirm : bool, optional
        Ask the person before a tool runs.
    max_rounds : int, optional
        How many rounds of calls there may be.
    begun : Turn, optional
        The turn of which the rounds of tools are done; it goes on after them.
    """

    prompt: str
    options: ChatOptions = field(default_factory=ChatOptions)
    new: bool = False
    once: bool = False
    hide_thinking: bool = False
    quiet: bool = False
    as_text: bool = False
    owns_cell: bool = False
    notes: tuple[str, ...] = ()
    server: str | None = None
    dialect: str | None = None
    force: bool = False
    again: str | None = None
    chat: str | None = None
    continues: Reply | None = None
    json: Any = None
    tools: Any = None
    confirm: bool | None = None
    max_rounds: int | None = None
    begun: Turn | None = None

    @classmethod
    def of(cls, prompt: str, **how: Unpack[AskFields]) -> Self:
        """Return the question that these keyword arguments ask."""
        ways = {name: how[name] for name in _WAYS if name in how}  # type: ignore[literal-required]
        given = {name: value for name, value in how.items() if name not in _WAYS}
        return cls(prompt=prompt, options=options_of(**given), **ways)  # type: ignore[arg-type]


_WAYS = frozenset(
    (
        *("new", "once", "hide_thinking", "quiet", "server", "dialect", "force"),
        *("json", "tools", "confirm", "max_rounds"),
    )
)
"""What of these is the question's own, and no option of the request."""


@dataclass(frozen=True, slots=True)
class Preview:
    """What a question would send; nothing was sent.

    Parameters
    ----------
    server, region, model : str
        Who would be asked, where its price is looked up, and which model.
    scripted : bool
        It would be the emulator.
    path : str
        Path of the call.
    body : mapping
        The JSON body.
    turns_sent, turns_left_out : int
        How many earlier turns go along, and how many do not.
    tokens : int
        Estimated input tokens.
    bound : Bound
        What it can take at most.
    notes : tuple of str
        What there is to say about it.
    """

    server: str
    region: str
    model: str
    scripted: bool
    path: str
    body: Mapping[str, Any]
    turns_sent: int
    turns_left_out: int
    tokens: int
    bound: Bound
    notes: tuple[str, ...] = ()
