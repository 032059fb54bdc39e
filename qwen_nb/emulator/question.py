"""A request that was understood, and one that was not: values, nothing else."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from qwen_nb.emulator.models import Model

# /think and /no_think, glued to a word or not (docs/protocol.md §6.1)
SOFT_SWITCH = re.compile(r"\s*/(no_)?think(?![\w/])")

Manner: TypeAlias = Literal["compatible", "text", "multimodal"]


class Refused(Exception):
    """The request is answered with an error.

    Parameters
    ----------
    status : int
        HTTP status.
    code : str
        The service's code, in the spelling of the compatible dialect.
    message : str
        What it says in the compatible dialect.
    native : str, optional
        What it says in the native dialect, where that differs.
    native_code, native_status : optional
        The same for code and status.
    """

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        native: str | None = None,
        native_code: str | None = None,
        native_status: int | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.native = native or message
        self.native_code = native_code
        self.native_status = native_status or status


def refuse(message: str, native: str | None = None) -> Refused:
    """Return the usual refusal: a parameter is not as it should be (docs/protocol.md §5.3)."""
    return Refused(400, "invalid_parameter_error", message, native=native)


def no_model(name: Any, **native: Any) -> Refused:
    """Return the refusal of a model that does not exist (docs/protocol.md §5.2)."""
    message = f"The model {name} does not exist or you do not have access to it."
    return Refused(404, "model_not_found", message, **native)


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a tool; `arguments` is JSON text."""

    id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """One message of the conversation, the same whichever dialect it came in.

    Parameters
    ----------
    role, text : str
        Who said what; text parts are joined.
    thinking : str
        `reasoning_content` that was sent along.
    images, others : int
        Attached images, and attachments of other kinds.
    attached : int
        Tokens of what is attached.
    calls : tuple of Call
        The tools an assistant message calls.
    answers : str
        The call a tool message answers, by id.
    partial : bool
        True when the answer is to go on from this text (docs/protocol.md §7.5).
    """

    role: str
    text: str
    thinking: str = ""
    images: int = 0
    others: int = 0
    attached: int = 0
    calls: tuple[Call, ...] = ()
    answers: str = ""
    partial: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A request that has passed the rules.

    Parameters
    ----------
    model : Model
        Who is asked.
    messages : tuple of Said
        The whole conversation.
    thinking : bool
        Whether the model thinks this time.
    silenced : bool
        True when it would have thought but for `/no_think`: its empty thinking block
        still costs tokens (docs/protocol.md §4.2).
    budget : int, optional
        Tokens of thinking at most.
    max_tokens : int, optional
        Tokens of the answer at most; thinking does not count (docs/protocol.md §2).
    stream, include_usage : bool
        How it is to be answered.
    manner : str
        The dialect, and in the native one the route.
    incremental, message_format : bool
        Native only: pieces instead of the whole text so far, messages instead of text.
    tools : mapping
        The tools offered, as sent, by name.
    tool_choice : str
        `auto`, `none`, `required`, or the name of the tool that must be called.
    parallel_calls : bool
        Whether several calls may be made at once.
    json_schema : mapping, optional
        The schema of the answer where it is to be JSON; empty if any object will do.
    preserved : bool
        Whether thinking in the history is read and paid for (docs/protocol.md §2.2).
    """

    model: Model
    messages: tuple[Said, ...]
    thinking: bool
    silenced: bool
    budget: int | None
    max_tokens: int | None
    stream: bool
    include_usage: bool
    manner: Manner
    incremental: bool
    message_format: bool
    tools: Mapping[str, Any]
    tool_choice: str
    parallel_calls: bool
    json_schema: Mapping[str, Any] | None
    preserved: bool

    @property
    def said(self) -> list[str]:
        """The user's texts, without soft switches where the model understands them."""
        texts = [message.text for message in self.messages if message.role == "user"]
        if self.model.soft_switch:
            texts = [SOFT_SWITCH.sub("", text) for text in texts]
        return texts

    @property
    def results(self) -> tuple[Said, ...]:
        """The tool messages since the last question."""
        asked = [at for at, message in enumerate(self.messages) if message.role == "user"]
        since = self.messages[asked[-1] + 1 :] if asked else self.messages
        return tuple(message for message in since if message.role == "tool")

    @property
    def prefix(self) -> str | None:
        """The text that the answer goes on from, if any."""
        last = self.messages[-1]
        return last.text if last.partial else None
