"""A recorder and its file: the order, attachments, and what cannot be written."""

import os
import random
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from qwen_nb import CassetteError, recording
from qwen_nb.cassettes.attachments import folder_of
from qwen_nb.cassettes.recorder import Recorder
from qwen_nb.cassettes.replayer import Replayer
from qwen_nb.cassettes.requests import LARGE
from qwen_nb.catalogue.catalogue import Catalogue
from qwen_nb.errors import BrokenStream, ConnectionFailed
from qwen_nb.values import Server
from qwen_nb.wire.dialects.dialect import HttpCall

SERVER = Server(name="here", base_url="https://here.example/v1", region="sg")
EVENT = b'data: {"x": "%s"}\n\n'


class Answering:
    """An exchange that answers what it was made with; no connection is behind it."""

    def __init__(self, *chunks: bytes, fails: Any = None, before_sent: Any = None) -> None:
        self.status = 0
        self.headers: Mapping[str, str] = {}
        self._chunks = chunks
        self._fails = fails
        self._before_sent = before_sent

    def send(self, call: HttpCall) -> None:
        if self._before_sent is not None:
            raise self._before_sent
        self.status, self.headers = 200, {"content-type": "text/event-stream", "x-key": "y"}

    def chunks(self) -> Iterator[bytes]:
        yield from self._chunks
        if self._fails is not None:
            raise self._fails

    def read(self) -> bytes:
        return b"".join(self._chunks)

    def wait(self, seconds: float) -> bool:
        return False

    def stop(self) -> None:
        pass

    def close(self) -> None:
        pass


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "it.cassette"


@pytest.fixture
def recorder(path: Path) -> Recorder:
    return Recorder(path, {})


def call(said: Any = "x") -> HttpCall:
    body = {"model": "m", "messages": [{"role": "user", "content": said}]}
    return HttpCall("POST", "/chat/completions", body)


def heard(exchange: Any, what: HttpCall) -> bytes:
    exchange.send(what)
    said = b"".join(exchange.chunks())
    exchange.close()
    return said


def put(recorder: Recorder, said: Any, *chunks: bytes) -> None:
    heard(
        recorder.exchange(SERVER, lambda: Answering(*(chunks or (EVENT % b"y",)))), call(said)
    )


def given(path: Path, said: Any, times: int = 1) -> list[bytes]:
    replayer = Replayer(path, {})
    exchange = replayer.exchange(SERVER, lambda: pytest.fail("somebody is asked"))
    return [heard(exchange, call(said)) for _ in range(times)]


# -- order -------------------------------------------------------------------------------------


def test_nothing_is_written_before_there_is_an_answer(path: Path) -> None:
    path.write_text("before")
    recorder = Recorder(path, {})
    exchange = recorder.exchange(SERVER, lambda: Answering(EVENT % b"y"))
    exchange.send(call())
    assert path.read_text() == "before"
    list(exchange.chunks())
    assert path.read_text().startswith("qwen_nb cassette 1")


def test_each_answer_is_there_as_soon_as_it_has_ended(recorder: Recorder, path: Path) -> None:
    for n in range(1, 4):
        put(recorder, f"x{n}")
        assert len(Replayer(path, {}).numbers()) == n


def test_the_order_of_requests_is_kept_by_many_threads(recorder: Recorder, path: Path) -> None:
    turn, sent = threading.Lock(), []

    def ask(n: int) -> None:
        exchange = recorder.exchange(SERVER, lambda: Answering(EVENT % b"%d" % n))
        chance = random.Random(n)
        time.sleep(chance.random() / 50)
        with turn:
            sent.append(n)
            exchange.send(call("the same" if n % 2 else f"x{n}"))
        time.sleep(chance.random() / 50)
        list(exchange.chunks())
        exchange.close()

    threads = [threading.Thread(target=ask, args=(n,)) for n in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    recorder.close()
    numbers = [number for number, _ in Replayer(path, {}).numbers()]
    assert numbers == list(range(1, 17))
    odd = [EVENT % b"%d" % n for n in sent if n % 2]
    assert given(path, "the same", len(odd)) == odd


def test_one_that_never_ends_keeps_no_other(recorder: Recorder, path: Path) -> None:
    first = recorder.exchange(SERVER, lambda: Answering(EVENT % b"late"))
    first.send(call("first"))
    put(recorder, "second")
    assert not path.exists()  # in the order in which they were asked
    recorder.close()
    assert [words for _, words in Replayer(path, {}).numbers()] == ["2 (second)"]
    list(first.chunks())
    assert [n for n, _ in Replayer(path, {}).numbers()] == [1, 2]


def test_one_that_was_never_sent_is_none(recorder: Recorder, path: Path) -> None:
    odd = recorder.exchange(SERVER, lambda: Answering(before_sent=TypeError("no JSON")))
    with pytest.raises(TypeError):
        odd.send(call())
    put(recorder, "x")
    assert len(Replayer(path, {}).numbers()) == 1


ENDS = {
    "failed": {"before_sent": ConnectionFailed("error.hung_up", server="here", reason="r")},
    "broken": {"fails": BrokenStream("error.broken", server="here", reason="r")},
}


@pytest.mark.parametrize("ending", ENDS)
def test_how_it_ended(ending: str, recorder: Recorder, path: Path) -> None:
    told = []
    for exchange in (
        recorder.exchange(SERVER, lambda: Answering(EVENT % b"y", **ENDS[ending])),
        None,
    ):
        exchange = exchange or Replayer(path, {}).exchange(SERVER, lambda: pytest.fail("x"))
        with pytest.raises((ConnectionFailed, BrokenStream)) as caught:
            heard(exchange, call())
        told.append((type(caught.value), str(caught.value)))
    assert told[0] == told[1]


def test_two_recordings_differ_in_their_pauses_alone(tmp_path: Path) -> None:
    texts = []
    for n, cuts in enumerate(((3, 50), (1, 2, 3, 4, 5))):
        path = tmp_path / f"{n}.cassette"
        data = b"".join(EVENT % word for word in (b"a", b"b", b"b", b"c"))
        chunks, at = [], 0
        for cut in (*cuts, len(data)):
            chunks.append(data[at : at + cut])
            at += cut
        ticks = iter([n * each / 10 for each in range(100)])
        recorder = Recorder(path, {}, clock=lambda ticks=ticks: next(ticks))
        put(recorder, "x", *chunks)
        lines = path.read_text().split("\n")
        texts.append([x for x in lines if not x.startswith(("+", "=== request"))])
        assert given(path, "x") == [data]
    assert texts[0] == texts[1]


def test_prices_are_there_though_they_were_looked_up_last(
    recorder: Recorder, path: Path
) -> None:
    put(recorder, "x")
    catalogue = recorder.catalogue(Catalogue.load())
    there = catalogue.price("qwen-plus", "sg")
    assert "=== price qwen-plus sg" in path.read_text()
    assert Replayer(path, {}).catalogue(Catalogue.load()).price("qwen-plus", "sg") == there


# -- what cannot be written --------------------------------------------------------------------


def test_where_no_file_can_be(tmp_path: Path) -> None:
    (tmp_path / "folder.cassette").mkdir()
    for path in ("none/it.cassette", "folder.cassette", "", "..", "x\0y"):
        with pytest.raises(CassetteError), recording(tmp_path / path if path else "", "record"):
            pass
    assert [each.name for each in tmp_path.iterdir()] == ["folder.cassette"]


def test_a_folder_that_goes_away_costs_no_answer(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    recorder = Recorder(folder / "it.cassette", {})
    put(recorder, "one")
    shutil.rmtree(folder)
    put(recorder, "two")
    report = recorder.report()
    assert report.used == 1
    assert "No such file" in report.problem


def test_what_could_not_be_written_is_written_later(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    recorder = Recorder(folder / "it.cassette", {})
    folder.rename(tmp_path / "away")
    put(recorder, "one")
    assert recorder.report().problem
    (tmp_path / "away").rename(folder)
    put(recorder, "two")
    assert not recorder.report().problem
    assert len(Replayer(folder / "it.cassette", {}).numbers()) == 2


@pytest.mark.skipif(os.name == "nt", reason="Windows keeps no such permissions")
def test_a_cassette_is_as_the_umask_and_the_person_leave_it(tmp_path: Path) -> None:
    path, meant = tmp_path / "new.cassette", tmp_path / "meant"
    before = os.umask(0o077)
    try:
        put(Recorder(path, {}), parts(PICTURE))
    finally:
        os.umask(before)
    (picture,) = folder_of(path).iterdir()
    assert [each.stat().st_mode & 0o777 for each in (path, picture)] == [0o600, 0o600]
    meant.touch()
    meant.chmod(0o640)
    link = tmp_path / "link.cassette"
    link.symlink_to(meant)
    put(Recorder(link, {}), "one")
    assert link.is_symlink()
    assert meant.stat().st_mode & 0o777 == 0o640
    assert len(Replayer(meant, {}).numbers()) == 1


_FULL = """
import resource, signal, sys
from pathlib import Path
from tests.cassettes.test_recorder import put, Recorder, Replayer
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
path = Path(sys.argv[1])
recorder = Recorder(path, {})
put(recorder, "one")
resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size + 100, -1))
put(recorder, "two " * 200)
assert recorder.report().problem, recorder.report()
assert len(Replayer(path, {}).numbers()) == 1
resource.setrlimit(resource.RLIMIT_FSIZE, (-1, -1))
put(recorder, "three")
assert not recorder.report().problem
print([words[:6] for _, words in Replayer(path, {}).numbers()])
"""


def test_a_full_disk_leaves_what_can_be_read(path: Path) -> None:
    pytest.importorskip("resource")
    root = Path(__file__).parents[2]
    env = {**os.environ, "PYTHONPATH": os.pathsep.join([str(root), str(root / "tests")])}
    ran = subprocess.run(
        [sys.executable, "-c", _FULL, str(path)], capture_output=True, text=True, env=env
    )
    assert (ran.stderr, ran.stdout.strip()) == ("", "['1 (one', '2 (two', '3 (thr']")


def test_a_fault_of_our_own_costs_no_answer(recorder: Recorder) -> None:
    deep: Any = []
    for _ in range(5_000):
        deep = [deep]
    put(recorder, deep)
    put(recorder, "x")
    report = recorder.report()
    assert report.used == 1
    assert "Recursion" in report.problem


def test_half_a_character_is_recorded(recorder: Recorder, path: Path) -> None:
    put(recorder, "half: \ud83d")
    assert given(path, "half: \ud83d") == [EVENT % b"y"]


# -- attachments -------------------------------------------------------------------------------

PICTURE = "data:image/png;base64," + "QUJD" * LARGE
OTHER = "data:image/png;base64," + "REVG" * LARGE
SMALL = "data:image/png;base64,QUJD"


def parts(*urls: str) -> Any:
    return [{"type": "image_url", "image_url": {"url": url}} for url in urls]


def test_large_attachments_are_beside_it(recorder: Recorder, path: Path) -> None:
    put(recorder, parts(PICTURE, SMALL))
    put(recorder, parts(PICTURE))
    files = list(folder_of(path).iterdir())
    assert [each.read_bytes() for each in files] == [b"ABC" * LARGE]
    text = path.read_text()
    assert SMALL in text
    assert "QUJDQUJD" not in text
    assert given(path, parts(PICTURE, SMALL))
    assert given(path, parts(PICTURE))


def test_an_attachment_of_a_later_answer_that_ended_first(
    recorder: Recorder, path: Path
) -> None:
    first = recorder.exchange(SERVER, lambda: Answering(EVENT % b"late"))
    first.send(call("first"))
    put(recorder, parts(PICTURE))
    list(first.chunks())
    assert given(path, parts(PICTURE)) == [EVENT % b"y"]


def test_attachments_of_before_are_removed(path: Path) -> None:
    put(Recorder(path, {}), parts(PICTURE, OTHER))
    note = folder_of(path) / "note.txt"
    note.write_text("mine")
    put(Recorder(path, {}), parts(OTHER))
    kept = {each.name for each in folder_of(path).iterdir()}
    assert len(kept) == 2
    assert "note.txt" in kept
    note.unlink()
    put(Recorder(path, {}), "no picture")
    assert not folder_of(path).exists()


def test_an_attachment_is_verified(path: Path) -> None:
    put(Recorder(path, {}), parts(PICTURE))
    (file,) = folder_of(path).iterdir()
    file.write_bytes(b"changed")
    with pytest.raises(CassetteError, match="changed"):
        Replayer(path, {})
    put(Recorder(path, {}), parts(PICTURE))  # recorded anew it is whole again
    assert given(path, parts(PICTURE))
    file.unlink()
    with pytest.raises(CassetteError, match="missing"):
        Replayer(path, {})
    file.mkdir()
    with pytest.raises(CassetteError, match="read"):
        Replayer(path, {})


def test_words_about_an_attachment_are_none(recorder: Recorder, path: Path) -> None:
    said = f"data:image/png;sha256,{'0' * 64} is how it stands there"
    put(recorder, said, EVENT % said.encode())
    assert given(path, said)


# -- pauses ------------------------------------------------------------------------------------


@pytest.fixture
def slow(path: Path) -> Path:
    """A cassette of ten events, a tenth of a second between two."""
    ticks = iter([n / 10 for n in range(100)])
    recorder = Recorder(path, {}, clock=lambda: next(ticks))
    put(recorder, "x", *(EVENT % b"%d" % n for n in range(10)))
    return path


def seconds(do: Callable[[], object]) -> float:
    began = time.monotonic()
    do()
    return time.monotonic() - began


@pytest.mark.perf
def test_pauses_are_waited_for_where_that_is_wanted(slow: Path) -> None:
    def taking(speed: float | None) -> float:
        exchange = Replayer(slow, {}, speed=speed).exchange(SERVER, Answering)
        return seconds(lambda: heard(exchange, call()))

    at_once, twice, once = taking(None), taking(2), taking(1)
    assert at_once < twice / 3
    assert 1.6 < once / twice < 2.4
    assert once >= 1.0


def test_a_stop_ends_the_waiting(slow: Path) -> None:
    exchange = Replayer(slow, {}, speed=0.001).exchange(SERVER, Answering)
    threading.Timer(0.1, exchange.stop).start()

    def listen() -> None:
        with pytest.raises(BrokenStream):
            heard(exchange, call())

    assert seconds(listen) < 30  # it would take a quarter of an hour
    assert exchange.wait(1000)


@pytest.mark.parametrize("speed", [0, -1, float("nan"), float("inf")])
def test_a_speed_that_is_none(slow: Path, speed: float) -> None:
    with pytest.raises(CassetteError, match="speed"), recording(slow, "replay", speed=speed):
        pass


@pytest.mark.perf
def test_recording_is_linear(tmp_path: Path) -> None:
    def taking(n: int) -> float:
        recorder = Recorder(tmp_path / f"{n}.cassette", {})
        chunks = [EVENT % b"%d" % (i % 7) for i in range(20)]
        return seconds(lambda: [put(recorder, f"x{i}", *chunks) for i in range(n)])

    taking(20)
    assert min(taking(1_000), taking(1_000)) < 14 * min(taking(200), taking(200))
