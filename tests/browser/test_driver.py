"""The driver's eyes and hands, and its instruments, on samples whose answer is known."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest

from tests.browser._lab import App, Lab, Notebook
from tests.browser._measure import Message, busiest_second, busy, violations, wire

pytestmark = pytest.mark.browser

SAMPLE = """\
from IPython.display import HTML

HTML('''
  <button onclick="navigator.clipboard.writeText('said 你好')">Copy</button>
  <div class="long" tabindex="0" style="height: 50px; overflow: auto">
    <div style="height: 2000px">long</div></div>
''')"""

FAULTY = """\
from IPython.display import HTML

HTML('<button></button><input>')"""


@pytest.fixture(scope="module")
def notebook(lab: Lab) -> Iterator[Notebook]:
    with lab.open([SAMPLE, FAULTY]) as notebook:
        notebook.run_all()
        yield notebook


def test_a_button_is_pressed_by_its_name_and_what_it_copied_is_read(notebook: Notebook) -> None:
    notebook.press_button(0, "Copy")
    notebook.wait_for("() => navigator.clipboard.readText().then(Boolean)")
    assert notebook.clipboard() == "said 你好"


def test_the_wheel_scrolls_a_box(notebook: Notebook) -> None:
    before = notebook.scroll(0, ".long")
    assert (before.top, before.end) == (0, 1950)
    notebook.turn_wheel(0, ".long", 100)
    notebook.wait_for("() => document.querySelector('.long').scrollTop === 100")
    assert notebook.scroll(0, ".long").top == 100


def test_the_page_can_be_narrow(notebook: Notebook) -> None:
    notebook.resize(420)
    assert notebook.ask("() => innerWidth") == 420
    notebook.resize(1000)


def test_less_motion_can_be_wanted(notebook: Notebook) -> None:
    wanted = "() => matchMedia('(prefers-reduced-motion: reduce)').matches"
    assert not notebook.ask(wanted)
    notebook.reduce_motion()
    assert notebook.ask(wanted)


def test_a_second_view_shows_what_the_first_shows(notebook: Notebook) -> None:
    index = notebook.run_new("shown = display(1, display_id='an id')")
    notebook.open_second_view(index)
    notebook.run_new("shown.update('changed')")
    notebook.wait_for("() => document.querySelector('.jp-LinkedOutputView').innerText !== '1'")
    assert "changed" in notebook.second_view()
    assert "changed" in notebook.text(index)


NOTE_BUSY = """() => {
  const { kernel } = PANEL.sessionContext.session;
  kernel.statusChanged.connect((_, status) => { window.qnBusy ||= status === "busy"; });
}"""


@pytest.mark.parametrize("app", ["lab", "notebook"])
def test_a_page_loaded_again_finds_its_kernel(labs: Callable[[App], Lab], app: App) -> None:
    with labs(app).open(["import time\nkept = 1\ntime.sleep(3)"]) as notebook:
        notebook.ask(NOTE_BUSY)  # a busy machine may look only when it is over
        notebook.start(0)
        notebook.wait_for("() => window.qnBusy")
        notebook.reload()
        notebook.wait_for_kernel()
        (result,) = notebook.outputs(notebook.run_new("kept"))
        assert result["data"]["text/plain"] == "1"


def test_widgets_are_saved_where_the_person_wants_it(lab: Lab) -> None:
    with lab.open(["import ipywidgets\n\nipywidgets.IntSlider()"]) as notebook:
        notebook.run_all()
        assert "widgets" not in notebook.save().metadata
        with notebook.saving_widgets():
            notebook.run_all()
            assert "widgets" in notebook.save().metadata


# -- the instruments -----------------------------------------------------------------------


def test_axe_finds_what_is_wrong_and_only_that(notebook: Notebook) -> None:
    assert violations(notebook, 0) == []
    found = {violation.rule: violation.nodes for violation in violations(notebook, 1)}
    assert found.keys() == {"button-name", "label"}
    assert found["button-name"] == ("<button></button>",)
    assert found.keys() <= {violation.rule for violation in violations(notebook)}


def test_the_wire_counts_each_message(notebook: Notebook) -> None:
    source = (
        "import time\nfor number in (10, 25, 5):\n"
        "    for _ in range(number): display({}, raw=True)\n    time.sleep(2)"
    )
    with wire(notebook) as heard:
        notebook.run_new(source)
    shown = heard.shown({"display_data"})
    assert len(shown) == 40
    assert busiest_second(shown) == 25
    kinds = {message.kind for message in heard.shown()}
    assert kinds == {"status", "execute_input", "display_data"}
    assert "execute_reply" in {message.kind for message in heard.messages}


def test_the_busiest_second_begins_anywhere() -> None:
    times = [0.0, 0.95, 1.0, 1.5, 1.8, 1.9, 3.0]
    assert busiest_second([Message(at, "iopub", "comm_msg") for at in times]) == 5
    assert busiest_second([]) == 0


def test_the_main_threads_work_is_measured(notebook: Notebook) -> None:
    with busy(notebook) as idle:
        time.sleep(0.6)
    with busy(notebook) as worked:
        notebook.ask("() => { const end = performance.now() + 600;"
                     " while (performance.now() < end); }")  # fmt: skip
    assert worked.task_s >= 0.6
    assert idle.task_s < 0.5 * worked.task_s
