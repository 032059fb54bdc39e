"""Whatever a chat can do, done again from the cassette: the same replies, and nobody asked."""

import asyncio
from contextlib import closing
from dataclasses import dataclass, replace
from typing import Any

import pytest

import qwen_nb
from qwen_nb import Chat
from qwen_nb.emulator.server import Emulator
from qwen_nb.render.html.still import SilentDisplay

from ._twice import Twice, ask

pytestmark = pytest.mark.service


@pytest.fixture(params=["region", "server"])
def there(request: pytest.FixtureRequest, twice: Twice) -> Twice:
    """Somewhere the emulator is asked: as Model Studio, or as any server."""
    twice.as_a_region() if request.param == "region" else twice.as_any_server()
    return twice


@pytest.fixture
def region(twice: Twice, dialect: str) -> Twice:
    """Model Studio, asked in either dialect."""
    twice.as_a_region()
    twice.settings["QWEN_NB_DIALECT"] = dialect
    return twice


@pytest.mark.parametrize("thinking", [True, False, 200])
def test_a_conversation(region: Twice, thinking: Any) -> None:
    replies = region.same(
        lambda: ask("Which is larger, 9.9 or 9.11?", "And as versions?", thinking=thinking)
    )
    assert all(reply.cost for reply in replies)
    assert bool(replies[0].thinking) == bool(thinking)


def test_any_server(there: Twice) -> None:
    replies = there.same(lambda: ask("Hello", "谁?", "Hello", thinking=True))
    assert [reply.finish_reason for reply in replies] == ["stop"] * 3


def test_a_server_that_offers_one_model(twice: Twice, misbehaving: Any) -> None:
    from _servers import WHOLE, response

    misbehaving.answers(response('{"data": [{"id": "only"}]}'))
    misbehaving.streams(*WHOLE)
    twice.set("QWEN_NB_BASE_URL", misbehaving.base_url)
    twice.settings.clear()

    def do() -> Any:
        with closing(Chat()) as chat:
            return chat.ask("Hello")

    assert twice.same(do).answer == "It is."


class Weather:
    """A tool that gives something else each time."""

    def __init__(self) -> None:
        self.ran = 0

    def get_current_weather(self, location: str) -> str:
        """Weather of a place."""
        self.ran += 1
        return f"{location}: {self.ran} degrees"


def test_tools_run_again(region: Twice) -> None:
    weather = Weather()

    def do() -> Any:
        return ask("Weather in Hangzhou?", "天气如何:杭州", tools=[weather.get_current_weather])

    first = region.record(do)
    assert weather.ran
    ran = weather.ran
    again = region.replay(do)
    assert weather.ran == 2 * ran
    assert [each.answer for each in again] == [each.answer for each in first]
    assert [each.usage for each in again] == [each.usage for each in first]
    assert region.report is not None and region.report.other_results > 0
    # and with the same results there is nothing to tell
    weather.ran = 0
    assert region.replay(do) == first
    assert region.report.other_results == 0


def test_a_structured_answer(region: Twice) -> None:
    @dataclass
    class Who:
        name: str

    region.script("who", "It is Ann.", json='{"name": "Ann"}', thinking="Hm.")
    region.script("whom", "It is Ann.", json='{"nam": "Ann"}', thinking="Hm.")

    def do() -> Any:
        found = []
        for thinking in (True, False):
            replies = ask("who?", "whom?", json=Who, thinking=thinking)
            found += [(each, getattr(each, "data", None)) for each in replies]
        return found

    assert region.same(do)[2][1] == Who("Ann")


def test_many_rows(there: Twice) -> None:
    def do() -> Any:
        rows = qwen_nb.map(
            [f"row {n % 30}" for n in range(40)], "Say {item}", concurrency=16, progress=False
        )
        return [each.answer for each in rows]

    there.same(do)


def test_stream_and_async_and_background(there: Twice) -> None:
    def do() -> Any:
        with closing(Chat(thinking=True)) as chat:
            events = list(chat.stream("Hello"))
            awaited = asyncio.run(chat.ask_async("Who are you?"))
            job = chat.start("And as versions?", display=SilentDisplay())
            return events, awaited, job.wait(10), chat.turns[0].reply

    there.same(do)


@pytest.mark.parametrize(
    "fault", ["status=503;times=1", "status=429;times=1;retry-after=1", "reset", "hangup"]
)
def test_what_is_tried_again(region: Twice, fault: str) -> None:
    region.settings["QWEN_NB_RETRIES"] = "3"
    if fault in ("reset", "hangup"):
        fault += ";times=1"
    region.script("again", fault=fault)
    (reply,) = region.same(lambda: ask("again?"))
    assert reply.answer == "Yes."
    assert region.report is not None and region.report.recordings == 2


@pytest.mark.parametrize(
    "fault",
    [
        "status=400", "status=401", "error=internal_error", "error-200=internal_error",
        "cut-answer=2", "cut-thinking=2", "no-finish", "no-done", "reset", "html", "html=502",
        "malformed=2", "error-event=internal_error;after=2", "moderation=2", "usage-missing",
        "crlf", "split=3", "two-lines", "refusal-in-stream",
    ],
)  # fmt: skip
def test_what_goes_wrong(region: Twice, fault: str) -> None:
    region.settings["QWEN_NB_RETRIES"] = "1"
    region.script("wrong", "One two three four five.", thinking="Six seven eight.", fault=fault)
    region.same(lambda: ask("wrong?", thinking=True))


def test_a_server_that_is_not_there(twice: Twice) -> None:
    twice.as_any_server()
    twice.emulator.stop()
    ((kind, words, _),) = twice.same(lambda: ask("Hello"))
    assert kind is qwen_nb.ConnectionFailed
    assert words


def test_an_answer_that_was_stopped(region: Twice) -> None:
    region.emulator.pace = 0.02

    def do() -> Any:
        with closing(Chat(thinking=True)) as chat:
            seen = []
            for event in chat.stream("Which is larger, 9.9 or 9.11?"):
                seen.append(event)
                if len(seen) == 8:
                    break
            return chat.turns[0].reply.finish_reason

    assert region.same(do) == "stopped"

    def nobody_stops() -> Any:
        (reply,) = ask("Which is larger, 9.9 or 9.11?", thinking=True)
        return reply.finish_reason

    assert region.replay(nobody_stops) == "stopped"


def test_one_stopped_before_anything_came(twice: Twice, misbehaving: Any) -> None:
    from _servers import HANG_S, hang

    misbehaving.answers(hang)
    twice.set("QWEN_NB_BASE_URL", misbehaving.base_url)

    def do() -> Any:
        with closing(Chat("qwen-plus")) as chat:
            job = chat.start("Hello", display=SilentDisplay())
            misbehaving.reached.wait(HANG_S)
            job.stop()
            return job.wait(HANG_S).finish_reason

    assert twice.same(do) == "stopped"
    assert twice.replay(lambda: ask("Hello")[0].finish_reason) == "stopped"


def test_several_servers(twice: Twice) -> None:
    with Emulator(pace=0) as other:
        from qwen_nb.emulator.scripts import Script

        twice.as_a_region()
        other.script(Script(name="x", asks="Hello", answer="I am another."))
        url = other.openai_base_url.replace("127.0.0.1", "localhost")
        twice.set("QWEN_NB_API_KEY", other.key)

        def do() -> Any:
            with closing(Chat()) as chat:
                here = chat.ask("Hello", once=True)
                chat.session["server"] = url
                return [here, chat.ask("Hello", once=True)]

        first = twice.record(do)
        assert first[0].answer != first[1].answer

        def turned() -> Any:
            with closing(Chat()) as chat:
                chat.session["server"] = url
                there = chat.ask("Hello", once=True)
                chat.session.clear()
                return [chat.ask("Hello", once=True), there]

        assert twice.replay(do) == first
        assert twice.replay(turned) == first


@pytest.mark.parametrize("n", [1, 2])
def test_a_region_found_after_a_refused_key(twice: Twice, n: int) -> None:
    with Emulator(pace=0) as beijing:
        twice.regions(
            {
                "singapore": twice.emulator.openai_base_url,
                "beijing": beijing.openai_base_url,
                "virginia": twice.emulator.openai_base_url,
                "hongkong": twice.emulator.openai_base_url,
            }
        )
        twice.set("DASHSCOPE_API_KEY", beijing.key)
        first = twice.record(lambda: ask(*["Hello", "Who are you?"][:n]))
    assert first[0].notes  # where the key was taken
    assert first[0].cost.currency == "CNY"
    again = twice.replay(lambda: ask(*["Hello", "Who are you?"][:n]))
    assert again == [replace(reply, notes=()) for reply in first]
    assert twice.report is not None and twice.report.used == twice.report.recordings == n


def test_a_server_chosen_in_the_notebook_needs_no_key(twice: Twice) -> None:
    twice.as_a_region()
    for session in ({"server": "singapore"}, {"region": "singapore"}):
        twice.emulator.start()
        twice.as_a_region()
        (reply,) = twice.same(lambda session=session: ask("Hello", session=session))
        assert not reply.scripted


def test_the_emulator_itself(twice: Twice) -> None:
    (reply,) = twice.same(lambda: ask("Hello", thinking=True))
    assert reply.scripted
    assert '"scripted": true' in twice.path.read_text()
