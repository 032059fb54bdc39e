"""Whatever raises: the place is free, nothing is reserved, calls are booked, what came is kept.

Each test runs in all the ways of asking in which its case exists; the others are not in its
table, and a comment says why.
"""

import asyncio
import os
import signal
import subprocess
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import suppress
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from _servers import (
    HANG_S,
    LAST_CHUNK,
    WHOLE,
    Connection,
    Misbehaving,
    delta,
    hang,
    stream,
    usage,
)

from qwen_nb import Chat, ConfigError, Job, Reply, Stopped, map
from qwen_nb.asking.drivers import wait_async
from qwen_nb.asking.kept import Kept
from qwen_nb.asking.preparing import prepare
from qwen_nb.ledger.budgets import Budget
from qwen_nb.store.store import Store
from qwen_nb.values import Display, Frame, Opening, Question

Way = Callable[..., Any]

COLUMNS = "id,region,currency,up_to_input_tokens,in,out,out_thinking,source,date\n"
HALF = stream(delta(thinking="Hm"), delta(answer="It "), done=False)
SHORT: dict[str, Any] = {"thinking": False, "max_tokens": 300}


def ask(chat: Chat, display: Display | None = None, **how: Any) -> Any:
    return chat.ask("one", display=display, **SHORT, **how)


def ask_async(chat: Chat, display: Display | None = None, **how: Any) -> Any:
    question = Question.of("one", **SHORT, **how)

    async def asked() -> Reply:
        return await wait_async(prepare(question, chat.recognised(), display), display)

    return asyncio.run(asked())


def each_event(chat: Chat, display: None = None, **how: Any) -> Any:
    for _ in chat.stream("one", **SHORT, **how):
        pass
    return chat.turns[-1].reply


def start(chat: Chat, display: Display | None = None, **how: Any) -> Any:
    job = chat.start("one", display=display, **SHORT, **how)
    return job.wait(HANG_S)


def rows(chat: Chat, display: None = None, **how: Any) -> Any:
    return map(["one"], "{item}", chat=chat, progress=False, keep=False, **SHORT, **how)[0]


ALL = [ask, ask_async, each_event, start, rows]
KEPT = [ask, ask_async, each_event, start]  # the rows of a map have no place and no turn
SHOWN = [ask, ask_async, start]  # a stream and a map show no reply


@pytest.fixture
def chat(new_chat: Callable[..., Chat], misbehaves: Misbehaving) -> Chat:
    """A chat with a budget, against a server whose price is known."""
    chat = new_chat("qwen-plus")
    home = chat.settings().home
    home.mkdir(exist_ok=True)
    (home / "prices.csv").write_text(
        COLUMNS + "qwen-plus,127.0.0.1,USD,,0.4,1.2,,user,2026-11\n", "utf-8"
    )
    chat.budgets.set(Budget(Decimal(1), "USD", "month", ""))
    return chat


@pytest.fixture
def reserved(chat: Chat) -> Iterator[Callable[[Connection], None]]:
    """A step of the server at which something has to be reserved; at the end nothing is."""
    seen: list[bool] = []
    yield lambda _: seen.append(bool(held(chat)))
    assert all(seen)
    assert not held(chat)
    assert chat.conversation.pending == ()


def held(chat: Chat) -> dict[str, Decimal]:
    return chat.ledger.reserved("month", scripted=False)


def said(chat: Chat) -> list[str]:
    return [turn.reply.thinking + turn.reply.answer for turn in chat.turns]


# -- a display -----------------------------------------------------------------------------


class Breaks:
    """A display that raises."""

    def __init__(self, where: str, error: BaseException) -> None:
        self._where, self._error = where, error

    def _at(self, where: str) -> None:
        if where == self._where:
            raise self._error

    def open(self, asking: Opening, stop: Callable[[], None] | None = None) -> None:
        self._at("open")

    def frame(self, frame: Frame) -> None:
        self._at("frame")

    def settle(self, interrupts: Callable[[], int]) -> int:
        return 0

    def close(self, reply: Reply, failure: str = "") -> None:
        self._at("close")


@pytest.mark.parametrize("where", ["open", "frame", "close"])
@pytest.mark.parametrize("way", SHOWN)
def test_a_display_that_raises_does_not_harm_the_reply(
    way: Way,
    where: str,
    chat: Chat,
    misbehaves: Misbehaving,
    reserved: Any,
    capsys: pytest.CaptureFixture[str],
) -> None:
    misbehaves.answers(reserved, *stream(*WHOLE), LAST_CHUNK)
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        reply = way(chat, Breaks(where, RuntimeError("the wire is gone")))
    assert (reply.answer, reply.finish_reason) == ("It is.", "stop")
    assert [turn.reply for turn in chat.turns] == [reply]
    assert [call.usage for call in chat.ledger.calls()] == [reply.usage]
    told = [str(each.message) for each in warned if each.category is RuntimeWarning]
    assert len(told) == (way is not start)  # a job has no cell to say it in
    assert all("the wire is gone" in each for each in told)
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit])
@pytest.mark.parametrize("where", ["open", "frame", "close"])
@pytest.mark.parametrize("way", SHOWN)
def test_a_display_that_interrupts_or_exits_keeps_what_had_come(
    way: Way,
    where: str,
    error: type[BaseException],
    chat: Chat,
    misbehaves: Misbehaving,
    reserved: Any,
) -> None:
    ends = hang if where == "frame" else LAST_CHUNK
    misbehaves.answers(reserved, *(HALF if where == "frame" else stream(*WHOLE)), ends)
    with pytest.raises(error) as caught:
        way(chat, Breaks(where, error("of its own")))
    assert not isinstance(caught.value, Stopped)
    if where == "open":  # nothing was sent
        assert not (chat.turns or misbehaves.requests or chat.ledger.calls())
        return
    (turn,), (call,) = chat.turns, chat.ledger.calls()
    assert turn.reply.thinking.startswith("Hm")
    assert turn.reply.finish_reason == ("stopped" if where == "frame" else "stop")
    assert call.usage == turn.reply.usage
    assert turn.reply.timing.total_s is not None
    assert 0 < turn.reply.timing.total_s < HANG_S


# -- keeping -------------------------------------------------------------------------------


@pytest.mark.parametrize("way", KEPT)
def test_a_checkpoint_that_raises_does_not_harm_the_reply(
    way: Way,
    chat: Chat,
    misbehaves: Misbehaving,
    reserved: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tried: list[int] = []

    def checkpoint(*_: object, **__: object) -> None:
        tried.append(1)
        raise RuntimeError("no disk")

    monkeypatch.setattr(Kept, "checkpoint", checkpoint)
    misbehaves.answers(reserved, *stream(*WHOLE), LAST_CHUNK)
    assert way(chat).answer == "It is."
    assert tried
    assert said(chat) == ["Hm, yesIt is."]
    assert len(chat.ledger.calls()) == 1


@pytest.mark.parametrize("way", KEPT)
def test_a_store_that_was_closed_meanwhile_does_not_harm_the_reply(
    way: Way, chat: Chat, misbehaves: Misbehaving, reserved: Any, tmp_path: Path
) -> None:
    store = Store(tmp_path / "other.sqlite")
    made = store.create(notebook=None, path=None, name="x")
    own = Kept(store.load(made.id).conversation, made.id, "x", store)
    chat._session = chat._session.derived(own=own)
    first, *rest = stream(*WHOLE)
    misbehaves.answers(reserved, first, lambda _: store.close(), *rest, LAST_CHUNK)
    assert way(chat).answer == "It is."
    assert said(chat) == ["Hm, yesIt is."]
    assert len(chat.ledger.calls()) == 1


# -- a tool --------------------------------------------------------------------------------


class Own(BaseException):
    """Such as a test runner's own, which no code of ours foresees."""


def calling() -> list[Any]:
    call = {"index": 0, "id": "c1", "type": "function"}
    asked = {**call, "function": {"name": "leave", "arguments": "{}"}}
    return [delta(thinking="Hm"), delta(tool_calls=[asked]), delta("tool_calls"), usage()]


# `start` refuses tools: they run on the notebook's own thread
@pytest.mark.parametrize("is_async", [False, True])
@pytest.mark.parametrize("way", [ask, ask_async, each_event, rows])
def test_a_tool_that_exits_is_told_to_the_model(
    way: Way, is_async: bool, chat: Chat, misbehaves: Misbehaving, reserved: Any
) -> None:
    def leave() -> None:
        """Leave."""
        raise SystemExit(3)

    async def leave_later() -> None:
        """Leave."""
        raise SystemExit(3)

    leave_later.__name__ = "leave"
    misbehaves.answers(reserved, *stream(*calling()), LAST_CHUNK)
    misbehaves.answers(reserved, *stream(*WHOLE), LAST_CHUNK)
    reply = way(chat, tools=[leave_later if is_async else leave])
    assert reply.answer == "It is."
    assert "SystemExit: 3" in misbehaves.requests[-1].body["messages"][-1]["content"]
    assert [turn.reply for turn in chat.turns] == ([] if way is rows else [reply])
    assert len(chat.ledger.calls()) == 2


@pytest.mark.parametrize("way", [ask, ask_async, each_event, rows])
def test_a_tool_that_raises_what_nobody_foresees_keeps_the_round(
    way: Way, chat: Chat, misbehaves: Misbehaving, reserved: Any
) -> None:
    def leave() -> None:
        """Leave."""
        raise Own

    misbehaves.answers(reserved, *stream(*calling()), LAST_CHUNK)
    with pytest.raises(Own):
        way(chat, tools=[leave])
    assert said(chat) == ([] if way is rows else ["Hm"])
    assert len(chat.ledger.calls()) == 1


# -- a setting -----------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["RETRIES", "IDLE_TIMEOUT", "TOOL_ROUNDS", "CONFIRM_TOOLS"])
@pytest.mark.parametrize("way", ALL)
def test_a_bad_setting_uses_nothing_up(
    way: Way,
    name: str,
    chat: Chat,
    misbehaves: Misbehaving,
    reserved: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bound = Decimal("0.00037")  # for 300 tokens and a few bytes: two would pass the budget
    chat.budgets.set(Budget(2 * bound, "USD", "month", ""))
    monkeypatch.setenv(f"QWEN_NB_{name}", "soon")
    for _ in range(11):
        with pytest.raises(ConfigError, match=name):
            way(chat)
    assert not misbehaves.requests
    monkeypatch.delenv(f"QWEN_NB_{name}")
    misbehaves.answers(reserved, *stream(*WHOLE), LAST_CHUNK)
    assert way(chat).answer == "It is."
    assert len(chat.ledger.calls()) == 1


# -- an interrupt at a question to the person ----------------------------------------------


class Person:
    """Somebody who is asked, and presses interrupt instead."""

    def __init__(self, presses: int) -> None:
        self.asked: list[str] = []
        self._presses = presses

    def __call__(self, question: str) -> str:
        self.asked.append(question)
        try:
            os.kill(os.getpid(), signal.SIGINT)
        finally:
            for _ in range(self._presses - 1):
                os.kill(os.getpid(), signal.SIGINT)
        return "y"


@pytest.fixture(params=[1, 2, 3], ids=["once", "twice", "three times"])
def person(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Person:
    person = Person(request.param)
    monkeypatch.setattr("builtins.input", person)
    monkeypatch.setattr("qwen_nb.front_end.asks.can_answer", lambda shell: True)
    return person


# a map asks nobody in the middle of its rows
@pytest.mark.parametrize("way", KEPT)
def test_an_interrupt_at_a_budget_question_in_mid_turn(
    way: Way, person: Person, chat: Chat, misbehaves: Misbehaving, reserved: Any
) -> None:
    def grows_tight(_: Connection) -> None:
        chat.budgets.set(Budget(Decimal("0.00001"), "USD", "month", ""))

    broken = stream(delta(answer="no JSON"), delta("stop"), usage())
    misbehaves.answers(reserved, grows_tight, *broken, LAST_CHUNK)
    with pytest.raises(Stopped) as caught:
        way(chat, json=True)
    assert len(person.asked) == 1
    assert len(misbehaves.requests) == 1
    assert [turn.reply.answer for turn in chat.turns] == ["no JSON"]
    assert chat.turns[-1].reply == caught.value.reply
    assert len(chat.ledger.calls()) == 1


# a job refuses tools, and so does a map that would ask before each of them
@pytest.mark.parametrize("way", [ask, ask_async, each_event])
def test_an_interrupt_at_the_question_before_a_tool(
    way: Way, person: Person, chat: Chat, misbehaves: Misbehaving, reserved: Any
) -> None:
    ran: list[int] = []

    def leave() -> None:
        """Leave."""
        ran.append(1)

    misbehaves.answers(reserved, *stream(*calling()), LAST_CHUNK)
    with pytest.raises(Stopped):
        way(chat, tools=[leave], confirm=True)
    assert (len(person.asked), ran) == (1, [])
    assert said(chat) == ["Hm"]
    assert [call.stopped for call in chat.turns[-1].reply.calls] == [True]
    assert len(chat.ledger.calls()) == 1


# -- the end of the process ----------------------------------------------------------------

PROGRAM = """
import os, time
from pathlib import Path
from qwen_nb import Chat
from qwen_nb.asking.kept import Kept
from qwen_nb.store.store import Store

class Watch:
    def open(self, asking, stop=None): ...
    def frame(self, frame): seen.append(frame)
    def settle(self, interrupts): return 0
    def close(self, reply, failure=""): ...

seen = []
store = Store(Path({path!r}))
made = store.create(notebook=None, path=None, name="x")
own = Kept(store.load(made.id).conversation, made.id, "x", store)
chat = Chat("qwen-plus", thinking=False, max_tokens=300)
chat._session = chat._session.derived(own=own)
job = chat.start("one", display=Watch())
while not seen:
    time.sleep(0.01)
if {moves}:  # the next question is kept elsewhere: that store is opened after the job began
    os.environ["QWEN_NB_HOME"] = {other!r}
    chat.ledger.calls()
print(made.id, job.done)
"""


# the others end before their caller goes on
@pytest.mark.parametrize("moves", [False, True], ids=["store first", "job first"])
def test_the_process_ends_with_a_job_running(
    moves: bool, chat: Chat, misbehaves: Misbehaving, tmp_path: Path
) -> None:
    path, other = tmp_path / "own.sqlite", tmp_path / "other"
    misbehaves.answers(*HALF, hang)
    program = PROGRAM.format(path=str(path), other=str(other), moves=moves)
    ran = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60
    )
    assert (ran.returncode, ran.stderr) == (0, "")
    conversation, done = ran.stdout.split()
    assert done == "False"
    store = Store(path)
    (entry,) = store.load(conversation).conversation.entries
    store.close()
    assert entry.turn.reply.finish_reason == "stopped"
    assert entry.turn.reply.thinking == "Hm"
    booked = Store((other if moves else chat.settings().home) / "store.sqlite")
    calls = booked.read("SELECT count(*) FROM calls")
    booked.close()
    assert calls == [(1,)]


def test_a_job_that_is_refused_is_no_job(chat: Chat, misbehaves: Misbehaving) -> None:
    before = threading.active_count()
    with suppress(ConfigError):
        job: Job = chat.start("one", tools=[print])
        raise AssertionError(job)
    assert threading.active_count() == before
    assert chat.conversation.pending == ()
