"""Questions in the background."""

import gc
import os
import signal
import threading
from typing import Any

import pytest
from _servers import HANG_S, LAST_CHUNK, WHOLE, Misbehaving, delta, hang, hold, response, stream
from IPython.core.error import UsageError

from qwen_nb import Chat, ConfigError, Job, RateLimited, Stopped
from qwen_nb.asking.job import JOBS
from qwen_nb.emulator.server import Emulator
from qwen_nb.front_end import place
from tests.stop._watch import Watch

THINKING, ANSWER = delta(thinking="Hm"), delta(answer="It ")
HALF = stream(THINKING, ANSWER, done=False)
REST = stream(delta(answer="is."), delta("stop", answer=""))[1:]


def prompts(server: Misbehaving, at: int = -1) -> list[str]:
    return [message["content"] for message in server.requests[at].body["messages"]]


def held(misbehaves: Misbehaving) -> None:
    misbehaves.answers(*HALF, hold, *REST, LAST_CHUNK)


def test_a_job_does_not_block_and_gives_the_reply(
    chat: Chat, watch: Watch, misbehaves: Misbehaving
) -> None:
    held(misbehaves)
    job = chat.start("one", display=watch)
    assert misbehaves.reached.wait(HANG_S)
    assert (job.done, job.reply, job.error) == (False, None, None)
    assert repr(job) == f"Job {job.id}: running"
    with pytest.raises(TimeoutError, match="running"):
        job.wait(0.01)
    misbehaves.go_on.set()
    reply = job.wait(HANG_S)
    assert (reply.answer, reply.finish_reason, reply.turn) == ("It is.", "stop", 1)
    assert (job.done, job.reply, repr(job)) == (True, reply, f"Job {job.id}: done")
    assert [turn.reply for turn in chat.turns] == [reply]
    assert watch.threads[0] == "MainThread"
    assert set(watch.threads[1:]) == {"qwen_nb-job"}


def test_its_turn_stands_where_it_was_asked(chat: Chat, misbehaves: Misbehaving) -> None:
    misbehaves.streams(*WHOLE)
    chat.ask("one")
    held(misbehaves)
    job = chat.start("two", display=Watch())
    assert misbehaves.reached.wait(HANG_S)
    misbehaves.streams(*WHOLE)
    third = chat.ask("three")
    assert prompts(misbehaves) == ["one", "It is.", "three"]
    assert third.notes == ("1 running job left out",)
    assert [turn.prompt for turn in chat.turns] == ["one", "three"]
    misbehaves.go_on.set()
    second = job.wait(HANG_S)
    assert [turn.prompt for turn in chat.turns] == ["one", "two", "three"]
    assert [turn.reply.turn for turn in chat.turns] == [1, 2, 3]
    assert second.turns_sent == 1
    misbehaves.streams(*WHOLE)
    assert chat.ask("four").turn == 4
    assert prompts(misbehaves)[::2] == ["one", "two", "three", "four"]


def test_a_new_conversation_may_begin_in_the_background(
    chat: Chat, misbehaves: Misbehaving
) -> None:
    misbehaves.streams(*WHOLE)
    chat.ask("old")
    held(misbehaves)
    job = chat.start("new", new=True, display=Watch())
    assert misbehaves.reached.wait(HANG_S)
    misbehaves.streams(*WHOLE)
    second = chat.ask("second")
    assert (prompts(misbehaves), second.turn) == (["second"], 2)
    misbehaves.go_on.set()
    job.wait(HANG_S)
    misbehaves.streams(*WHOLE)
    chat.ask("third")
    assert prompts(misbehaves)[::2] == ["new", "second", "third"]


def test_stopping_keeps_what_had_come(
    chat: Chat, watch: Watch, misbehaves: Misbehaving
) -> None:
    there = threading.Event()
    watch.on_frame = lambda frame: watch.shown == "HmIt " and there.set()
    misbehaves.answers(*HALF, hang)
    job = chat.start("one", display=watch)
    assert there.wait(HANG_S)
    job.stop()
    reply = job.wait(HANG_S)
    assert misbehaves.left.wait(HANG_S)
    assert (reply.finish_reason, reply.answer) == ("stopped", "It ")
    assert repr(job) == f"Job {job.id}: stopped"
    assert [turn.reply for turn in chat.turns] == [reply]
    job.stop()


def test_an_error_stays_with_its_job(
    chat: Chat, watch: Watch, misbehaves: Misbehaving, capsys: pytest.CaptureFixture[str]
) -> None:
    misbehaves.answers(response('{"error":{"message":"slow down"}}', 429))
    job = chat.start("one", display=watch)
    with pytest.raises(RateLimited) as caught:
        job.wait(HANG_S)
    assert job.error is caught.value
    assert job.reply is caught.value.reply
    ((reply, failure),) = watch.closed
    assert (reply, failure) == (job.reply, str(job.error))
    assert repr(job).startswith(f"Job {job.id}: failed. ")
    assert "slow down" in repr(job)
    gc.collect()
    assert capsys.readouterr() == ("", "")
    misbehaves.streams(*WHOLE)
    assert chat.ask("two").turn == 1
    assert prompts(misbehaves) == ["two"]


def test_a_display_that_breaks_is_not_the_answers_fault(
    chat: Chat, watch: Watch, misbehaves: Misbehaving, capsys: pytest.CaptureFixture[str]
) -> None:
    def breaks(_: object) -> None:
        raise RuntimeError("the wire is gone")

    watch.on_frame = breaks
    misbehaves.streams(*WHOLE)
    job = chat.start("one", display=watch)
    assert job.wait(HANG_S).answer == chat.turns[-1].reply.answer == "It is."
    assert capsys.readouterr() == ("", "")
    misbehaves.streams(*WHOLE)
    assert chat.ask("two").notes == ()


def test_an_interrupt_does_not_touch_a_job(chat: Chat, misbehaves: Misbehaving) -> None:
    held(misbehaves)
    job = chat.start("one", display=Watch())
    assert misbehaves.reached.wait(HANG_S)
    press = threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGINT))
    press.start()
    with pytest.raises(KeyboardInterrupt) as caught:
        job.wait(HANG_S)
    press.join()
    assert not isinstance(caught.value, Stopped)
    assert not job.done
    misbehaves.go_on.set()
    assert job.wait(HANG_S).answer == "It is."


def test_nobody_watching_blocks_and_gives_a_job_that_has_ended(
    chat: Chat, settled: Emulator, misbehaving: Misbehaving, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = chat.start("Hello")
    assert job.done
    assert job.wait(0).answer
    monkeypatch.setenv("QWEN_NB_BASE_URL", misbehaving.base_url)
    misbehaving.answers(response("{}", 429))
    failed = chat.start("Hello")
    assert isinstance(failed.error, RateLimited)
    assert failed.done


def test_what_cannot_be_sent_is_no_job(chat: Chat) -> None:
    had = len(list(JOBS))
    with pytest.raises(ConfigError, match="no question"):
        chat.start(" ")
    assert len(list(JOBS)) == had


def test_once_leaves_nothing(chat: Chat, misbehaves: Misbehaving) -> None:
    held(misbehaves)
    job = chat.start("aside", once=True, display=Watch())
    misbehaves.reached.wait(HANG_S)
    misbehaves.streams(*WHOLE)
    reply = chat.ask("one")
    assert (reply.turn, reply.notes) == (1, ())
    misbehaves.go_on.set()
    assert job.wait(HANG_S).turn is None
    assert [turn.prompt for turn in chat.turns] == ["one"]


# -- cells and commands ------------------------------------------------------------------


class Live:
    """A terminal shell that takes itself for a notebook with cells and cards."""

    def __init__(self, notebook: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        from qwen_nb.asking.screen import Screen

        self.watches: list[Watch] = []
        self.cell = "a"
        self.notebook = notebook
        self.names = notebook.names
        monkeypatch.setattr(place, "front_end", lambda shell: "card")
        monkeypatch.setattr(place, "cell_id", lambda shell: self.cell)
        monkeypatch.setattr(Screen, "display", self._display)

    def run(self, code: str, cell: str = "a") -> Any:
        self.cell = cell
        return self.notebook.run(code)

    def _display(self, *_: object, **how: Any) -> Watch:
        self.watches.append(Watch())
        return self.watches[-1]


@pytest.fixture
def live(notebook: Any, monkeypatch: pytest.MonkeyPatch) -> Live:
    return Live(notebook, monkeypatch)


def test_a_cell_gives_a_job_and_draws_nothing_more(live: Live, misbehaves: Misbehaving) -> None:
    held(misbehaves)
    last = live.names.get("_qwen")
    ran = live.run("%%qwen --bg -o mine\none")
    job = ran.result
    assert isinstance(job, Job)
    assert live.names["mine"] is job
    assert f"Job {job.id}" not in ran.out
    assert f"Job {job.id}: running" in live.run("mine", "b").out
    assert live.names.get("_qwen") is last
    misbehaves.go_on.set()
    assert job.wait(HANG_S).answer == "It is."


def test_running_a_cell_again_stops_what_it_left_running(
    live: Live, misbehaves: Misbehaving
) -> None:
    for _ in range(4):
        misbehaves.answers(*HALF, hang)
    live.run("jobs = []\nfor _ in range(2):\n    x = %qwen --bg --once one\n    jobs += [x]")
    live.run("y = %qwen --bg --once two", "b")
    first, second = live.names["jobs"]
    assert not (first.done or second.done)
    live.run("1 + 1")
    assert first.wait(HANG_S).finish_reason == second.wait(HANG_S).finish_reason == "stopped"
    assert not live.names["y"].done


def test_the_commands_list_and_stop(live: Live, misbehaves: Misbehaving) -> None:
    for _ in range(3):
        misbehaves.answers(*HALF, hang)
    for cell in "abc":
        live.run(f"{cell} = %qwen --bg --once question {cell}", cell)
    a, b, c = (live.names[cell] for cell in "abc")
    listed = live.run("%qwen_nb jobs", "d").out
    assert [str(job.id) in listed and job.prompt in listed for job in (a, b, c)] == [True] * 3
    assert listed.count("Running") >= 3
    assert live.run(f"%qwen_nb stop {b.id}", "d").out == f"Job {b.id}: stopped\n"
    assert (a.done, b.done, c.done) == (False, True, False)
    assert live.run("%qwen_nb stop", "d").out == f"Job {a.id}: stopped\nJob {c.id}: stopped\n"
    assert live.run("%qwen_nb stop", "d").out == "No job is running.\n"
    wrong = live.run("%qwen_nb stop 9999", "d")
    assert type(wrong.error) is UsageError
    assert "no job 9999" in str(wrong.error)
    assert "question b" in live.run("%qwen_nb jobs", "d").out


def test_unloading_stops_jobs_quietly(live: Live, misbehaves: Misbehaving) -> None:
    misbehaves.answers(*HALF, hang)
    live.run("job = %qwen --bg one")
    ran = live.run("%reload_ext qwen_nb", "b")
    assert (ran.error, ran.err) == (None, "")
    assert live.names["job"].wait(HANG_S).finish_reason == "stopped"


def test_a_terminal_waits_and_shows_it_as_usual(notebook: Any, settled: Emulator) -> None:
    ran = notebook.run("%%qwen --bg\nHello")
    job = ran.result
    assert isinstance(job, Job)
    assert job.done
    assert ran.out.count(job.wait(0).answer.strip()) == 1
    assert "Job " not in ran.out


def test_chinese_is_spoken(chat: Chat, settled: Emulator) -> None:
    chat.language = "zh"
    job = chat.start("Hello")
    assert repr(job) == f"任务 {job.id}:已完成"


def test_only_the_last_that_ended_stay_listed(chat: Chat, settled: Emulator) -> None:
    first = chat.start("Hello", once=True)
    for _ in range(51):
        chat.start("Hello", once=True)
    listed = list(JOBS)
    assert first not in listed
    assert len(listed) <= 52
