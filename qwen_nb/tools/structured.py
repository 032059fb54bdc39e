"""Answers of a given form: how they are asked for, read, and asked for again.

Model Studio gives JSON only without thinking, so a thinking model thinks and answers freely
first, and a second call without thinking brings that answer into form (docs/protocol.md §7.6).
Any other server is asked for both at once. Whatever a server promises, what comes is
checked here, and what does not fit is sent back once.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, Literal, Self, TypeAlias

from qwen_nb.catalogue import Model
from qwen_nb.errors import BadRequest, StructuredError
from qwen_nb.texts import Language, text
from qwen_nb.tools.json_types import (
    Problem,
    Unfit,
    closed,
    cut,
    fit,
    in_one_line,
    json_schema_of,
    name_of,
    problems_of,
)
from qwen_nb.values import ChatOptions, ChatRequest, Message, Reply, Server

Form: TypeAlias = Literal["json_schema", "json_object", "words"]
"""How a structured answer is asked for: by its schema, as any JSON object, or in words only.
The words go along in each case."""

CONVERTER = "qwen-flash"
"""Who brings the answer of a model that always thinks into form: a cheap one that need not."""

_NAME = re.compile(r"[^A-Za-z0-9_-]+")
_LONGEST_NAME = 64
_BEGINS = re.compile(r"[\[{]")
_MOST_BEGINNINGS = 20  # places in a text around which JSON is looked for


@dataclass(frozen=True, slots=True)
class Structure:
    """What an answer has to be.

    Parameters
    ----------
    thing : object
        True for any JSON object or list; else a type or a JSON schema.
    name : str
        What the API calls the schema: letters, digits, `_` and `-`, 64 at most.
    schema : mapping, optional
        The JSON schema, that of an object; None for any JSON.
    key : str
        Under which property the value stands, where the thing itself is no object and so
        was put into one; else empty.
    """

    thing: Any
    name: str = "answer"
    schema: Mapping[str, Any] | None = None
    key: str = ""

    @classmethod
    def of(cls, thing: Any) -> Self:
        """Return the structure of what a person named.

        Raises
        ------
        ConfigError
            When it is no type nor schema, or one that no service could be told.
        """
        if thing is True:
            return cls(True)
        schema = json_schema_of(thing)
        name = _NAME.sub("_", name_of(thing)).strip("_")[:_LONGEST_NAME] or "answer"
        if schema.get("type") == "object" or "properties" in schema:
            return cls(thing, name, closed(schema))
        key = "items" if schema.get("type") == "array" else "value"
        whole = {"type": "object", "properties": {key: schema}, "required": [key]}
        return cls(thing, name, closed(whole), key)

    def read(self, answer: str) -> Any:
        """Return the value that an answer says, as one of the type that was wanted.

        A fence around the JSON and words around it are looked over. A list that stands
        bare where an object was asked for it is taken.

        Raises
        ------
        Unfit
            When there is no such JSON in it.
        """
        found: tuple[Problem, ...] = ()
        for value in _values(answer):
            try:
                return self._fitted(value)
            except Exception as error:  # also from a validator of the person's own
                found = found or problems_of(error)
        raise Unfit(found or (Problem("", text("structured.no_json"), cut(answer)),))

    def reads_whole(self, answer: str) -> bool:
        """Return whether an answer is nothing but JSON that fits."""
        try:
            value = json.loads(_unfenced(answer))
            self._fitted(value)
        except Exception:  # also from a validator of the person's own
            return False
        return isinstance(value, dict | list)

    def _fitted(self, value: Any) -> Any:
        if self.thing is True:
            if not isinstance(value, dict | list):
                raise Unfit((Problem("", text("structured.no_object"), cut(repr(value))),))
            return value
        if self.key and isinstance(value, dict) and value.keys() == {self.key}:
            value = value[self.key]
        return fit(self.thing, value)

    def words(self, language: Language) -> str:
        """Return how the form is asked for in words; they name JSON, as its mode demands."""
        if self.schema is None:
            return text("structured.any", language)
        schema = json.dumps(self.schema, ensure_ascii=False)
        return text("structured.schema", language, schema=schema)

    def error(self, reply: Reply, problems: Iterable[Problem]) -> StructuredError:
        """Return what is said of an answer that does not fit for good; `reply` keeps it."""
        known = tuple(problems)
        key = "cut" if reply.finish_reason == "length" else "unfit"
        error = StructuredError(
            f"error.structured.{key}", name=self.name, problems=in_one_line(known)
        )
        error.reply, error.problems = reply, known
        return error


def _values(answer: str) -> Iterator[Any]:
    """Yield what an answer may be saying in JSON, the likeliest first."""
    tried = [answer, *(block.text for block in Reply(answer=answer).code)]
    for each in tried:
        with suppress(ValueError, RecursionError):
            yield json.loads(each)
    decoder, at = json.JSONDecoder(), 0
    for _ in range(_MOST_BEGINNINGS):
        begin = _BEGINS.search(answer, at)
        if begin is None:
            return
        try:
            value, at = decoder.raw_decode(answer, begin.start())
        except (ValueError, RecursionError):
            at = begin.end()
            continue
        yield value


def _unfenced(answer: str) -> str:
    """Return the text of the fence that an answer is, or the answer."""
    whole = answer.strip()
    blocks = Reply(answer=whole).code
    if len(blocks) != 1 or not blocks[0].complete or not whole.startswith(("```", "~~~")):
        return whole
    code = blocks[0].text
    return code if whole.count("\n") == code.count("\n") + 2 else whole


# -- asking ---------------------------------------------------------------------------------


def forms(structure: Structure, model: Model, server: Server) -> tuple[Form, ...]:
    """Return the ways to ask a model for a structure, the strictest that it takes first.

    Model Studio's models are asked as the catalogue knows them, and one that it does not
    know as any other server's: the next way is for one that refuses.
    """
    if structure.schema is None:
        return ("json_object", "words")
    if server.model_studio and model.known and not model.json_schema:
        return ("json_object", "words")
    return ("json_schema", "json_object", "words")


def is_refusal(error: BaseException) -> bool:
    """Return whether a server refused a request for the form that it asks for."""
    if not isinstance(error, BadRequest):
        return False
    said = str(error.facts).casefold()
    words = ("response_format", "json_schema", "json_object", "json mode", "structured output")
    return any(word in said for word in words)


def thinks_first(request: ChatRequest, model: Model, server: Server) -> bool:
    """Return whether a question is to be answered freely first, and then brought into form."""
    return server.model_studio and model.thinks(request.options) is True


def asking_for(
    request: ChatRequest, structure: Structure, form: Form, language: Language
) -> ChatRequest:
    """Return a request that also asks for a structure.

    Parameters
    ----------
    request : ChatRequest
        The question, last in its messages.
    structure : Structure
        What the answer has to be.
    form : str
        How it is asked for. A `response_format` that the person gave stays.
    language : {"en", "zh"}
        Language of the words.
    """
    *before, last = request.messages
    words = structure.words(language)
    if isinstance(last.content, tuple):
        last = replace(last, content=(*last.content, {"type": "text", "text": words}))
    else:
        last = replace(last, content=f"{last.content or ''}\n\n{words}")
    formed = in_form(request, structure, form)
    return replace(formed, messages=(*before, last))


def in_form(request: ChatRequest, structure: Structure, form: Form) -> ChatRequest:
    """Return a request with the `response_format` of a form, unless the person gave one."""
    params = {**_response_format(structure, form), **request.options.params}
    return replace(request, options=replace(request.options, params=params))


def alone(request: ChatRequest) -> ChatRequest:
    """Return a request with nothing but its question: no history, no tools."""
    asked = [message for message in request.messages if message.role == "user"]
    return replace(request, messages=tuple(asked[-1:]))


def conversion(
    request: ChatRequest,
    draft: str,
    structure: Structure,
    model: Model,
    server: Server,
    language: Language,
) -> ChatRequest:
    """Return the call that brings a free answer into form, without thinking; see `in_form`.

    Parameters
    ----------
    request : ChatRequest
        The question that was answered.
    draft : str
        The answer.
    structure : Structure
        What it has to be.
    model : Model
        What is known of the model; one that always thinks is not asked again.
    server : Server
        Who is asked.
    language : {"en", "zh"}
        Language of the words.
    """
    words = f"{text('structured.convert', language)}\n\n{structure.words(language)}"
    asked = alone(request).messages
    messages = (*asked, Message("assistant", draft), Message("user", words))
    if model.mode == "thinking_only" and server.model_studio:
        return _bare(CONVERTER, messages, thinking=False)
    can_switch = model.mode in ("hybrid_on", "hybrid_off")
    return _bare(request.model, messages, thinking=False if can_switch else None)


def repair(
    request: ChatRequest,
    answer: str,
    problems: Iterable[Problem],
    structure: Structure,
    language: Language,
) -> ChatRequest:
    """Return the call that asks once more for an answer that did not fit; see `in_form`.

    Parameters
    ----------
    request : ChatRequest
        The call that brought it; all its messages go along.
    answer : str
        The answer.
    problems : iterable of Problem
        What does not fit.
    structure, language
        As `conversion` takes them.
    """
    told = text("structured.repair", language, problems=in_one_line(problems))
    words = f"{told}\n\n{structure.words(language)}"
    messages = (*request.messages, Message("assistant", answer), Message("user", words))
    return _bare(request.model, messages, request.options.thinking)


def _bare(
    model: str, messages: tuple[Message, ...], thinking: bool | int | None
) -> ChatRequest:
    # nothing else goes along: no tools, no limit that would cut the JSON
    # (docs/protocol.md §7.6)
    return ChatRequest(model, messages, ChatOptions(thinking=thinking))


def _response_format(structure: Structure, form: Form) -> dict[str, Any]:
    if form == "words":
        return {}
    if form == "json_object" or structure.schema is None:
        return {"response_format": {"type": "json_object"}}
    told = {"name": structure.name, "strict": True, "schema": structure.schema}
    return {"response_format": {"type": "json_schema", "json_schema": told}}
