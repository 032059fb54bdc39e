"""A turn that breaks off while its answer is brought into form."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from qwen_nb import ApiError, Chat, Job, Reply
from qwen_nb.emulator import embedded
from qwen_nb.emulator.scripts import Script
from qwen_nb.emulator.server import Emulator
from qwen_nb.front_end import place
from qwen_nb.texts import text
from tests.conversation._killing import LOST_S
from tests.conversation._page import KernelGone, Page
from tests.stop._watch import Watch


@dataclass
class Review:
    title: str
    mood: str


HANG_S = 20.0
PACE_S = 0.05
FREE = "It was bad. I did not like it."
FITS = json.dumps({"title": "Not to be bought by anybody, ever. " * 40, "mood": "bad"})
FREELY = Script(name="q", asks="phone", thinking="Hm.", answer=FREE, pace=0)
INTO_FORM = Script(name="c", asks="into the form", answer="no", json=FITS, pace=PACE_S)
NOTE = text("note.not_in_form", "en")


@pytest.fixture
def emulator(scripted: Emulator) -> Iterator[Emulator]:
    scripted.script(FREELY)
    scripted.script(INTO_FORM)
    yield scripted


class InTheForm(Watch):
    """Tells when the answer is being brought into form."""

    def __init__(self) -> None:
        super().__init__()
        self.begun = threading.Event()
        self.on_frame = lambda frame: "Not to be" in self.shown and self.begun.set()


def stopped(chat: Chat, prompt: str = "How was the phone?") -> Reply:
    watch = InTheForm()
    job = chat.start(prompt, json=Review, display=watch)
    assert watch.begun.wait(HANG_S)
    job.stop()
    return job.wait(HANG_S)


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the embedded emulator keep the pace of its scripts."""
    known = embedded
    monkeypatch.setattr(
        "qwen_nb.emulator.of_process.embedded", lambda pace=None, user=None: known(None)
    )


def test_a_stop_keeps_the_answer_and_no_half_json(
    ask: Callable[..., Chat], emulator: Emulator, slow: None
) -> None:
    chat = ask(thinking=True)
    reply = stopped(chat)
    assert (reply.finish_reason, reply.answer, reply.thinking) == ("stopped", FREE, "Hm.")
    assert (reply.structured, reply.data, reply.notes) == (False, None, (NOTE,))
    assert [turn.reply for turn in chat.turns] == [reply]
    first, second = chat.ledger.calls(conversation=chat.kept().booked_as)
    assert second.usage is not None and second.usage.input and second.usage.output
    assert reply.usage.total == first.usage.total + second.usage.total
    chat.ask("And why?", json=False)
    body = json.loads(emulator.journal[-1].raw)
    messages = body.get("messages") or body["input"]["messages"]
    said = [message["content"] for message in messages]
    assert said == ["How was the phone?", FREE, "And why?"]


def test_what_was_stopped_is_asked_again_whole(
    ask: Callable[..., Chat], emulator: Emulator, slow: None
) -> None:
    chat = ask(thinking=True)
    stopped(chat)
    emulator.script(Script(name="now", asks="into the form", answer="no", json=FITS, pace=0))
    emulator.journal.clear()
    reply = chat.resume()
    assert reply.data == Review(**json.loads(FITS))
    assert (reply.draft, reply.finish_reason) == (FREE, "stop")
    bodies = [json.loads(record.raw) for record in emulator.journal]
    assert len(bodies) == 2
    assert '"partial"' not in str(bodies)
    assert len(chat.turns) == 1


def test_a_refused_conversion_keeps_the_answer_too(
    ask: Callable[..., Chat], emulator: Emulator
) -> None:
    emulator.script(Script(name="x", asks="into the form", answer="", fault="status=400"))
    chat = ask(thinking=True)
    with pytest.raises(ApiError) as caught:
        chat.ask("How was the phone?", json=Review)
    reply = caught.value.reply
    assert reply is not None
    assert (reply.answer, reply.finish_reason, reply.notes) == (FREE, "cut", (NOTE,))
    assert chat.turns[-1].reply == reply


def test_a_stopped_repair_keeps_the_first_answer(
    ask: Callable[..., Chat], emulator: Emulator, slow: None
) -> None:
    unfit = '{"title": 3}'
    emulator.script(Script(name="u", asks="camera", answer="no", json=unfit, pace=0))
    emulator.script(
        Script(name="r", asks="not have the form", answer="no", json=FITS, pace=PACE_S)
    )
    chat = ask(thinking=False)
    assert stopped(chat, "How was the camera?").answer == unfit


# -- in the background ------------------------------------------------------------------


def test_a_job_brings_its_answer_into_form(
    notebook: Any, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    from qwen_nb.asking.screen import Screen

    monkeypatch.setattr(place, "front_end", lambda shell: "card")
    monkeypatch.setattr(place, "cell_id", lambda shell: "a")
    monkeypatch.setattr(Screen, "display", lambda *_, **how: Watch())
    emulator.script(Script(name="now", asks="into the form", answer="no", json=FITS, pace=0))
    notebook.run(
        "from dataclasses import dataclass\n"
        "@dataclass\nclass Review:\n    title: str\n    mood: str\n"
    )
    job = notebook.run("%%qwen --bg --think --json=Review\nHow was the phone?").result
    assert isinstance(job, Job)
    reply = job.wait(HANG_S)
    assert reply.data == notebook.names["Review"](**json.loads(FITS))
    assert (reply.draft, job.state) == (FREE, "done")
    emulator.script(Script(name="no", asks="form", answer="no", json="[]", pace=0))
    job = notebook.run("%%qwen --bg --no-think --json=Review\nHow was the form?").result
    with pytest.raises(Exception, match="Review"):
        job.wait(HANG_S)
    assert job.state == "done"
    assert job.reply.answer == "[]"
    assert "Review" in repr(job)


# -- killed -----------------------------------------------------------------------------

SCRIPTED = f"""
from dataclasses import dataclass
from qwen_nb.emulator import Script, embedded
embedded().script(Script(name="q", asks="phone", thinking="Hm.", answer={FREE!r}))
embedded().script(Script(name="c", asks="into the form", answer="no", json={FITS!r}, pace=0.05))
@dataclass
class Review:
    title: str
    mood: str
"""
REPLIES = """json.dumps([
    [e.turn.reply.thinking, e.turn.reply.answer, e.turn.reply.finish_reason]
    for e in Chat.current().conversation.current_entries])"""
CALLS = "json.dumps([call.usage.estimated for call in Chat.current().ledger.calls()])"


@pytest.mark.kernel
def test_a_kill_keeps_the_answer_and_no_half_json(tmp_path: Path) -> None:
    begun: list[float] = []

    def look(content: dict[str, Any]) -> None:
        told = content.get("data", {}).get("content") or {}
        if begun or (isinstance(told, dict) and "Not to be" in told.get("a", "")):
            begun.append(time.monotonic())
            if begun[-1] - begun[0] > LOST_S + 0.5:  # some of the JSON is kept by then
                page.kill()

    page = Page(tmp_path)
    with page:
        assert not page.run("s", SCRIPTED).error
        page.run("first", "%%qwen --no-think\nHello")
        page.save()
        page.on_comm = look
        with suppress(KernelGone):
            page.run("q", "%%qwen --think --json=Review\nHow was the phone?")
            raise AssertionError("the answer had ended")
        page.on_comm = lambda content: None
        page.shutdown(now=True)
        page.start()
        assert page.value(REPLIES)[1:] == [["Hm.", FREE, "cut"]]
        assert sorted(page.value(CALLS)) == [False, False, True]
