"""The plain values of a conversation, and the builder that folds events into a reply.

Values are frozen and compare by content; where they are kept, drawn or sent is the
business of other rooms. `None` always means "not known" or "not given", never zero.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal, Protocol, TypeAlias, assert_never

from qwen_nb.values.code_blocks import CodeBlock, code_blocks
from qwen_nb.values.events import (
    AnswerDelta,
    Event,
    Finished,
    Retrying,
    Started,
    ThinkingDelta,
    ToolArgumentsDelta,
    ToolCallStarted,
    ToolResult,
    UsageReport,
)
from qwen_nb.values.json_text import fenced_json
from qwen_nb.values.tables import frame_of
from qwen_nb.values.usage import Cost, Usage

__all__ = [
    "Asking",
    "CallRecord",
    "ChatOptions",
    "ChatRequest",
    "Content",
    "Display",
    "FinishReason",
    "Frame",
    "Message",
    "Note",
    "Reply",
    "ReplyBuilder",
    "Role",
    "Server",
    "State",
    "Timing",
    "ToolCall",
    "Turn",
    "estimate_tokens",
]

Role: TypeAlias = Literal["system", "user", "assistant", "tool"]

Content: TypeAlias = str | tuple[Mapping[str, Any], ...] | None
"""A text, or the API's own list of parts (text, image, …), or nothing."""

FinishReason: TypeAlias = Literal[
    "stop", "length", "tool_calls", "stopped", "cut", "failed", "blocked"
]
"""Why a reply ended: `stop`, `length` and `tool_calls` are the server's words
(protocol.md §4.5); `stopped` = by the person, `cut` = the stream broke off,
`failed` = no reply at all, `blocked` = refused by moderation."""

State: TypeAlias = Literal[
    "waiting",
    "retrying",
    "thinking",
    "calling",
    "answering",
    "done",
    "stopped",
    "cut",
    "failed",
]
"""What is going on; `calling` while tools of the person run."""


@dataclass(frozen=True, slots=True)
class ToolCall:
    """One call of a tool, as the model wrote it.

    `arguments` is the JSON text exactly as it came: empty where a tool takes none, and
    possibly cut off in a reply that ended at its length (protocol.md §4.4).
    """

    id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class CallRecord:
    """A call that was run, or was to be run, and what the model was told of it.

    Parameters
    ----------
    name, arguments, id
        As in `ToolCall`.
    result : str
        The text that was sent to the model, also where it tells of an error.
    failed : bool
        The tool raised, or it could not be run: unknown, or arguments that do not fit.
    stopped : bool
        The person stopped it, or it before its turn; the model is told so.
    seconds : float
        How long it ran.
    outputs : tuple of mappings
        What it printed and displayed, as MIME bundles in order; cut where it is long.
    """

    name: str
    arguments: str = ""
    result: str = ""
    failed: bool = False
    stopped: bool = False
    id: str = ""
    seconds: float = field(default=0.0, compare=False)
    outputs: tuple[Mapping[str, Any], ...] = field(default=(), compare=False)


@dataclass(frozen=True, slots=True)
class Message:
    """One entry of the list a model is sent (protocol.md §2.3).

    Parameters
    ----------
    role : str
        Who says it; `tool` is the result of a call.
    content : str or tuple of mappings, optional
        A text, or the API's parts; None where an assistant only calls tools.
    tool_calls : tuple of ToolCall
        What an assistant called.
    tool_call_id : str
        Whose result a tool message is.
    thinking : str
        Thinking that is sent back: inside an unfinished tool round, or with
        preserve_thinking (protocol.md §2.2); else empty.
    partial : bool
        The last message is the beginning of the answer (protocol.md §7.5).
    """

    role: Role
    content: Content = None
    tool_calls: tuple[ToolCall, ...] = ()
    tool_call_id: str = ""
    thinking: str = ""
    partial: bool = False


@dataclass(frozen=True, slots=True)
class Note:
    """A remark before it is put into words: the id of its text, and what that names."""

    key: str
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatOptions:
    """How to ask. `None` means "not given", so it is not sent.

    Parameters
    ----------
    model : str, optional
        Model id.
    thinking : bool or int, optional
        True or False switches thinking; a positive number also switches it on and
        is the budget in tokens (protocol.md §2, `thinking_budget`).
    system : str, optional
        System message of the conversation.
    temperature : float, optional
        Sampling temperature, [0, 2).
    max_tokens : int, optional
        Upper bound of the answer in tokens; it does not limit thinking
        (protocol.md §10.13).
    params : mapping
        Any other request field, sent as it is at the top level of the body.
    """

    model: str | None = None
    thinking: bool | int | None = None
    system: str | None = None
    temperature: float | None = None
    max_tokens: int | None = None
    params: Mapping[str, Any] = field(default_factory=dict)

    def over(self, base: ChatOptions) -> ChatOptions:
        """Return these options, with `base` filling what they leave open."""
        return ChatOptions(
            model=_first(self.model, base.model),
            thinking=_first(self.thinking, base.thinking),
            system=_first(self.system, base.system),
            temperature=_first(self.temperature, base.temperature),
            max_tokens=_first(self.max_tokens, base.max_tokens),
            params={**base.params, **self.params},
        )


def _first(mine: Any, other: Any) -> Any:
    return other if mine is None else mine


@dataclass(frozen=True, slots=True)
class ChatRequest:
    """Everything one call says to a model, before a dialect spells it.

    Parameters
    ----------
    model : str
        Model id.
    messages : tuple of Message
        System message first if there is one, the question last.
    options : ChatOptions
        The other options; its `model` and `system` are already worked in.
    """

    model: str
    messages: tuple[Message, ...]
    options: ChatOptions = field(default_factory=ChatOptions)


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """Where questions go.

    Parameters
    ----------
    name : str
        What a person knows it by; shown, and part of saved outputs, so never a port.
    base_url : str
        Address that ends where the dialect's paths begin; empty for the embedded
        emulator, which has none before it runs.
    key : str, optional
        API key; never shown.
    key_origin : str
        Which setting the key was found in.
    scripted : bool
        True for the embedded emulator.
    model_studio : bool
        True where Model Studio's own switches and defaults hold.
    native_url : str
        Address of the native protocol; empty where it is not spoken.
    region : str
        Where prices are looked up: a region of the price table, else the server's name.
    region_name : str
        The region's own name; empty elsewhere.
    guessed : bool
        Nobody said which region the key belongs to.
    replayed : bool
        What it answers comes from a cassette.
    thinking_style : str
        How it spells the thinking switch: one of `dialects.thinking.STYLES`.
    thinking_budget : bool
        It takes a budget in tokens beside a switch at the top level.
    inline_think : bool
        Its thinking stands inside the answer, between think tags.
    missing_opener : bool
        With `inline_think`: the opening tag may be missing, since the prompt's template
        holds it, so that text shows only once its kind is known.
    """

    name: str
    base_url: str = ""
    key: str | None = field(default=None, repr=False)
    key_origin: str = ""
    scripted: bool = False
    model_studio: bool = False
    native_url: str = ""
    region: str = ""
    region_name: str = ""
    guessed: bool = False
    replayed: bool = False
    thinking_style: str = "top_level"
    thinking_budget: bool = True
    inline_think: bool = False
    missing_opener: bool = False


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds as the asking side measured them; never part of what is compared."""

    first_s: float | None = None
    thinking_s: float | None = None
    total_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What the model answered.

    Parameters
    ----------
    answer, thinking : str
        The texts, exactly as they came.
    tool_calls : tuple of ToolCall
        The tools the model wants called and nobody has run, in the order in which it
        began to call them.
    calls : tuple of CallRecord
        The calls that were run, of all rounds in order.
    answer_from, thinking_from : int
        Where the last round's text begins in `answer` and `thinking`, in characters; what
        stands before was said between calls of tools.
    usage : Usage, optional
        Token counts, of all rounds together; None when the server told none.
    round_usage : tuple of Usage or None
        Those of each round, where there were several; the last tells how long the
        conversation has become.
    cost : Cost, optional
        What it cost by the prices of its day; None where that is not known.
    finish_reason : str
        One of stop, length, tool_calls, stopped, cut, failed, blocked.
    model : str
        The id the server named, else the one that was asked.
    request_id : str
        The server's id for the request, or empty.
    server : str
        Who answered, in words a person knows (a host, or the emulator).
    scripted : bool
        True when the emulator answered: the text is scripted, no model was asked.
    turn : int, optional
        Which turn of its conversation this is, from 1; None outside one.
    turns_sent : int
        How many earlier turns were sent along.
    notes : tuple of str
        Remarks a reader of the answer needs, ready to show.
    thinking_cut : bool
        True where the thinking ended at its budget.
    structured : bool
        The answer is JSON that was asked for in a form.
    draft : str
        What was answered freely before it was brought into that form, if it was.
    data : object
        What the answer says in that form, as a value of the type that was asked for; None
        in a reply that comes from the store, which keeps the text. Not compared.
    timing : Timing
        Measured seconds; ignored when replies are compared.
    """

    answer: str = ""
    thinking: str = ""
    tool_calls: tuple[ToolCall, ...] = ()
    calls: tuple[CallRecord, ...] = ()
    answer_from: int = 0
    thinking_from: int = 0
    usage: Usage | None = None
    round_usage: tuple[Usage | None, ...] = ()
    cost: Cost | None = None
    finish_reason: FinishReason = "stop"
    model: str = ""
    request_id: str = ""
    server: str = ""
    scripted: bool = False
    turn: int | None = None
    turns_sent: int = 0
    notes: tuple[str, ...] = ()
    thinking_cut: bool = False
    structured: bool = False
    draft: str = ""
    data: Any = field(default=None, compare=False, repr=False)
    timing: Timing = field(default=Timing(), compare=False)

    @property
    def code(self) -> list[CodeBlock]:
        """The fenced blocks of code of the answer, in order."""
        return code_blocks(self.answer)

    @property
    def shown(self) -> str:
        """The answer as it is shown, in Markdown: one of a given form stands in a fence."""
        return fenced_json(self.answer) if self.structured else self.answer

    @property
    def table(self) -> Any:
        """The data as a `pandas.DataFrame`: a list of objects is its rows.

        Raises
        ------
        ConfigError
            Where pandas is not installed, or there is no data.
        """
        return frame_of(self.data)

    @property
    def final(self) -> Reply:
        """What the last round brought: its texts, and its usage."""
        if not self.round_usage:
            return self
        return replace(
            self,
            answer=self.answer[self.answer_from :],
            thinking=self.thinking[self.thinking_from :],
            answer_from=0,
            thinking_from=0,
            usage=self.round_usage[-1],
            round_usage=(),
        )


@dataclass(frozen=True, slots=True)
class Turn:
    """One prompt and its reply.

    Parameters
    ----------
    prompt : str
        What was asked.
    reply : Reply
        What was answered.
    options : ChatOptions
        How it was asked.
    starts_anew : bool
        The conversation began again here: earlier turns stay in the list and are not
        sent any more.
    said : tuple of Message
        What was said between prompt and answer: assistant messages with calls of tools,
        each followed by the results, in the API's order.
    """

    prompt: str
    reply: Reply
    options: ChatOptions = field(default_factory=ChatOptions)
    starts_anew: bool = False
    said: tuple[Message, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """What is known when a question is on its way, for a display to show at once."""

    model: str
    server: str
    scripted: bool = False
    turn: int | None = None
    turns_sent: int = 0
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """What is new since the last frame of a growing reply.

    Parameters
    ----------
    state : str
        What is going on now.
    thinking, answer : str
        The text that came since the last frame, often empty.
    thinking_at, answer_at : int
        How many characters (code points) came before that text.
    tokens : int
        Estimated output tokens so far; the server's figure comes only at the end.
    elapsed_s : float
        Seconds since the question was sent.
    retrying : Retrying, optional
        In the state `retrying`: what is waited for.
    calls : tuple of CallRecord
        All calls of this turn that have ended so far.
    calling : tuple of ToolCall
        In the state `calling`: those of this round that have not ended, in order.
    """

    state: State
    thinking: str = ""
    answer: str = ""
    thinking_at: int = 0
    answer_at: int = 0
    tokens: int = 0
    elapsed_s: float = 0.0
    retrying: Retrying | None = None
    calls: tuple[CallRecord, ...] = ()
    calling: tuple[ToolCall, ...] = ()


class Display(Protocol):
    """Something that shows a growing reply.

    Opened by the asking thread; from then on one thread alone calls it, the asking one
    unless the question runs in the background.
    """

    def open(self, asking: Asking, stop: Callable[[], None] | None = None) -> None:
        """Show that a question is on its way.

        Parameters
        ----------
        asking : Asking
            What is known before anything came.
        stop : callable, optional
            What a Stop button does; from any thread, more than once is once.
        """

    def frame(self, frame: Frame) -> None:
        """Show what is new."""

    def close(self, reply: Reply, failure: str = "") -> None:
        """Show the finished, stopped, cut or failed reply for good.

        Parameters
        ----------
        reply : Reply
            The reply as it is kept.
        failure : str
            The message of the error that ended it, for a display that has no cell left to
            show an error in; others leave it to the error itself.
        """

    def settle(self, interrupts: Callable[[], int]) -> int:
        """Wait, once it is closed, for what was pressed and is still under way.

        Parameters
        ----------
        interrupts : callable
            How many have come so far.

        Returns
        -------
        int
            How many of them only repeat what the Stop button had said already.
        """


_BETWEEN = "\n\n"
"""What stands between the texts of two rounds of tools."""


class ReplyBuilder:
    """Folds events into a reply; linear in the number of events.

    One thread adds; another may read `thinking`, `answer` (lists that only grow) and
    call `reply` at any time.
    """

    def __init__(self) -> None:
        self.thinking: list[str] = []
        self.answer: list[str] = []
        self.usage: Usage | None = None
        self.finish_reason: FinishReason | None = None
        self.model = ""
        self.request_id = ""
        self.retrying: Retrying | None = None
        self.thinking_start = self.answer_start = 0  # of the round that comes now
        self._breaks = [False, False]
        self._calls: dict[int, tuple[str, str]] = {}
        self._arguments: dict[int, list[str]] = {}

    def add(self, event: Event) -> None:
        """Take in one event."""
        match event:
            case ThinkingDelta(text):
                if self._breaks[0]:
                    self._breaks[0] = False
                    self.thinking.append(_BETWEEN)
                    self.thinking_start = len(self.thinking)
                self.thinking.append(text)
            case AnswerDelta(text):
                if self._breaks[1]:
                    self._breaks[1] = False
                    self.answer.append(_BETWEEN)
                    self.answer_start = len(self.answer)
                self.answer.append(text)
            case ToolArgumentsDelta(slot, text):
                self._arguments.setdefault(slot, []).append(text)
            case UsageReport(usage):
                self._take(usage)
            case ToolCallStarted(slot, call_id, name):
                self._calls[slot] = call_id, name
            case Finished(reason):
                self.finish_reason = reason
            case Started(model, request_id):
                self.model, self.request_id = model, request_id
                self.retrying = None
            case Retrying():
                self.retrying = event
            case ToolResult():
                pass  # whoever ran it keeps it
            case _:
                assert_never(event)

    def next_round(self) -> None:
        """Let what comes now be a round of its own: calls, usage and end are told anew."""
        self._calls, self._arguments = {}, {}
        self.usage = self.finish_reason = None
        self.thinking_start, self.answer_start = len(self.thinking), len(self.answer)
        self._breaks = [bool(self.thinking), bool(self.answer)]

    def reply(self, finish_reason: FinishReason | None = None, **facts: Any) -> Reply:
        """Return the reply so far.

        Parameters
        ----------
        finish_reason : str, optional
            Why it ended, where the caller knows better than the server.
        **facts
            Further fields of `Reply`; `model` serves where the server named none.
        """
        reply = Reply(
            answer="".join(self.answer),
            thinking="".join(self.thinking),
            tool_calls=self._tool_calls(),
            thinking_from=sum(map(len, self.thinking[: self.thinking_start])),
            answer_from=sum(map(len, self.answer[: self.answer_start])),
            usage=self._usage(),
            finish_reason=finish_reason or self.finish_reason or "cut",
            request_id=self.request_id,
        )
        return replace(reply, **facts | ({"model": self.model} if self.model else {}))

    def _take(self, usage: Usage) -> None:
        # overwritten, never added (protocol.md §10.3)
        if self.usage is not None:
            self.usage = usage.over(self.usage)
        elif usage.tells:
            self.usage = usage

    def _usage(self) -> Usage | None:
        usage = self.usage
        if usage is None:
            return None
        # Some servers fill in a zero for what they did not count: the text says otherwise.
        if usage.thinking == 0 and any(map(str.strip, self.thinking)):
            usage = replace(usage, thinking=None)
        if usage.output == 0 and (self.thinking or self.answer or self._calls):
            usage = replace(usage, output=None, total=None)
        return usage

    def _tool_calls(self) -> tuple[ToolCall, ...]:
        # A copy first: the reading thread may add a call at any time.
        return tuple(
            ToolCall(
                call_id or self._invented(slot), name, "".join(self._arguments.get(slot, ()))
            )
            for slot, (call_id, name) in sorted(self._calls.copy().items())
        )

    def _invented(self, slot: int) -> str:
        # The tool's result must name its call, also where the server named none; the
        # request id keeps the rounds of one conversation apart.
        return "_".join(part for part in ("call", self.request_id, str(slot)) if part)


def estimate_tokens(text: str) -> int:
    """Estimate the tokens of a text, for shows and bounds, never for a bill.

    About four characters a token where letters take one byte, about 1.6 where they
    take three, as Chinese does (protocol.md §6.3). Works on lengths alone, so it costs
    next to nothing on long texts.
    """
    wide = (len(text.encode("utf-8", "surrogatepass")) - len(text)) / 2
    return round(wide / 1.6 + max(len(text) - wide, 0) / 4)
