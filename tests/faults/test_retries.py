"""What is sent again, after how long, and what is shown while it waits."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from _servers import WHOLE, Misbehaving, response
from IPython import display as ipython

from qwen_nb import Chat, ConfigError, ConnectionFailed, QwenError, RateLimited, Reply, TimedOut
from qwen_nb.emulator.scripts import Script
from qwen_nb.errors import BadEvent, BrokenStream
from qwen_nb.render.live.card import CardDisplay
from qwen_nb.render.live.widget import Card
from qwen_nb.render.terminal.display import TerminalDisplay
from qwen_nb.values import Frame, Opening, Server
from qwen_nb.values.events import Retrying
from qwen_nb.wire import retries
from qwen_nb.wire.dialects.refusals import refusal
from qwen_nb.wire.retries import Retries, retry_after

from .conftest import Studio

SERVER = Server(name="s", model_studio=True)
FREE = "Free allocated quota exceeded."


def told(status: int, code: str = "", message: str = "", after: float | None = None) -> Any:
    error = refusal(status, {"error": {"code": code, "message": message}}, SERVER)
    error.retry_after_s = after
    return error


UNREACHABLE = ConnectionFailed("error.unreachable", server="s", reason="r")

# the error, how often it was sent of five times, and the wait without chance
POLICY: dict[str, tuple[QwenError, int, float | None]] = {
    "first": (told(503), 1, 0.5),
    "second": (told(503), 2, 1.0),
    "third": (told(503), 3, 2.0),
    "fourth": (told(503), 4, 4.0),
    "fifth": (told(503), 5, None),
    "408": (told(408), 1, 0.5),
    "409": (told(409), 1, 0.5),
    "429": (told(429), 1, 0.5),
    "500": (told(500), 1, 0.5),
    "502": (told(502), 1, 0.5),
    "504": (told(504), 1, 0.5),
    "501": (told(501), 1, None),
    "400": (told(400), 1, None),
    "401": (told(401), 1, None),
    "404": (told(404), 1, None),
    "file still parsing": (told(400, "x", "File parsing in progress, try again"), 1, 0.5),
    "in a stream": (told(200, "limit_requests"), 1, 0.5),
    "nothing known, in a stream": (told(200, "odd"), 1, None),
    "tokens a minute": (told(429, "insufficient_quota", "check your plan"), 1, 0.5),
    "tokens a minute, last": (told(429, "insufficient_quota", "check your plan"), 4, 60.0),
    "native tokens a minute, last": (told(429, "Throttling.AllocationQuota"), 4, 60.0),
    "free quota": (told(429, "insufficient_quota", FREE), 1, None),
    "hour's quota": (told(429, "Throttling.AllocationQuota", "hour allocated quota"), 1, None),
    "month's quota": (told(429, "x", "Your month quota is used up"), 1, None),
    "unpaid": (told(429, "PostpaidBillOverdue", "overdue"), 1, None),
    "free tier only": (told(403, "AllocationQuota.FreeTierOnly"), 1, None),
    "moderation": (told(400, "data_inspection_failed"), 1, None),
    "moderation, named internal": (
        told(200, "InternalError.Algo.DataInspectionFailed", "inappropriate content"), 1, None
    ),
    "asked for": (told(429, after=7.0), 1, 7.0),
    "asked for two minutes": (told(503, after=120.0), 1, 120.0),
    "asked for more": (told(503, after=121.0), 1, None),
    "asked for, last": (told(429, "insufficient_quota", after=3.0), 4, 3.0),
    "asked for, used up": (told(503, after=1.0), 5, None),
    "asked for, and no use": (told(400, after=1.0), 1, None),
    "unreachable": (UNREACHABLE, 1, 0.5),
    "unreachable again": (UNREACHABLE, 2, None),
    "hung up": (ConnectionFailed("error.hung_up", server="s", reason="r"), 4, 4.0),
    "timed out": (TimedOut("error.timed_out", server="s"), 1, 0.5),
    "cut": (BrokenStream("error.cut", server="s"), 1, None),
    "no event": (BadEvent("error.empty", server="s", begins=""), 1, None),
    "settings": (ConfigError("error.empty_prompt"), 1, None),
}  # fmt: skip


@pytest.mark.parametrize(("error", "tried", "wait"), POLICY.values(), ids=POLICY)
def test_the_policy(error: QwenError, tried: int, wait: float | None) -> None:
    assert Retries(5).wait(tried, error, chance=0.5) == wait
    assert Retries(1).wait(1, error) is None


def test_the_wait_grows_to_eight_seconds_and_no_further() -> None:
    waits = [Retries(20).wait(tried, told(503), chance=0.5) for tried in range(1, 9)]
    assert waits == [0.5, 1, 2, 4, 8, 8, 8, 8]


def test_chance_spreads_the_wait_but_not_one_that_was_asked_for() -> None:
    assert [Retries().wait(2, told(503), chance=at) for at in (0, 1)] == [0.75, 1.25]
    assert [Retries().wait(2, told(503, after=2.0), chance=at) for at in (0, 1)] == [2, 2]
    assert len({Retries().wait(2, told(503)) for _ in range(20)}) > 1


def in_seconds(seconds: float) -> str:
    return format_datetime(datetime.now(UTC) + timedelta(seconds=seconds), usegmt=True)


ASKED: dict[str, tuple[dict[str, str], float | None]] = {
    "nothing": ({}, None),
    "seconds": ({"retry-after": "7"}, 7),
    "parts": ({"retry-after": "0.5"}, 0.5),
    "milliseconds": ({"retry-after-ms": "250"}, 0.25),
    "both": ({"retry-after-ms": "250", "retry-after": "7"}, 0.25),
    "a date that has been": ({"retry-after": in_seconds(-3600)}, 0),
    "a date without a zone": ({"retry-after": "Mon, 01 Jan 2001 00:00:00"}, None),
    "below zero": ({"retry-after-ms": "-250"}, 0),
    "words": ({"retry-after": "soon"}, None),
    "words for milliseconds": ({"retry-after-ms": "soon"}, None),
    "no number": ({"retry-after-ms": "nan"}, None),
    "without end": ({"retry-after-ms": "inf"}, None),
}


@pytest.mark.parametrize(("headers", "seconds"), ASKED.values(), ids=ASKED)
def test_what_a_server_asks_for(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after(headers) == seconds


def test_a_server_may_name_a_date() -> None:
    # made here and not in the table, which is written long before the test runs
    asked = retry_after({"retry-after": in_seconds(3600)})
    assert asked == pytest.approx(3600, abs=60)


# -- asked and shown -------------------------------------------------------------------------


class Frames:
    """A display that keeps the frames."""

    def __init__(self) -> None:
        self.frames: list[Frame] = []

    def open(self, asking: Opening, stop: object = None) -> None: ...

    def frame(self, frame: Frame) -> None:
        self.frames.append(frame)

    def settle(self, interrupts: Any) -> int:
        return 0

    def close(self, reply: Reply) -> None: ...


@pytest.fixture
def three_times(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QWEN_NB_RETRIES", "3")
    monkeypatch.setattr(retries, "_FIRST_S", 0.01)


def test_the_frames_tell_of_each_wait(
    three_times: None, misbehaves: Misbehaving, chat: Chat
) -> None:
    misbehaves.answers(response("{}", 503))
    late = b"HTTP/1.1 429 X\r\nRetry-After-Ms: 30\r\nContent-Length: 2\r\n\r\n{}"
    misbehaves.answers(late)
    misbehaves.streams(*WHOLE)
    shown = Frames()
    reply = chat.ask("Hi", display=shown)
    assert (reply.answer, reply.thinking, reply.finish_reason) == ("It is.", "Hm, yes", "stop")
    waits = [frame.retrying for frame in shown.frames if frame.retrying is not None]
    assert [(wait.attempt, wait.tries, wait.reason) for wait in waits] == [
        (2, 3, "503"), (3, 3, "429"),
    ]  # fmt: skip
    assert waits[1].wait_s == 0.03
    for frame in shown.frames:
        assert (frame.state == "retrying") == (frame.retrying is not None)
        assert frame.retrying is None or not (frame.thinking or frame.answer)
    assert "".join(frame.answer for frame in shown.frames) == "It is."
    assert shown.frames[-1].state == "answering"
    assert [request.body for request in misbehaves.requests] == [
        misbehaves.requests[0].body
    ] * 3


def test_an_error_in_a_stream_is_named_by_its_code(
    three_times: None, studio: Studio, chat: Chat
) -> None:
    shown = Frames()
    chat.ask(studio.fails("error-200=limit_burst_rate;times=1"), display=shown)
    assert [frame.retrying.reason for frame in shown.frames if frame.retrying] == [
        "limit_burst_rate"
    ]


def test_a_server_that_asks_for_too_long_is_not_waited_for(
    three_times: None, studio: Studio, chat: Chat
) -> None:
    with pytest.raises(RateLimited) as caught:
        chat.ask(studio.fails("status=429;retry-after=3600"))
    assert caught.value.retry_after_s == 3600
    assert studio.asked == 1


def test_a_server_that_is_not_there_is_tried_twice(
    three_times: None, chat: Chat, monkeypatch: pytest.MonkeyPatch, misbehaving: Misbehaving
) -> None:
    monkeypatch.setenv("QWEN_NB_BASE_URL", misbehaving.base_url)
    misbehaving.stop()  # nobody listens there any more
    monkeypatch.setenv("QWEN_NB_MODEL", "m")
    shown = Frames()
    with pytest.raises(ConnectionFailed, match="could not be reached"):
        chat.ask("Hi", display=shown)
    assert [frame.retrying.attempt for frame in shown.frames if frame.retrying] == [2]


def test_retries_can_be_switched_off(misbehaves: Misbehaving, chat: Chat) -> None:
    misbehaves.answers(response("{}", 503))
    with pytest.raises(QwenError):
        chat.ask("Hi")
    assert len(misbehaves.requests) == 1


WORDS = {
    "en": "503: retrying in 4 s (2 of 5)",
    "zh": "503:4 秒后重试(第 2 次,共 5 次)",
}
ASKING = Opening(model="m", server="s")


def waiting(wait_s: float = 4.0) -> Frame:
    return Frame(state="retrying", retrying=Retrying(wait_s, 2, 5, "503"))


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_terminal_says_it(language: Any) -> None:
    said: list[str] = []
    display = TerminalDisplay(language, said.append, colour=False)
    display.open(ASKING)
    display.frame(waiting())
    assert "".join(said) == WORDS[language] + "\n"


def test_a_short_wait_has_its_tenths() -> None:
    said: list[str] = []
    TerminalDisplay("en", said.append, colour=False).frame(waiting(0.46))
    assert said == ["503: retrying in 0.5 s (2 of 5)\n"]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_card_says_it(language: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[Any] = []
    monkeypatch.setattr(Card, "send", lambda self, content, buffers=None: sent.append(content))
    monkeypatch.setattr(ipython, "display", lambda *_, **__: None)
    card = CardDisplay("en", owns_cell=True, live_language=language)
    card.open(ASKING)
    card.frame(waiting())
    assert sent[0]["w"] == WORDS[language]
    card.frame(Frame(state="thinking", thinking="Hm"))
    assert card._card is not None
    assert card._card.snap["t"] == "Hm" and "w" not in card._card.snap


# -- the native dialect's two routes -----------------------------------------------------------

TEXT = "/services/aigc/text-generation/generation"
MULTIMODAL = "/services/aigc/multimodal-generation/generation"


@pytest.mark.parametrize("tries", ["1", "3"])
def test_the_wrong_route_is_left_once_and_for_all(
    tries: str, studio: Studio, chat: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QWEN_NB_RETRIES", tries)
    monkeypatch.setenv("QWEN_NB_DIALECT", "dashscope")
    chat.native.take_other_route("qwen-plus")
    shown = Frames()
    assert chat.ask("Hello", display=shown).finish_reason == "stop"
    assert studio.paths == [MULTIMODAL, TEXT]
    assert [record.status for record in studio.emulator.journal] == [400, 200]
    assert not any(frame.retrying for frame in shown.frames)  # nothing that a person waits for
    assert chat.ask("Who are you?").finish_reason == "stop"
    assert studio.paths == [MULTIMODAL, TEXT, TEXT]
    assert [role for role, _ in studio.sent()] == ["user", "assistant", "user"]


def test_a_route_is_learnt_from_an_event_in_a_stream_too(
    studio: Studio, chat: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QWEN_NB_DIALECT", "dashscope")
    prompt = studio.fails("refusal-in-stream")
    chat.native.take_other_route("qwen-plus")
    assert chat.ask(prompt).finish_reason == "stop"
    assert studio.paths == [MULTIMODAL, TEXT]
    assert studio.emulator.journal[0].status == 200


def test_the_other_route_can_fail_and_be_tried_again(
    three_times: None, studio: Studio, chat: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QWEN_NB_DIALECT", "dashscope")
    studio.emulator.script(
        Script(name="r", asks="^routes$", answer="a", fault="hangup;times=2")
    )
    assert chat.ask("routes").answer == "a"
    assert studio.paths == [TEXT, TEXT, TEXT]


def test_both_routes_wrong_is_one_error(
    three_times: None, studio: Studio, chat: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QWEN_NB_DIALECT", "dashscope")
    with pytest.raises(QwenError, match="url error"):
        chat.ask(studio.fails("error=url_error"))
    assert sorted(studio.paths) == [MULTIMODAL, TEXT]
