"""However a turn ended, the next request is one that a server accepts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from qwen_nb.emulator.scripts import Script
from qwen_nb.emulator.server import Emulator
from tests.conversation._page import Page, said

pytestmark = pytest.mark.kernel

# what the second of three questions meets, how it ends, and whether it is sent along
ENDS = {
    "stop": (None, "", "stop", True),
    "stopped in the thinking": (None, "thinking", "stopped", False),
    "stopped in the answer": (None, "answer", "stopped", True),
    "cut in the thinking": ("cut-thinking=3", "", "cut", False),
    "cut in the answer": ("cut-answer=3", "", "cut", True),
    "moderated in the answer": ("moderation=3", "", "blocked", False),
    "refused": ("error=data_inspection_failed", "", None, False),
    "failed": ("status=500", "", None, False),
    "no first byte": ("hangup", "", None, False),
    "at its limit": (None, "limit", "length", True),
    "empty": ("empty", "", "stop", False),
}

ASK = """
kinds = dict(thinking="ThinkingDelta", answer="AnswerDelta")
def ask(prompt, stop_in="", **how):
    if not stop_in:
        return Chat.current().ask(prompt, thinking=True, **how)
    stream = Chat.current().stream(prompt, thinking=True)
    for event in stream:
        if type(event).__name__ == kinds[stop_in]:
            break
    stream.close()
"""


@pytest.fixture(scope="module")
def service() -> Iterator[Emulator]:
    with Emulator(pace=0) as emulator:
        for name, (fault, *_) in ENDS.items():
            given = {"answer": "", "thinking": ""} if fault == "empty" else {}
            script = {"thinking": "Let me see. " * 20, "answer": "It is so. " * 20} | given
            emulator.script(
                Script(name=name, asks=f"^{name}$", fault=None if given else fault, **script)
            )
        yield emulator


@pytest.fixture(scope="module")
def page(service: Emulator, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    with Page(tmp_path_factory.mktemp("ends"), service) as page:
        page.run("def", ASK)
        yield page


@pytest.mark.parametrize("name", ENDS)
def test_the_next_request_is_well_formed(page: Page, service: Emulator, name: str) -> None:
    _, how, finish, is_sent = ENDS[name]
    service.pace = 0.002 if how in ("thinking", "answer") else 0
    page.run(f"{name} 1", f"%%qwen --new\nBefore {name}")
    more = ", max_tokens=5" if how == "limit" else f", stop_in={how!r}"
    page.run(f"{name} 2", f"ask({name!r}{more})")
    service.pace = 0
    after = page.run(f"{name} 3", f"%%qwen\nAfter {name}")
    assert not after.error
    record = service.journal[-1]
    assert record.status == 200
    assert said(record) == [f"Before {name}", *([name] if is_sent else []), f"After {name}"]
    messages = record.body["messages"]
    assert [one["role"] for one in messages[:-1:2]] == ["user"] * (len(messages) // 2)
    assert all(one["content"] for one in messages)
    ended = [each[3] for each in page.talk() if each[0] == name]
    assert ended == ([finish] if finish and (is_sent or name != "empty") else [])


def test_the_emulators_answers_are_not_sent_to_a_server(
    service: Emulator, tmp_path: Path
) -> None:
    with Page(tmp_path) as page:  # no server is set: the embedded emulator answers
        page.run("a", "%%qwen\nA first question")
        page.run("b", "%%qwen\nA second question")
        assert page.value("json.dumps(_qwen.scripted)") is True
        service.journal.clear()
        told = {
            "QWEN_NB_BASE_URL": service.openai_base_url,
            "QWEN_NB_API_KEY": service.key,
        }
        page.run("set", f"import os; os.environ.update({told!r})")
        first = page.run("c", "%%qwen\nWhat did I ask first?")
        assert not first.error, first
        assert said(service.journal[-1]) == ["What did I ask first?"]
        assert "2 earlier turns were answered by the emulator and not sent" in first.text
        page.run("d", "%%qwen\nAnd then?")
        assert said(service.journal[-1]) == ["What did I ask first?", "And then?"]
        page.run("unset", f"for name in {list(told)}: del os.environ[name]")
        shown = page.run("e", "%%qwen\nWhat did I ask first?")
        assert "You began with: “A first question”" in shown.text  # nothing of it is lost
