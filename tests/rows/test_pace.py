"""How fast many rows go together after a throttle, by a clock of the test's own."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import pytest

from qwen_nb import RateLimited, ServerFailed
from qwen_nb.rows.pace import Pace, TogetherRetries


@dataclass
class Clock:
    now: float = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def throttled(asked: float | None = None, **facts: str) -> RateLimited:
    error = RateLimited("error.advised", status=429, **facts)
    error.retry_after_s = asked
    return error


def test_nobody_waits_before_anything_was_refused(clock: Clock) -> None:
    pace = Pace(5, clock)
    assert [pace.turn() for _ in range(100)] == [0.0] * 100


def test_all_wait_as_long_as_the_server_asked_and_then_go_one_by_one(clock: Clock) -> None:
    pace = Pace(5, clock)
    for _ in range(11):
        pace.passed()
        clock.now += 0.05
    sent = clock.now
    clock.now += 0.01
    assert pace.refused(sent, throttled(3.0)) == pytest.approx(3.0)
    assert not pace.is_open()
    assert pace.interval_s == pytest.approx(0.056, abs=0.001)
    # those that were under way are not told of a new limit by the same one
    waits = [pace.refused(sent, throttled(3.0)) for _ in range(5)]
    waits += [pace.turn() for _ in range(5)]
    steps = [b - a for a, b in pairwise(waits) if a is not None and b]
    assert steps == pytest.approx([pace.interval_s] * 9)
    clock.now += 3.0
    assert pace.is_open()


def test_it_goes_faster_again_with_what_gets_through(clock: Clock) -> None:
    pace = Pace(5, clock)
    pace.refused(clock.now, throttled(1.0))
    clock.now += 1.0
    slow = pace.interval_s
    assert slow > 0
    before = slow
    while pace.interval_s:
        assert pace.interval_s <= before
        before = pace.interval_s
        pace.passed()
        clock.now += 0.1
    assert pace.turn() <= slow * 2


def test_the_tries_are_of_all_and_then_a_minute_is_waited_for(clock: Clock) -> None:
    pace = Pace(3, clock)
    waits = []
    while (wait := pace.refused(clock.now, throttled())) is not None:
        waits.append(wait)
        clock.now += wait + 1.0
    assert len(waits) == 4
    assert waits[2:] == pytest.approx([60.0, 60.0])
    # what got through gives all of them back
    pace.passed()
    assert pace.refused(clock.now, throttled()) is not None


def test_what_does_not_pass_is_not_waited_for(clock: Clock) -> None:
    assert Pace(1, clock).refused(clock.now, throttled()) is None
    assert Pace(5, clock).refused(clock.now, throttled(1000.0)) is None


def test_other_failures_have_the_tries_of_their_row(clock: Clock) -> None:
    retries = TogetherRetries(3, Pace(3, clock))
    failed = ServerFailed("error.advised", status=503)
    tried = 0
    for error in (throttled(1.0), failed, throttled(1.0), failed):
        tried += 1
        assert retries.wait(tried, error) is not None
        clock.now += 5.0
    assert retries.wait(tried + 1, failed) is None
