"""Hundreds of turns, whole and broken: the ledger and the emulator's journal agree.

What a server told is booked to the token; what it did not tell is no figure of its, but
an estimate that says so, or nothing.
"""

import contextlib
import random
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from qwen_nb import Chat, QwenError, Reply
from qwen_nb.emulator.journal import Record
from qwen_nb.emulator.scripts import Script
from qwen_nb.emulator.server import Emulator
from qwen_nb.values.events import AnswerDelta, ThinkingDelta, UsageReport
from qwen_nb.values.usage import Call

LIMIT = 2_000
TRIES = 3
REGION = '[[server]]\nname = "singapore"\nhost = ""\nbase_url = "{url}"\n'
THINKING = "Let me see: the one thing follows from the other, and so it has to be."
ANSWER = "It is **so**, for more than one reason, as anybody can see by looking."
FILLER = "the river runs past a mill where seven grey geese wait for bread "

WHOLE = ("well", "no-done", "split=7", "crlf", "two-lines")
TWICE = (
    "status=429;times=1;retry-after=0",
    "status=503;times=2;retry-after=0",
    "hangup;times=1",
)
COMPATIBLE_ONLY = ("usage-every", "usage-cumulative")
BROKEN = ("cut-thinking=2", "cut-answer=3", "no-finish", "moderation=3",
          "error-event=internal_error;after=4")  # fmt: skip
UNTOLD = ("usage-missing",)
REFUSED = ("status=400", "status=401", "error=data_inspection_failed", "hangup")
HELD = tuple(f"silence={n}" for n in (4, 9, 20))


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    with Emulator(pace=0, max_input={"qwen-plus": LIMIT}) as emulator:
        for fault in (*WHOLE, *TWICE, *COMPATIBLE_ONLY, *BROKEN, *UNTOLD, *REFUSED, *HELD):
            emulator.script(
                Script(
                    name=fault,
                    asks=f"^{fault.replace('.', '[.]')}:",
                    thinking=THINKING,
                    answer=ANSWER,
                    fault=None if fault == "well" else fault,
                )
            )
        yield emulator


@pytest.fixture
def home(emulator: Emulator, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Let the emulator be a region of Model Studio, and its model one that takes little."""
    home = tmp_path / "home"
    home.mkdir()
    url = emulator.openai_base_url
    (home / "servers.toml").write_text(REGION.format(url=url), encoding="utf-8")
    (home / "models.csv").write_text(f"id,max_input\nqwen-plus,{LIMIT}\n", encoding="utf-8")
    monkeypatch.setenv("QWEN_NB_HOME", str(home))
    monkeypatch.setenv("QWEN_NB_REGION", "singapore")
    monkeypatch.setenv("QWEN_NB_RETRIES", str(TRIES))
    monkeypatch.setenv("DASHSCOPE_API_KEY", emulator.key)
    return home


@pytest.fixture
def new_chat() -> Iterator[Callable[[], Chat]]:
    """Make chats that are closed afterwards."""
    with contextlib.ExitStack() as made:
        yield lambda: made.enter_context(contextlib.closing(Chat()))


def stop_in_silence(chat: Chat, prompt: str, frames: int, **options: Any) -> None:
    """Stop when all has come that comes."""
    is_native = chat.session["dialect"] == "dashscope"
    # the compatible dialect opens with an event that brings nothing
    pieces = frames if is_native else frames - 1
    come = told = 0
    stream = chat.stream(prompt, **options)
    for event in stream:
        come += isinstance(event, ThinkingDelta | AnswerDelta)
        told += isinstance(event, UsageReport)
        if come == pieces and (told == pieces or not is_native):
            break
    stream.close()  # type: ignore[attr-defined]


def ask(chat: Chat, fault: str, prompt: str, **options: Any) -> Reply | None:
    if fault in HELD:
        stop_in_silence(chat, prompt, int(fault.partition("=")[2]), **options)
        return None
    try:
        return chat.ask(prompt, quiet=True, **options)
    except QwenError as error:
        return error.reply


Figures = tuple[int, int, int, int]


def told_by(usage: Mapping[str, Any]) -> Figures:
    """Return input, output, thinking and cached of either dialect."""
    details = usage.get("completion_tokens_details") or usage.get("output_tokens_details") or {}
    given = usage.get("prompt_tokens", usage.get("input_tokens"))
    output = usage.get("completion_tokens", usage.get("output_tokens"))
    cached = usage.get("prompt_tokens_details", {}).get("cached_tokens", 0)
    return given or 0, output or 0, details.get("reasoning_tokens", 0), cached


def booked(call: Call) -> Figures:
    usage = call.usage
    assert usage is not None
    return usage.input or 0, usage.output or 0, usage.thinking or 0, usage.cached or 0


def agree(journal: list[Record], calls: list[Call]) -> None:
    told = [call for call in calls if call.usage is not None and not call.usage.estimated]
    assert Counter(map(booked, told)) == Counter(
        told_by(record.usage) for record in journal if record.usage is not None
    )


@pytest.mark.parametrize("dialect", ["openai", "dashscope"])
@pytest.mark.parametrize("seed", [1, 2])
def test_the_ledger_is_the_journal(
    emulator: Emulator,
    home: Path,
    new_chat: Callable[[], Chat],
    dialect: str,
    seed: int,
) -> None:
    dice = random.Random(seed)
    chats = [new_chat(), new_chat()]
    kinds = [*WHOLE * 2, *TWICE, *BROKEN, *UNTOLD, *REFUSED, *HELD]
    kinds += COMPATIBLE_ONLY if dialect == "openai" else ()
    asked: Counter[str] = Counter()
    for number in range(50):
        chat, fault = dice.choice(chats), dice.choice(kinds)
        chat.session["dialect"] = dialect
        words = f"{fault}: {number} {FILLER * dice.randrange(12)}"
        thinking = dice.choice([True, False, 5]) if fault not in ("cut-thinking=2",) else True
        asked[fault] += 1
        ask(
            chat,
            fault,
            words,
            thinking=thinking,
            once=fault not in HELD and dice.random() < 0.1,
        )
    calls = chats[0].ledger.calls()
    journal = list(emulator.journal)
    agree(journal, calls)
    assert sum(call.kind == "summary" for call in calls) >= 2

    # 200 and no usage: those that were broken off, each with a mark or with nothing at all
    untold = [call for call in calls if call.usage is None or call.usage.estimated]
    silent = [record for record in journal if record.status == 200 and record.usage is None]
    hung_up = asked["hangup"] * TRIES + asked["hangup;times=1"]
    assert len(untold) == len(silent) - hung_up
    (total,) = chats[0].ledger.rows("region")
    assert total.calls == len(calls)
    assert total.estimated + total.untold == len(untold)


def test_embeddings_and_the_questions_they_serve(
    emulator: Emulator, home: Path, new_chat: Callable[[], Chat]
) -> None:
    chat = new_chat()
    chat.session["context"] = "retrieve 2"
    for number in range(6):
        chat.ask(f"well: {number} {FILLER}", quiet=True)
    calls = chat.ledger.calls()
    agree(list(emulator.journal), calls)
    kinds = Counter(call.kind for call in calls)
    assert kinds["answer"] == 6
    paths = Counter(record.path.rpartition("/")[2] for record in emulator.journal)
    assert kinds["embedding"] == paths["embeddings"] > 0


def test_the_embedded_emulator_is_booked_as_what_it_is(new_chat: Callable[[], Chat]) -> None:
    from qwen_nb.emulator.of_process import embedded

    chat = new_chat()
    emulator = embedded(pace=0)
    before = len(emulator.journal)
    for number in range(3):
        chat.ask(f"Why {number}?", quiet=True)
    calls = chat.ledger.calls()
    agree(list(emulator.journal)[before:], calls)
    assert len(calls) == 3
    assert all(call.scripted for call in calls)
