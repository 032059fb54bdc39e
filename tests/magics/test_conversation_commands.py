"""The commands about conversations, run in a shell as a person runs them."""

import json
import re
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from IPython.core.error import UsageError

from qwen_nb import Chat, ConfigError, Reply
from qwen_nb.emulator.server import Emulator
from qwen_nb.render.table import columns
from qwen_nb.store.store import Store
from qwen_nb.texts import text
from tests.conversation.identity._kernels import Kernel, kernel
from tests.conversation.identity._notebooks import cell, write

Notebook = Any
LANGUAGES = pytest.mark.parametrize("language", ["en", "zh"])


def chat_of(notebook: Notebook) -> Chat:
    chat: Chat = notebook.shell.magics_manager.registry["QwenMagics"].chat
    return chat


@pytest.fixture
def said(notebook: Notebook, settled: Emulator, tmp_path: Path) -> Callable[..., str]:
    """Run a command; return what it printed."""

    def said(line: str) -> str:
        ran = notebook.run(f"%qwen_nb {line}")
        assert ran.error is None, ran.error
        out: str = ran.out
        return out.rstrip("\n")

    return said


@pytest.fixture
def refused(notebook: Notebook, settled: Emulator) -> Callable[..., str]:
    """Run a command that cannot be done; return the one line that says why."""

    def refused(line: str, kind: type[Exception] = UsageError) -> str:
        ran = notebook.run(f"%qwen_nb {line}")
        assert isinstance(ran.error, kind), ran.error
        assert "\n" not in str(ran.error)
        return str(ran.error)

    return refused


@pytest.fixture
def asked(notebook: Notebook, settled: Emulator) -> Callable[..., list[str]]:
    """Ask; return the questions that went along, the own one last."""

    def asked(prompt: str, options: str = "") -> list[str]:
        ran = notebook.run(f"%qwen -q {options} {prompt}")
        assert ran.error is None, ran.error
        return sent(settled)

    return asked


def sent(settled: Emulator) -> list[str]:
    messages = settled.journal[-1].body["messages"]
    return [each["content"] for each in messages if each["role"] == "user"]


def sends(n: int, language: Any = "en") -> str:
    key = {0: "chats.sends_none", 1: "chats.sends_one"}.get(n, "chats.sends")
    return text(key, language, n=n)


def rows(table: str) -> list[list[str]]:
    return [re.split(r"\s{2,}", line.strip()) for line in table.split("\n")[2:]]


# -- undo, restore, retry --------------------------------------------------------------------


@LANGUAGES
def test_undo_and_restore_say_what_the_next_question_sends(
    language: str, said: Any, asked: Any
) -> None:
    said(f"config lang {language}")
    asked("one")
    asked("two")
    asked("三")
    told = said("undo")
    assert "\n" not in told
    assert "三" in told
    assert told.endswith(sends(2, language))
    assert said("restore").endswith(sends(3, language))
    assert said("undo 2").endswith(sends(1, language))
    assert asked("four") == ["one", "four"]
    assert said("undo 9").endswith(sends(0, language))
    assert asked("five") == ["five"]


def test_a_version_comes_back_and_goes_again(said: Any, asked: Any, notebook: Any) -> None:
    asked("one")
    first = chat_of(notebook).turns[0].reply
    notebook.run("%qwen_nb retry -q -t 0.3 -p seed=7")
    second = chat_of(notebook).turns[0].reply
    assert "version of turn 1" in said("restore 1")
    assert chat_of(notebook).turns[0].reply == first
    said("restore 1")
    assert chat_of(notebook).turns[0].reply == second


def test_retry_is_a_new_version_with_other_options(
    notebook: Any, settled: Emulator, asked: Any, said: Any
) -> None:
    asked("one", "-s 'Be brief.'")
    asked("two", "--no-think")
    ran = notebook.run("again = %qwen_nb retry --think 50 -m qwen-plus-latest -o held")
    assert ran.error is None
    assert "two" not in ran.out
    assert isinstance(notebook.names["again"], Reply)
    assert notebook.names["held"] is notebook.names["again"] is notebook.names["_qwen"]
    assert notebook.names["again"].answer[:20] in ran.out  # drawn, and once
    assert ran.out.count(notebook.names["again"].answer[:20]) == 1
    body = settled.journal[-1].body
    assert (body["model"], body["thinking_budget"]) == ("qwen-plus-latest", 50)
    assert body["messages"][0] == {"role": "system", "content": "Be brief."}
    assert sent(settled) == ["one", "two"]
    assert [row[0] for row in rows(said("history"))] == ["1", "2", "2"]
    assert [turn.prompt for turn in chat_of(notebook).turns] == ["one", "two"]


def test_retry_shows_what_it_would_send(notebook: Any, settled: Emulator, asked: Any) -> None:
    asked("one")
    settled.journal.clear()
    assert '"temperature": 0.5' in notebook.run("%qwen_nb retry -t 0.5 --dry-run").out
    assert not settled.journal


NOTHING = {
    "undo": "undo.none", "restore": "restore.none", "history": "history.none",
    "export x.md": "history.none", "fork x": "history.none",
}  # fmt: skip


@pytest.mark.parametrize("command", NOTHING)
@LANGUAGES
def test_nothing_was_asked_yet(command: str, language: Any, said: Any, refused: Any) -> None:
    said(f"config lang {language}")
    assert refused(command) == text(NOTHING[command], language)


def test_nothing_to_ask_again(refused: Any) -> None:
    assert "Nothing was asked" in refused("retry", ConfigError)


WRONG = {
    "undo x": "number", "undo 0": "number", "undo -1": "number", "restore 9": "no turn 9",
    "restore x": "number", "history 1 2": "number", "history 9 --thinking": "no turn 9",
    "history --think": "--thinking", "fork": "name", "fork --at 1": "name",
    "fork a --at 9": "no turn 9", "fork main": "own conversation",
    "new main": "own conversation", "new -x": "name", "switch": "name",
    "switch mian": "mean main",
    "retry what": "options only", "retry --thnik": "--think", "search": "words",
    'search "': "words", "search ???": "words", "search nowhere": "nowhere",
    "export": ".jsonl", "export x.txt": ".jsonl", "import x.md": ".json",
    "import nothing.json": "nothing.json", "restore 1": "no other version",
    "chatz": "chats", "histroy": "history", "serach x": "search",
}  # fmt: skip


@pytest.mark.parametrize("line", WRONG)
def test_what_cannot_be_done_changes_nothing(
    line: str, asked: Any, refused: Any, notebook: Any
) -> None:
    asked("one")
    before = chat_of(notebook).conversation.entries
    assert WRONG[line] in refused(line)
    assert chat_of(notebook).conversation.entries == before
    assert asked("two") == ["one", "two"]


# -- several conversations -------------------------------------------------------------------


@LANGUAGES
def test_conversations_side_by_side(language: Any, said: Any, asked: Any) -> None:
    said(f"config lang {language}")
    asked("one")
    assert said("new 草稿 b").endswith(sends(0, language))
    assert asked("two") == ["two"]
    assert asked("three", "-c main") == ["one", "three"]
    assert asked("four", "--chat '草稿 b'") == ["two", "four"]
    assert said("switch main").endswith(sends(2, language))
    assert asked("five") == ["one", "three", "five"]
    table = said("chats")
    active = [row for row in rows(table) if row[0] == "→"]
    assert [(row[1], row[2]) for row in active] == [("main", "3")]
    assert any(row[:2] == ["草稿 b", "2"] for row in rows(table))


def test_a_fork_goes_on_by_itself(said: Any, asked: Any, refused: Any) -> None:
    asked("one")
    asked("two")
    asked("three")
    told = said("fork plan --at 2")
    assert "up to turn 2" in told
    assert told.endswith(sends(2))
    assert asked("four") == ["one", "two", "four"]
    assert "already" in refused("fork plan")
    said("switch main")
    assert asked("five") == ["one", "two", "three", "five"]
    said("fork whole")
    assert asked("six") == ["one", "two", "three", "five", "six"]
    used = {row[-5] if row[0] != "→" else row[1]: row[-3] for row in rows(said("chats"))}
    assert used["whole"] != used["main"]  # copies were paid for once


@LANGUAGES
def test_a_name_is_taken_over_only_when_told_so(
    language: Any, said: Any, asked: Any, refused: Any
) -> None:
    said(f"config lang {language}")
    asked("one")
    asked("two")
    said("fork plan --at 1")
    asked("three")
    said("switch main")
    assert "--force" in refused("fork plan --at 1")
    assert "no turn 9" in refused("fork plan --at 9 --force") or language == "zh"
    told = said("fork plan --force --at 1")
    assert text("chats.aside", language, name="plan-2") in told
    assert asked("four") == ["one", "four"]
    assert asked("five", "-c plan-2") == ["one", "three", "five"]
    # a copy of itself, and a new one that is empty
    assert text("chats.aside", language, name="plan-3") in said("fork plan --force")
    assert asked("six") == ["one", "four", "six"]
    assert text("chats.aside", language, name="plan-4") in said("new plan --force")
    assert asked("seven") == ["seven"]
    assert text("chats.aside", language, name="x") not in said("new x --force")
    said("switch main")
    assert asked("eight") == ["one", "two", "eight"]


@LANGUAGES
def test_an_unknown_conversation_is_told_the_nearest(
    language: Any, said: Any, refused: Any
) -> None:
    said(f"config lang {language}")
    said("new draft")
    told = refused("switch darft")
    assert text("command.near", language, name="draft") in told
    assert "main" in told


def test_the_status_names_the_conversation(said: Any, asked: Any) -> None:
    asked("one")
    assert "conversation: 1 turns in main, in memory only" in said("status")
    said("new x")
    assert "conversation: 0 turns in x, in memory only" in said("status")


# -- looking back ----------------------------------------------------------------------------

LONG = "数字9.9和9.11哪个大?请一步一步想," * 20


@pytest.mark.parametrize("width", [80, 120])
@LANGUAGES
def test_history_is_aligned(
    width: int, language: Any, said: Any, asked: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    said(f"config lang {language}")
    asked("short")
    asked(LONG)
    asked("\x1b[31mred\x1b[0m \u202e and more")
    said("undo")
    said("new")
    asked("anew")
    table = said("history")
    lines = table.split("\n")
    assert max(map(columns, lines)) <= width
    assert columns(lines[3]) > width - 30  # the room is used
    assert "\x1b" not in table
    assert "\u202e" not in table
    starts = [
        at for at, sign in enumerate(lines[1]) if sign == "─" and lines[1][at - 1 : at] != "─"
    ]
    for line in lines:  # every column begins where its rule does
        told = "".join(sign * columns(sign) for sign in line).ljust(starts[-1])
        assert all(told[start - 2 : start].isspace() for start in starts[1:])
    assert text("history.undone", language) in lines[4]
    assert text("history.anew", language) in lines[5]
    assert lines[5].startswith("1 ")


def test_history_shows_what_became_of_each(
    said: Any, asked: Any, notebook: Any, settled: Emulator
) -> None:
    asked("one")
    asked("two", "--max-tokens 3")
    asked("three")
    notebook.run("%qwen_nb retry -q")
    said("undo 2")
    said("restore")
    told = {(row[-3], row[-1]) for row in rows(said("history"))}
    assert {
        ("two", "cut at its length"),
        ("three", "taken back"),
        ("three", "replaced"),
    } <= told
    assert len(rows(said("history 1"))) == 3  # two versions, and what is not shown
    assert "Earlier turns not shown: 2" in said("history 1")


def test_a_turn_that_is_not_there_has_the_number_it_comes_back_with(
    said: Any, asked: Any, notebook: Any, settled: Emulator
) -> None:
    for words in ("one", "two", "three", "four"):
        asked(words)

    def numbers() -> list[str]:
        return [row[0] for row in rows(said("history"))]

    said("undo 3")
    assert numbers() == ["1", "(2)", "(3)", "(4)"]
    said("restore")
    assert numbers() == ["1", "2", "(3)", "(4)"]
    said("undo 2")  # the first now comes back first of all
    assert numbers() == ["(1)", "(2)", "(3)", "(4)"]
    asked("five")
    assert numbers() == ["(1)", "(2)", "(3)", "(4)", "1"]
    said("restore")
    assert numbers() == ["1", "(2)", "(3)", "(4)", "2"]
    asked("six", "--new")
    assert numbers()[-1] == "1"


def test_one_turn_in_full(said: Any, asked: Any, notebook: Any) -> None:
    asked("one", "--think")
    asked("two", "--no-think")
    reply = chat_of(notebook).turns[0].reply
    shown = said("history 1 --thinking")
    assert reply.thinking.strip() in shown
    assert reply.answer.strip() in shown
    assert "two" not in shown
    assert said("history --thinking").split("\n")[1] == "two"


def test_search_in_a_terminal_finds_what_is_in_memory(said: Any, asked: Any) -> None:
    asked("数字9.9和9.11哪个大?")
    asked("Where is the 天气 station?", "-c other")
    said("new x")
    found = said("search 哪个 大")
    assert found.split("\n")[0].startswith("in memory · main · turn 1 · ")
    assert "哪个大" in found
    assert "other" in said('search "天气 STATION"')


@LANGUAGES
def test_a_store_that_cannot_be_read_is_told(
    language: Any, notebook: Notebook, said: Any, refused: Any, tmp_path: Path
) -> None:
    said(f"config lang {language}")
    home = tmp_path / "home"
    home.mkdir(exist_ok=True)
    (home / "store.sqlite").write_bytes(b"no database at all" * 100)
    (note,) = notebook.run("r = %qwen -q one") and notebook.shell.user_ns["r"].notes
    assert "store.sqlite" in note  # why, once
    told = text("search.unreadable", language, path=str(home / "store.sqlite"))
    assert said("search one").endswith(told)
    assert refused("search nowhere").endswith(told)
    assert "store.sqlite" not in said("status")
    assert (home / "store.sqlite").read_bytes().startswith(b"no database")


# -- files -----------------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "folder"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


def test_a_conversation_goes_into_a_file_and_back(
    folder: Path, said: Any, asked: Any, notebook: Any
) -> None:
    asked("one", "-s 'Be brief.'")
    asked("二")
    notebook.run("%qwen_nb retry -q")
    said("undo")
    before = chat_of(notebook).conversation.entries
    assert "answers: 3" in said("export 'my file.jsonl'")
    assert said("import 'my file.jsonl'").endswith(sends(1))
    after = chat_of(notebook).conversation.entries
    assert [each.turn for each in after] == [each.turn for each in before]
    assert [each.state for each in after] == ["current", "replaced", "undone"]
    assert [each.copy_of for each in after] == [each.id for each in before]
    assert asked("three") == ["one", "three"]
    said("switch main")
    assert chat_of(notebook).conversation.entries == before


def test_every_form_is_written(folder: Path, said: Any, asked: Any, notebook: Any) -> None:
    asked("one", "--think")
    asked("二")
    said("export a.md")
    said("export a.json")
    page = (folder / "a.md").read_text("utf-8")
    assert "> 二" in page
    assert "<details>" in page
    messages = json.loads((folder / "a.json").read_text("utf-8"))
    assert messages == chat_of(notebook).messages
    assert said("import a.json").endswith(sends(2))
    assert asked("three") == ["one", "二", "three"]
    said("import a.json")
    assert {"a", "a-2", "main"} <= {
        name for row in rows(said("chats")) for name in row
    }  # nothing is imported into what is there


def test_a_file_that_is_there_is_left_alone(
    folder: Path, said: Any, asked: Any, refused: Any
) -> None:
    asked("one")
    (folder / "a.md").write_text("mine")
    assert "--force" in refused("export a.md")
    assert (folder / "a.md").read_text() == "mine"
    said("export --force a.md")
    assert "one" in (folder / "a.md").read_text("utf-8")
    assert [path.name for path in folder.iterdir()] == ["a.md"]


@pytest.mark.parametrize("name", ["bad.jsonl", "bad.json"])
def test_a_bad_file_changes_nothing(
    name: str, folder: Path, said: Any, asked: Any, refused: Any, notebook: Any
) -> None:
    asked("one")
    said("export whole.jsonl")
    chats, before = said("chats"), chat_of(notebook).conversation.entries
    whole = (folder / "whole.jsonl").read_bytes()
    (folder / name).write_bytes(whole[:-9])
    told = refused(f"import {name}", ConfigError)
    assert "ine 2" in told
    (folder / name).write_bytes(b"\n\n\xff\xfe")
    assert "ine 3" in refused(f"import {name}")
    assert said("chats") == chats
    assert chat_of(notebook).conversation.entries == before


# -- in a notebook, with a store -------------------------------------------------------------


TABLES = ("conversations", "entries", "running", "summaries", "calls")


@pytest.mark.kernel
def test_without_cells_everything_stays_in_memory(tmp_path: Path) -> None:
    home = tmp_path / "home" / "store-home"
    with kernel(tmp_path, str(tmp_path / "my nb.ipynb")) as running:
        running.run(f"import os; os.environ['QWEN_NB_HOME'] = {str(home)!r}")
        page = Page(running, tmp_path)
        nowhere: dict[str, Any] = {"cellId": None, "watched": False}
        page.ask("one", None, watched=False)
        (_, (bundle,)) = page.said("history", **nowhere)
        assert [row[2] for row in rows(bundle["text/plain"])] == ["one"]
        page.said("new x", **nowhere)
        page.ask("two", None, watched=False)
        assert "in memory" in page.said("chats", **nowhere)[1][0]["text/plain"]
        assert "in memory · main" in page.said("search one", **nowhere)[1][0]["text/plain"]
        assert "in memory only" in page.said("status", **nowhere)[0]
    # what was used is known, and nothing that was said
    with closing(sqlite3.connect(home / "store.sqlite")) as store:
        counts = [
            store.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for name in TABLES
        ]
    assert counts == [0, 0, 0, 0, 2]


SAID = """
from IPython.utils.capture import capture_output
def said(line, name="qwen_nb"):
    with capture_output() as captured:
        shell.run_line_magic(name, line)
    return [captured.stdout, [output.data for output in captured.outputs]]
"""


class Page:
    """A notebook whose cells say who they are."""

    def __init__(self, running: Kernel, folder: Path) -> None:
        self._kernel, self._folder = running, folder
        running.run("%load_ext qwen_nb\n" + SAID)

    def said(self, line: str, name: str = "qwen_nb", **options: Any) -> Any:
        told = {"cellId": "c0"} | options
        return self._kernel.value(f"said({line!r}, {name!r})", self._folder / "value", **told)

    def ask(self, prompt: str, cell_id: str | None, **options: Any) -> None:
        self._kernel.run(f"%qwen -q {prompt}", cellId=cell_id, **options)


@pytest.mark.kernel
def test_in_a_notebook_everything_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "my nb.ipynb"
    write(path, cell("first"), cell("c0"), cell("c1"), cell("c2"))
    home = tmp_path / "home" / "store-home"
    with kernel(tmp_path, str(path)) as running:
        running.run(f"import os; os.environ['QWEN_NB_HOME'] = {str(home)!r}")
        page = Page(running, tmp_path)
        page.ask("one", "c1")
        page.ask("数字9.9和9.11哪个大?", "c2")
        page.ask("one again", "c1")
        plain, (bundle,) = page.said("history")
        assert plain == ""
        assert set(bundle) == {"text/plain", "text/html"}
        told = [row[1:] for row in rows(bundle["text/plain"])]
        assert [row[0] for row in told] == ["c1", "c1", "c2"]
        assert [row[-1] for row in told][::2] == ["replaced", "on older context"]
        for row in told:
            for word in row:
                assert word in bundle["text/html"]
        page.said("new 草稿")
        page.ask("draft", "c3")
        (status, _) = page.said("status")
        assert "conversation: 1 turns in 草稿, kept in ~/store-home/store.sqlite" in status
        page.said(f"export {tmp_path}/a.jsonl")
        page.said("switch main", deletedCells=["c2"])
        assert "cell deleted" in page.said("history")[1][0]["text/plain"]
    with kernel(tmp_path, str(path)) as running:
        running.run(f"import os; os.environ['QWEN_NB_HOME'] = {str(home)!r}")
        page = Page(running, tmp_path)
        (_, (bundle,)) = page.said("chats")
        active = [row[:3] for row in rows(bundle["text/plain"])]
        assert active == [["→", "main", "1"], ["草稿", "1", *active[1][2:]]]
        (_, (bundle,)) = page.said("search 哪个大")
        assert bundle["text/plain"].startswith("my nb.ipynb · main · cell deleted · ")
        page.said(f"import {tmp_path}/a.jsonl")
        page.said("switch main")
        page.said("fork 草稿 --force")
        page.ask("new draft", "c3")
    with kernel(tmp_path, str(path)) as running:
        running.run(f"import os; os.environ['QWEN_NB_HOME'] = {str(home)!r}")
        page = Page(running, tmp_path)
        (_, (bundle,)) = page.said("chats")
        told = [row[row[0] == "→" :] for row in rows(bundle["text/plain"])]
        turns = {row[0]: row[1] for row in told}
        assert turns == {"main": "1", "a": "1", "草稿": "2", "草稿-2": "1"}
    with closing(Store(home / "store.sqlite")) as store:
        found = store.search("draft")  # the import is a copy, and not a second one
        assert [each.name for each in found] == ["草稿", "草稿-2"]
        (listing,) = [row for row in store.records_at(str(path)) if row.name == "a"]
        assert store.tokens(listing.id) == (0, 0)
        original = store.record(found[-1].conversation)
        assert original is not None
        assert store.holds(found[-1].id)
        assert store.tokens(original.id)[1] > 0
