"""The flow of a turn, driven by hand: no thread, no socket, no clock."""

from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import replace
from typing import Any

import pytest
from _asking import NOWHERE
from _turns import turn
from pydantic import BaseModel

from qwen_nb.asking.asking import Asking
from qwen_nb.asking.kept import Kept
from qwen_nb.asking.notebook import Notebook
from qwen_nb.asking.preparing import prepare
from qwen_nb.asking.session import Session
from qwen_nb.asking.steps import FindRegion, Permit, RunTools, Send, Step, Tell
from qwen_nb.context.limits import Limits
from qwen_nb.conversation import Conversation
from qwen_nb.errors import AuthFailed, BadRequest, BudgetReached, QwenError
from qwen_nb.render.html import SilentDisplay
from qwen_nb.values import (
    AnswerDelta,
    ChatOptions,
    Event,
    Finished,
    Question,
    Started,
    ThinkingDelta,
    ToolArgumentsDelta,
    ToolCallStarted,
    ToolResult,
    Usage,
    UsageReport,
)

ELSEWHERE = replace(NOWHERE, name="elsewhere", base_url="http://127.0.0.1:8/v1")


class City(BaseModel):
    name: str


def weather(city: str) -> str:
    """Tell the weather.

    Parameters
    ----------
    city : str
        Where.
    """
    return f"It rains in {city}."


def used(n: int) -> UsageReport:
    return UsageReport(Usage(input=n, output=n, total=2 * n))


CALLS: list[Event] = [
    Started("m", "r"), ThinkingDelta("Hm."), ToolCallStarted(0, "call", "weather"),
    ToolArgumentsDelta(0, '{"city": "Hangzhou"}'), Finished("tool_calls"), used(2),
]  # fmt: skip


def said(answer: str, n: int) -> list[Event]:
    return [Started("m", "r"), AnswerDelta(answer), Finished("stop"), used(n)]


class Driven:
    """A flow, one step after another."""

    def __init__(self, asking: Asking) -> None:
        self.asking, self._flow, self._now = asking, asking.flow(), 0.0

    def next(self, kind: type[Step]) -> Any:
        """Go on; the step has to be of this kind."""
        return self._is(kind, next(self._flow))

    def gives(self, result: Any, kind: type[Step]) -> Any:
        """Send back what came of a step."""
        return self._is(kind, self._flow.send(result))

    def fails(self, error: QwenError, kind: type[Step]) -> Any:
        """Throw in what ended a step."""
        return self._is(kind, self._flow.throw(error))

    def takes(self, step: Send, events: list[Event]) -> None:
        """Let these events come of a request that is sent."""
        step.at = self._now
        for event in events:
            self._now += 1.0
            if step.take(event):
                self.asking.growing.add(event, self._now)

    def ends(self, result: Any = None) -> None:
        with pytest.raises(StopIteration):
            self._flow.send(result)

    @staticmethod
    def _is(kind: type[Step], step: Step) -> Step:
        assert isinstance(step, kind), step
        return step


@pytest.fixture
def session(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Session]:
    """A session whose server nobody ever asks, and a region where the key belongs."""
    monkeypatch.setenv("QWEN_NB_HOME", str(tmp_path))
    made = Session(notebook=Notebook(None), own=Kept(), options=ChatOptions(model="m"))
    for watched in (True, False):
        made._servers[None, True, watched] = NOWHERE
    yield made
    assert not made.ledger._reserved
    assert not made.kept().conversation.pending


def asked(session: Session, **how: Any) -> Driven:
    return Driven(prepare(Question(prompt="Weather?", **how), session, SilentDisplay()))


def kinds(driven: Driven) -> list[str]:
    return [call.kind for call in driven.asking.session.ledger.calls()]


def test_a_turn_with_everything(session: Session) -> None:
    """A summary, a refused key, tools, a conversion, a refused form, and a repair."""
    talk = Conversation()
    for number in range(6):
        long = f"{number} " * 400
        talk.settle(talk.place_for(None, number), turn(f"question {number}", long))
    own = Kept(talk)
    Limits(session.settings.home).learn(NOWHERE, "m", 1200)
    session = session.derived(own=own)
    for watched in (True, False):
        session._servers[None, True, watched] = NOWHERE
    flow = asked(session, tools=[weather], json=City)

    summary = flow.next(Send)
    assert not summary.grows
    flow.takes(summary, said("They counted.", 1))
    first = flow.gives(None, Send)
    assert first.grows
    assert first.server is NOWHERE
    assert "They counted." in str(first.request.messages)
    assert kinds(flow) == ["summary"]

    flow.fails(AuthFailed("error.auth", status=401, code="", server="s", told="no"), FindRegion)
    again = flow.gives(ELSEWHERE, Permit)
    assert again.server is ELSEWHERE
    calling = flow.gives(None, Send)
    assert calling.server is ELSEWHERE
    flow.takes(calling, CALLS)

    tools = flow.gives(None, RunTools)
    tools.calling.run(lambda **_: nullcontext())
    told = flow.gives(None, Tell)
    assert isinstance(told.event, ToolResult)
    assert told.event.call.result == "It rains in Hangzhou."
    flow.gives(None, Permit)
    free = flow.gives(None, Send)
    assert [message.role for message in free.request.messages[-2:]] == ["assistant", "tool"]
    flow.takes(free, said("Hangzhou, of course.", 3))

    flow.gives(None, Permit)
    formed = flow.gives(None, Send)
    assert "response_format" in formed.request.options.params
    told = "response_format json_schema is not supported"
    refused = BadRequest("error.bad_request", status=400, code="", server="s", told=told)
    other = flow.fails(refused, Send)
    first_form = formed.request.options.params["response_format"]
    assert other.request.options.params.get("response_format") != first_form
    flow.takes(other, said('{"town": 1}', 4))

    flow.gives(None, Permit)
    repaired = flow.gives(None, Send)
    flow.takes(repaired, said('{"name": "Hangzhou"}', 5))
    flow.ends()

    outcome = flow.asking.end()
    assert outcome.error is None
    assert outcome.reply.data == City(name="Hangzhou")
    assert outcome.reply.draft.startswith("Hangzhou, of course.")
    assert [record.name for record in outcome.reply.calls] == ["weather"]
    assert any("elsewhere" in note for note in outcome.reply.notes)
    assert kinds(flow) == ["summary", *["answer"] * 4]
    usage = outcome.reply.usage
    assert usage is not None
    assert usage.output == 2 + 3 + 4 + 5
    assert own.conversation.current[-1].reply == outcome.reply
    assert not own.conversation.pending


@pytest.mark.parametrize("stopped_at", range(4))
def test_stopped_at_any_step(stopped_at: int, session: Session) -> None:
    flow = asked(session, tools=[weather])
    step: Any = flow.next(Send)
    for number in range(4):
        if number == stopped_at:
            flow.asking.stop()
        if isinstance(step, Send):
            flow.takes(step, CALLS if number == 0 else said("It rains.", 3))
        if isinstance(step, RunTools):
            step.calling.run(lambda **_: nullcontext())
        try:
            step = flow._flow.send(None)
            while isinstance(step, Tell):
                step = flow._flow.send(None)
        except StopIteration:
            break
    outcome = flow.asking.end()
    assert outcome.error is None
    assert outcome.reply.thinking == "Hm."
    assert session.kept().conversation.current[-1].reply == outcome.reply
    assert set(kinds(flow)) == {"answer"}


def test_a_budget_between_rounds_keeps_what_had_come(session: Session) -> None:
    flow = asked(session, tools=[weather])
    first = flow.next(Send)
    flow.takes(first, CALLS)
    flow.gives(None, RunTools).calling.run(lambda **_: nullcontext())
    flow.gives(None, Tell)
    flow.gives(None, Permit)
    error = BudgetReached("error.budget_reached")
    with pytest.raises(BudgetReached):
        flow._flow.throw(error)
    flow.asking.error = error
    outcome = flow.asking.end()
    assert outcome.error is error
    assert outcome.reply.finish_reason == "cut"
    assert [record.result for record in outcome.reply.calls] == ["It rains in Hangzhou."]
    assert kinds(flow) == ["answer"]
    assert flow.asking.end() is outcome  # more than once is once
