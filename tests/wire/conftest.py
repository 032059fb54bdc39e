import random
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

_SAMPLES = Path(__file__).parent / "samples"


@pytest.fixture
def sample() -> Callable[[str], bytes]:
    """Return the bytes of a sample stream of Model Studio's guides (docs/protocol.md §9)."""
    return lambda name: (_SAMPLES / f"{name}.sse").read_bytes()


@pytest.fixture
def cuttings() -> Callable[..., Iterator[list[bytes]]]:
    """Cut bytes at random places, the same ones in each run; the first time at each byte."""

    def cuttings(data: bytes, times: int = 300) -> Iterator[list[bytes]]:
        yield [data[at : at + 1] for at in range(len(data))]
        chance = random.Random(0)
        for _ in range(times - 1):
            count = chance.randrange(1, 60)
            borders = sorted(chance.choices(range(len(data) + 1), k=count))
            pairs = zip([0, *borders], [*borders, len(data)], strict=True)
            yield [data[start:end] for start, end in pairs]

    return cuttings
