"""A kernel that is killed in the middle of an answer."""

from pathlib import Path

import pytest

from tests.conversation._killing import LOST_S, kills

pytestmark = pytest.mark.kernel


def test_at_most_the_last_moments_of_the_running_answer_are_lost(tmp_path: Path) -> None:
    ended = kills(tmp_path, count=10, seed=7)
    assert len(ended) == 10
    assert max(one.lost_s for one in ended) <= LOST_S
    assert sum(one.kept > 0 for one in ended) >= 5
