"""The panel, its widgets moved as the page's messages move them; no browser, no kernel."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from qwen_nb import Chat
from qwen_nb.emulator.server import Emulator
from qwen_nb.magics.panel.controls import Panel, Panels, close_panels
from qwen_nb.texts import text

Notebook = Any
VIEW = "application/vnd.jupyter.widget-view+json"


class FrontEnd:
    """A kernel as far as the panel looks: what the request of the running cell said."""

    def __init__(self) -> None:
        self.cell, self.watched = "cell-1", True

    def get_parent(self, channel: str) -> dict[str, Any]:
        return {"content": {"allow_stdin": self.watched}, "metadata": {"cellId": self.cell}}


@pytest.fixture
def wire(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, Any]]:
    """Stand in for the wire of every comm; gives what was sent on it."""
    import comm
    from comm.base_comm import BaseComm

    sent: list[tuple[str, Any]] = []

    class Wire(BaseComm):
        def publish_msg(self, msg_type: str, data: Any = None, **others: Any) -> None:
            sent.append((self.comm_id, data))

    monkeypatch.setattr(comm, "create_comm", Wire)
    return sent


@pytest.fixture
def page(
    notebook: Notebook, wire: list[Any], monkeypatch: pytest.MonkeyPatch
) -> Iterator[FrontEnd]:
    front_end = FrontEnd()
    monkeypatch.setattr(notebook.shell, "kernel", front_end, raising=False)
    yield front_end
    close_panels(notebook.shell)


@pytest.fixture
def chat(notebook: Notebook) -> Chat:
    chat: Chat = notebook.shell.magics_manager.registry["QwenMagics"].chat
    return chat


@pytest.fixture
def opened(notebook: Notebook, settled: Emulator, page: FrontEnd) -> Callable[[], Panel]:
    """Open a panel as a person does."""

    def opened() -> Panel:
        ran = notebook.run("%qwen_nb panel")
        assert ran.error is None, ran.error
        *_, last = Panels.of(notebook.shell)
        assert ran.displayed[-1][VIEW]["model_id"] == last.box.model_id
        return last

    return opened


def moves(control: Any, **state: Any) -> None:
    """Let the page change a control."""
    control._handle_msg({"content": {"data": {"method": "update", "state": state}}})


def types(control: Any, value: str) -> None:
    moves(control, value=value)


def chooses(control: Any, value: str) -> None:
    moves(control, index=[each for _, each in control.options].index(value))


def presses(button: Any) -> None:
    content = {"method": "custom", "content": {"event": "click"}}
    button._handle_msg({"content": {"data": content}, "buffers": []})


def shown(panel: Panel) -> dict[str, str]:
    names = ("model", "thinking", "budget", "server", "conversation")
    return {name: getattr(panel, name).value for name in names}


# -- writing -------------------------------------------------------------------------------


def test_a_change_holds_from_the_next_question(
    notebook: Notebook, chat: Chat, settled: Emulator, opened: Callable[[], Panel]
) -> None:
    def sent() -> dict[str, Any]:
        notebook.run("%qwen -q --once Hi")
        names = ("model", "enable_thinking", "thinking_budget")
        body = settled.journal[-1].body
        return {name: body[name] for name in names if name in body}

    panel = opened()
    types(panel.model, " qwen3-max ")
    chooses(panel.thinking, "off")
    assert chat.session == {"model": "qwen3-max", "thinking": "off"}
    assert sent() == {"model": "qwen3-max", "enable_thinking": False}
    types(panel.budget, "50")
    assert (panel.thinking.value, panel.notice.message) == (
        "on", "Thinking from the next question on: on, up to 50 tokens.",
    )  # fmt: skip
    assert sent() == {"model": "qwen3-max", "enable_thinking": True, "thinking_budget": 50}
    types(panel.budget, "")
    assert sent() == {"model": "qwen3-max", "enable_thinking": True}
    chooses(panel.thinking, "")
    assert sent() == {"model": "qwen3-max"}
    types(panel.model, "")
    assert chat.session == {}
    assert (panel.model.value, sent()["model"]) == ("qwen-plus", "qwen-plus")
    types(panel.model, "somebody/else:7b")
    assert panel.notice.message.endswith(text("panel.unknown_model"))
    assert sent() == {"model": "somebody/else:7b"}


def test_the_server_is_chosen_as_use_chooses_it(
    notebook: Notebook, chat: Chat, settled: Emulator, opened: Callable[[], Panel]
) -> None:
    panel = opened()
    assert panel.server.options[0] == (f"default ({chat.server().name})", "")
    assert panel.model.options == ()  # what a server of one's own has, nobody knows here
    chooses(panel.server, "emulator")
    assert chat.session == {"server": "emulator"}
    assert chat.server(started=False).scripted
    assert "qwen3-max" in panel.model.options
    chooses(panel.server, "singapore")
    assert "login" in panel.notice.message  # there is no key
    notebook.run(f"%qwen_nb config base_url {settled.openai_base_url}")
    assert panel.server.label == panel.server.value == settled.openai_base_url
    # an address of the session does not hold back what is chosen after it
    chooses(panel.server, "emulator")
    assert chat.server(started=False).scripted
    chooses(panel.server, "")
    assert chat.session == {}


def test_a_key_makes_a_server_usable(
    notebook: Notebook, opened: Callable[[], Panel], monkeypatch: pytest.MonkeyPatch
) -> None:
    panel = opened()
    names = dict(panel.server.options)
    assert names["Ollama"] == "ollama"
    assert names["Model Studio (Singapore), no key yet"] == "singapore"
    assert "DeepSeek" not in names
    monkeypatch.setenv("DEEPSEEK_API_KEY", "sk-1")
    monkeypatch.setenv("DASHSCOPE_API_KEY", "sk-2")
    names = dict(opened().server.options)
    assert names["DeepSeek"] == "deepseek"
    assert names["Model Studio (Singapore)"] == "singapore"


def test_conversations(
    notebook: Notebook, settled: Emulator, page: FrontEnd, opened: Callable[[], Panel]
) -> None:
    def sent(prompt: str) -> list[str]:
        page.cell = f"asks-{prompt}"
        notebook.run(f"%qwen -q {prompt}")
        messages = settled.journal[-1].body["messages"]
        return [each["content"] for each in messages if each["role"] == "user"]

    panel = opened()
    presses(panel.new)
    assert panel.notice.message == text("panel.still_empty", name="main")
    sent("one")
    presses(panel.new)
    assert panel.conversation.value == "chat-2"
    presses(panel.new)  # nothing was said in it yet
    assert panel.conversation.options == (("main", ""), ("chat-2", "chat-2"))
    assert sent("two") == ["two"]
    assert panel.notice.usage.startswith("1 turn · in ")
    chooses(panel.conversation, "")
    assert sent("three") == ["one", "three"]
    assert panel.notice.usage.startswith("2 turns · in ")
    notebook.run("%qwen_nb switch chat-2")
    assert panel.conversation.value == "chat-2"


@pytest.mark.parametrize("typed", ["abc", "0", "-5", "1.5", "on", "1,000", "<b>$x$"])
def test_a_bad_value_is_refused_in_the_panel(
    typed: str,
    chat: Chat,
    wire: list[Any],
    opened: Callable[[], Panel],
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    panel = opened()
    types(panel.budget, "7")
    capfd.readouterr()
    types(panel.budget, typed)
    assert panel.budget.value == "7"
    assert chat.session == {"thinking": "7"}
    assert panel.notice.failed
    assert panel.notice.message == text("panel.bad_budget", value=typed)
    # the page, which shows what was typed, is told the old value
    states = [data["state"] for id, data in wire if id == panel.budget.model_id]
    assert states[-1]["value"] == "7"
    assert caplog.text == "".join(capfd.readouterr()) == ""
    types(panel.budget, "8")
    assert not panel.notice.failed


def test_what_nobody_foresaw_is_told_in_our_words(
    chat: Chat, opened: Callable[[], Panel], monkeypatch: pytest.MonkeyPatch
) -> None:
    panel = opened()
    monkeypatch.setattr(chat, "catalogue", lambda: 1 / 0)
    types(panel.model, "qwen3-max")
    assert panel.notice.message == text("panel.failed", kind="ZeroDivisionError")


# -- reading -------------------------------------------------------------------------------


def test_what_commands_change_arrives_and_is_not_written_back(
    notebook: Notebook, chat: Chat, page: FrontEnd, opened: Callable[[], Panel]
) -> None:
    one = opened()
    page.cell = "cell-2"
    two = opened()
    notebook.run("%qwen_nb config thinking 99")
    notebook.run("%config QwenMagics.model = 'qwen3-max'")
    assert shown(one) == shown(two)
    assert shown(one) == {
        "model": "qwen3-max", "thinking": "on", "budget": "99", "server": "",
        "conversation": "",
    }  # fmt: skip
    assert chat.session == {"thinking": "99", "model": "qwen3-max"}
    types(two.budget, "98")
    assert (one.budget.value, two.budget.value) == ("98", "98")
    assert (one.notice.message, bool(two.notice.message)) == ("", True)
    notebook.run("%qwen_nb config thinking default")
    assert two.notice.message == ""
    assert dict(one.thinking.options) == {"default (off)": "", "on": "on", "off": "off"}
    notebook.run("%qwen_nb config lang zh")
    names = ("model", "thinking", "budget", "server", "conversation", "new")
    for name in names:
        assert getattr(one, name).description == text(f"panel.{name}", "zh")
    assert one.notice.label == text("panel.label", "zh")


def test_settings_that_cannot_be_read_are_told_and_disturb_no_cell(
    notebook: Notebook, opened: Callable[[], Panel], monkeypatch: pytest.MonkeyPatch
) -> None:
    panel = opened()
    monkeypatch.setenv("QWEN_NB_MODEL", "m")
    monkeypatch.setenv("QWEN_NB_THINKING", "\u202ebanana")
    ran = notebook.run("1 + 1")
    assert (ran.result, ran.error, ran.err) == (2, None, "")
    assert "QWEN_NB_THINKING" in panel.notice.message
    assert r"\u202ebanana" in panel.notice.message
    assert panel.notice.failed
    monkeypatch.setenv("QWEN_NB_THINKING", "off")
    notebook.run("1 + 1")
    assert (panel.notice.message, panel.thinking.label) == ("", "default (off)")


def test_what_is_used_grows_with_its_cost(
    notebook: Notebook, opened: Callable[[], Panel]
) -> None:
    panel = opened()
    notebook.run("%qwen -q --new Hello")
    used = panel.notice.usage
    assert used.startswith("1 turn · in 9 · out ")
    assert "$" not in used  # nobody knows what this server costs
    notebook.run("%qwen_nb models --set-price qwen-plus 127.0.0.1 1 2\n%qwen -q Hello")
    usage = notebook.names["_qwen"].usage
    assert panel.notice.usage.startswith(f"1 turn · in {9 + usage.input} · out ")
    assert "$0.00" in panel.notice.usage


# -- opening and closing -------------------------------------------------------------------


def widgets() -> int:
    from ipywidgets.widgets.widget import _instances

    return len(_instances)


def test_a_panel_goes_with_its_cell(
    notebook: Notebook, page: FrontEnd, opened: Callable[[], Panel]
) -> None:
    before, handlers = widgets(), len(notebook.shell.events.callbacks["post_run_cell"])
    first = opened()
    each = widgets() - before
    assert opened() is not first  # the same cell, run again
    assert widgets() - before == each
    notebook.run("for _ in range(2): get_ipython().run_line_magic('qwen_nb', 'panel')")
    assert widgets() - before == 2 * each
    for number in range(12):
        page.cell = f"other-{number}"
        opened()
    assert widgets() - before == 10 * each
    one, *_ = Panels.of(notebook.shell)
    one.box.close()
    assert widgets() - before == 9 * each
    assert len(notebook.shell.events.callbacks["post_run_cell"]) == handlers + 1
    close_panels(notebook.shell)
    assert widgets() == before
    assert len(notebook.shell.events.callbacks["post_run_cell"]) == handlers


def test_where_nobody_could_use_it_it_is_the_status(
    notebook: Notebook, settled: Emulator, page: FrontEnd, monkeypatch: pytest.MonkeyPatch
) -> None:
    status = notebook.run("%qwen_nb status").out.rstrip("\n")
    live = notebook.run("%qwen_nb panel").displayed
    page.watched = False
    (still,) = notebook.run("%qwen_nb panel").displayed
    assert still["text/plain"] == status
    assert set(still) == {"text/plain", "text/html"}
    # what is saved of a live panel says the same, so that nbval finds it again
    assert live[0] == still
    assert set(live[1]) == {VIEW}
    page.watched = True
    notebook.run("%qwen_nb config display static")
    assert len(notebook.run("%qwen_nb panel").displayed) == 1
    monkeypatch.delattr(notebook.shell, "kernel")
    ran = notebook.run("%qwen_nb panel")
    assert (ran.out, ran.displayed) == (f"{status}\n", [])


def test_nothing_of_it_is_loaded_before_it_is_asked_for() -> None:
    code = (
        "import qwen_nb.magics.magics, sys; print({'ipywidgets', 'anywidget'} & {*sys.modules})"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert told.stdout.strip() == "set()", told.stderr
