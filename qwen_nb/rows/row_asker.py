"""Asks single rows: questions outside of every conversation, which nothing shows.

What is the same for all of them (settings, server, model, connections) is looked up once.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

from qwen_nb import cassettes
from qwen_nb.asking import (
    TRIES,
    Kept,
    Line,
    Screen,
    Session,
    SharedReaders,
    confirms,
    equipped,
    is_form,
    prepare,
    wait_async,
)
from qwen_nb.errors import ConfigError
from qwen_nb.ledger import Budget, Budgets, Ledger, Spent
from qwen_nb.render.html import SilentDisplay
from qwen_nb.rows.pace import Pace, TogetherRetries
from qwen_nb.tools import Structure, Unfit
from qwen_nb.values import ChatOptions, Question, Reply, Server

_GLANCE_S = 0.5
"""How old what is known of the budgets may be."""


class RowAsker:
    """Asks rows: what is the same for all of them is looked up once.

    Parameters
    ----------
    session : Session
        Whose options and settings hold, and in whose notebook the calls are booked.
    name : str
        Under which the calls are booked.
    fields_of : mapping
        The keyword arguments of each question.
    """

    def __init__(self, session: Session, name: str, fields_of: Mapping[str, Any]) -> None:
        tries = session.settings.value("retries", TRIES)
        self._pace, self._readers, self._own = Pace(tries), SharedReaders(), Kept(name=name)
        Screen.current()  # from now on a reply that is looked at draws itself
        self.session = session.derived(
            own=self._own,
            before=(),
            json=None,
            line=Line(),
            given_screen=Screen(None),  # but rows draw nothing, and are no last reply
            asks_person=False,  # nobody is asked in the middle of a thousand rows
            given_budgets=_Glanced(session.budgets),
            pace=lambda: TogetherRetries(tries, self._pace),
        )
        question = replace(Question.of("-", **fields_of), once=True, quiet=True)
        question = equipped(question, self.session)
        self.structure = Structure.of(question.json) if is_form(question.json) else None
        asks = confirms(question, self.session)
        if asks and any(tool.function is not None for tool in question.tools):
            # told it of each call, every row would end without its tools
            raise ConfigError("error.map_confirm")
        server = self.session.server(question.server)
        options = self._options_of(question, server)
        model = options.model or self.session.only_model(server)
        self._question = replace(question, options=replace(options, model=model))

    @property
    def is_slowed(self) -> bool:
        """Whether the server has throttled, and all rows go slower for it."""
        return self._pace.interval_s > 0

    @property
    def home(self) -> Path:
        """The folder of the user's own files."""
        return self.session.settings.home

    @property
    def ledger(self) -> Ledger:
        """Where the calls are booked."""
        return self.session.ledger

    @property
    def booked_as(self) -> str:
        """The id under which the calls are in the ledger."""
        return self._own.booked_as

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._readers.close()
        self.session.line.connections.close()

    async def answer(self, prompt: str) -> Reply:
        """Ask one row.

        Raises
        ------
        QwenError
            As `Chat.ask` does.
        """
        await self._turn()
        display = SilentDisplay()
        asking = prepare(replace(self._question, prompt=prompt), self.session, display)
        return await wait_async(asking, display, apart=self._readers.read)

    async def _turn(self) -> None:
        if isinstance(cassettes.current(), cassettes.Replayer):
            await asyncio.sleep(0)
            return
        await asyncio.sleep(self._pace.turn())
        while not self._pace.is_open():  # all were slowed down meanwhile
            await asyncio.sleep(self._pace.turn())

    def value_of(self, reply: Reply) -> Any:
        """Return what a row's value is: its reply, or what that says in the form asked for.

        Raises
        ------
        Unfit
            When it does not say it, as an answer of before that no longer fits.
        """
        return reply if self.structure is None else self.structure.read(reply.answer)

    def fits(self, reply: Reply) -> bool:
        """Return whether a reply has a value."""
        try:
            self.value_of(reply)
        except Unfit:
            return False
        return True

    def spent(self) -> Spent:
        """Return what was spent so far."""
        scripted = self.session.server(self._question.server).scripted
        return self.ledger.spent("chat", self.booked_as, scripted=scripted)

    def digest_of(self) -> Callable[[str], str]:
        """Return what makes the digest of everything that asking a prompt sends."""
        question = self._question
        server = self.session.server(question.server)
        apart = {"prompt", "options", "json", "server", "dialect"}
        base = {
            "options": self._options_of(question, server),
            "server": _address(server),
            "dialect": question.dialect or self.session.settings.value("dialect", "openai"),
            "schema": None if self.structure is None else self.structure.schema,
            "question": {
                each.name: value
                for each in fields(question)
                if each.name not in apart and (value := getattr(question, each.name))
            },
        }
        told = json.dumps(base, sort_keys=True, default=_described).encode()

        def digest(prompt: str) -> str:
            asked = prompt.encode("utf-8", "surrogatepass")
            return hashlib.sha256(told + b"\0" + asked).hexdigest()

        return digest

    def _options_of(self, question: Question, server: Server) -> ChatOptions:
        asked = question.options.over(self.session.options)
        return self.session.settings.options(asked, model_studio=server.model_studio)


class _Glanced(Budgets):
    """The budgets of a person, looked at now and then.

    A look waits for whoever writes to the store, and while many rows end at once somebody
    always does. What is spent is looked at for each row all the same.
    """

    def __init__(self, budgets: Budgets) -> None:
        super().__init__()
        self._looked_up = budgets
        self._found: dict[tuple[str, str], tuple[float, tuple[Budget, ...]]] = {}

    def all(self, *, conversation: str = "", notebook: str = "") -> tuple[Budget, ...]:
        """Return those that hold for a call."""
        of, now = (conversation, notebook), time.monotonic()
        at, found = self._found.get(of, (-_GLANCE_S, ()))
        if now - at >= _GLANCE_S:
            found = self._looked_up.all(conversation=conversation, notebook=notebook)
            self._found[of] = now, found
        return found


def _address(server: Server) -> str:
    """Return what a server is known by: no key, and no port that is another each time."""
    if server.scripted:
        return "emulator"
    told = urlsplit(server.base_url)
    return f"{told.scheme}://{told.hostname}:{told.port}{told.path}"


_AT_AN_ADDRESS = re.compile(r" at 0x[0-9a-f]+", re.IGNORECASE)


def _described(value: Any) -> Any:
    """Return what a digest tells of a value that JSON does not know."""
    schema = getattr(value, "model_json_schema", None)
    if callable(schema):
        return schema()
    if is_dataclass(value) and not isinstance(value, type):
        return {each.name: getattr(value, each.name) for each in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): value[key] for key in value}
    if isinstance(value, set | frozenset):
        return sorted(value, key=repr)
    name = getattr(value, "__qualname__", None)
    return f"{value.__module__}.{name}" if name else _AT_AN_ADDRESS.sub("", repr(value))
