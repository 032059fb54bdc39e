from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from qwen_nb.emulator.server import Emulator

from ._driver import Talk

Begin = Callable[..., Talk]


@pytest.fixture
def begin(tmp_path: Path) -> Iterator[Begin]:
    """Start a talk with an emulator whose models take as little as wanted."""
    talks: list[Talk] = []
    emulators: list[Emulator] = []

    def begin(limits: Mapping[str, int] | None = None, **how: object) -> Talk:
        emulators.append(Emulator(pace=0, max_input=limits).start())
        home = tmp_path / f"home{len(talks)}"
        talks.append(Talk(emulators[-1], **{"home": home, **how}))  # type: ignore[arg-type]
        return talks[-1]

    yield begin
    for talk in talks:
        talk.close()
    for emulator in emulators:
        emulator.stop()
