"""Brings the answer of one turn into the form that was asked for.

A turn may need further calls for it: one that converts what a thinking model, or one with
tools, has answered freely; one that repairs what does not fit. They are rounds of the turn
as those of tools are: streamed, permitted and booked one by one.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, Self

from qwen_nb.catalogue import Model
from qwen_nb.errors import StructuredError
from qwen_nb.texts import Language, text
from qwen_nb.tools import (
    Form,
    Problem,
    Structure,
    Unfit,
    alone,
    asking_for,
    conversion,
    forms,
    in_form,
    is_refusal,
    repair,
    thinks_first,
)
from qwen_nb.values import ChatRequest, Note, Reply, Server

_REFUSED: set[tuple[str, str, Form]] = set()
"""What servers refused in this process, so that each is tried once: address, model, form."""


@dataclass(eq=False, kw_only=True)
class Forming:
    """The form of one turn's answer, and how far it is.

    The thread that reads the stream moves it on; others look when that has ended.

    Parameters
    ----------
    structure : Structure
        What the answer has to be.
    server : Server
        Who is asked.
    find : callable
        Returns what is known of a model.
    converts : bool
        The question is answered freely first.
    language : {"en", "zh"}
        Language of what the model is told.

    Attributes
    ----------
    notes : list of Note
        What there is to say about it.
    """

    structure: Structure
    server: Server
    find: Callable[[str], Model]
    converts: bool
    language: Language
    notes: list[Note] = field(default_factory=list)
    _first: Reply | None = None
    _whole: Reply | None = None
    _converted: bool = False
    _repaired: bool = False
    _further: ChatRequest | None = None
    _data: Any = None
    _problems: tuple[Problem, ...] | None = None

    @classmethod
    def of(
        cls,
        thing: Any,
        request: ChatRequest,
        server: Server,
        find: Callable[[str], Model],
        language: Language,
    ) -> Self:
        """Return the form that a question asks for.

        Parameters
        ----------
        thing : object
            See `Structure.of`.
        request : ChatRequest
            The question as it would be sent without.
        server, find, language
            See above.

        Raises
        ------
        ConfigError
            When no service could be told it.
        """
        # a model that is told to answer in JSON would not call its tools
        free = thinks_first(request, find(request.model), server)
        free = free or bool(request.options.params.get("tools"))
        return cls(
            structure=Structure.of(thing),
            server=server,
            find=find,
            converts=free,
            language=language,
        )

    def sent(self, request: ChatRequest) -> ChatRequest:
        """Return the question as it is sent: with the form, unless it is answered freely."""
        if self.converts:
            return request
        return asking_for(request, self.structure, self._form(request.model), self.language)

    def words(self, model: str) -> str:
        """Return what `sent` adds to a question, to be measured; empty for nothing."""
        if self.converts:
            return ""
        asked = in_form(ChatRequest(model, ()), self.structure, self._form(model))
        form = json.dumps(dict(asked.options.params), ensure_ascii=False)
        return f"\n\n{self.structure.words(self.language)}{form}"

    def falls_back(self, error: BaseException, model: str) -> bool:
        """Tell whether a call is to be made again, since its form was refused; move on."""
        form = self._form(model)
        if form == "words" or not is_refusal(error):
            return False
        _REFUSED.add((self._address, model, form))
        return True

    def next(
        self, request: ChatRequest, came: Reply, whole: Reply | None = None
    ) -> ChatRequest | None:
        """Take in an answer; return the further call that it needs, or None.

        Parameters
        ----------
        request : ChatRequest
            The question, without the form.
        came : Reply
            What the call that ended now brought, alone.
        whole : Reply, optional
            All that came in the turn; that call alone unless given.
        """
        if came.finish_reason not in ("stop", "length"):
            return None
        answer, is_whole = came.answer, came.finish_reason == "stop"
        if self._wants_conversion(answer) and is_whole:
            self._first, self._whole, self._converted = came, whole or came, True
            return self._conversion(request, answer)
        try:
            self._data, self._problems = self.structure.read(answer), None
            return None
        except Unfit as error:
            self._problems = error.problems
        if self._repaired or not is_whole:
            return None
        self._repaired = True
        self.notes.append(Note("note.repaired"))
        if self._first is None:
            self._first, self._whole = came, whole or came
        asked = self._further or alone(self.sent(request))
        call = repair(asked, answer, self._problems, self.structure, self.language)
        return self._formed(call)

    def again(self) -> ChatRequest | None:
        """Return the further call under way in the form that is left after `falls_back`."""
        return None if self._further is None else self._formed(self._further)

    def finished(
        self, reply: Reply, error: BaseException | None
    ) -> tuple[Reply, BaseException | None]:
        """Return the turn's reply in its form, and the error where it has not that form.

        Parameters
        ----------
        reply : Reply
            All that came in the turn.
        error : BaseException, optional
            What ended it.
        """
        first = self._first
        if reply.finish_reason not in ("stop", "length"):
            if first is not None:
                reply = self._of_first(self.broken_off(reply), first)
                told = text("note.not_in_form", self.language)
                reply = replace(reply, notes=(*reply.notes, told))
            return reply, error
        formed = replace(
            reply,
            answer=reply.answer[reply.answer_from :],
            draft=reply.answer[: reply.answer_from].rstrip(),
            answer_from=0,
            thinking_from=0,
            structured=True,
            data=self._data,
        )
        if first is not None:
            formed = self._of_first(formed, first)
        if error is None and self._problems is not None:
            problem: StructuredError = self.structure.error(formed, self._problems)
            return formed, problem
        return formed, error

    def broken_off(self, reply: Reply) -> Reply:
        """Return what the turn's reply is should a further call that runs not end.

        That is what had been answered before: the beginning of some JSON serves nobody,
        and would go back to the model in place of the answer.
        """
        whole = self._whole
        if whole is None:
            return reply
        return replace(
            reply,
            answer=reply.answer[: len(whole.answer)],
            answer_from=whole.answer_from,
            thinking_from=whole.thinking_from,
        )

    @staticmethod
    def _of_first(reply: Reply, first: Reply) -> Reply:
        # a further call does not hold the conversation, so its usage does not tell how
        # long that has become
        return replace(
            reply,
            model=first.model,
            request_id=first.request_id,
            round_usage=(*reply.round_usage, None),
        )

    def _wants_conversion(self, answer: str) -> bool:
        return self.converts and not self._converted and not self.structure.reads_whole(answer)

    def _conversion(self, request: ChatRequest, draft: str) -> ChatRequest:
        model = self.find(request.model)
        call = conversion(request, draft, self.structure, model, self.server, self.language)
        if call.model != request.model:
            facts = {"model": request.model, "by": call.model}
            self.notes.append(Note("note.converted", facts))
        return self._formed(call)

    def _formed(self, call: ChatRequest) -> ChatRequest:
        self._further = call
        return in_form(call, self.structure, self._form(call.model))

    def _form(self, model: str) -> Form:
        ways = forms(self.structure, self.find(model), self.server)
        known = (way for way in ways if (self._address, model, way) not in _REFUSED)
        return next(known, "words")

    @property
    def _address(self) -> str:
        # the emulator has another address in each run, and its rules are the same
        return self.server.name if self.server.scripted else self.server.base_url
