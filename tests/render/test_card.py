import re
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from qwen_nb import render
from qwen_nb.render.html.static import bundle
from qwen_nb.render.html.still import SilentDisplay, StaticDisplay
from qwen_nb.render.live.card import CardDisplay
from qwen_nb.values import CallRecord, Frame, Opening, Reply, Timing, ToolCall
from qwen_nb.values.usage import Usage

VIEW = "application/vnd.jupyter.widget-view+json"
ASKING = Opening(model="qwen-plus", server="s", notes=("a note",))
REPLY = Reply(
    answer="It is.",
    thinking="Hm.",
    usage=Usage(1, 2),
    model="qwen-plus",
    timing=Timing(1.0, None, 2.0),
)


@pytest.fixture
def messages(monkeypatch):
    """Stand in for the wire of every comm; gives what was sent on it."""
    import comm
    from comm.base_comm import BaseComm

    sent = []

    class Wire(BaseComm):
        def publish_msg(self, msg_type, data=None, metadata=None, buffers=None, **keys):
            sent.append((msg_type, data))

    monkeypatch.setattr(comm, "create_comm", Wire)
    return sent


@pytest.fixture
def outputs(monkeypatch):
    """Stand in for the notebook; gives what was put below the cell, in order."""
    import IPython.display as ipython

    seen = []

    def display(data, **options):
        seen.append(("display", data, options.get("metadata"), options.get("display_id")))

    def update(data, **options):
        seen.append(("update", data, options.get("metadata"), options["display_id"]))

    monkeypatch.setattr(ipython, "display", display)
    monkeypatch.setattr(ipython, "update_display", update)
    monkeypatch.setattr(ipython, "clear_output", lambda wait: seen.append(("clear", wait)))
    return seen


def run(display, *frames, reply=REPLY):
    display.open(ASKING)
    for frame in frames:
        display.frame(frame)
    display.close(reply)


def custom(messages):
    return [data["content"] for _, data in messages if data and data.get("method") == "custom"]


def snapshots(messages):
    """Return what the trait `snap` was set to, without its first empty value."""
    states = [data["state"] for _, data in messages if data and "snap" in data.get("state", {})]
    return [state["snap"] for state in states if state["snap"]]


@pytest.fixture(autouse=True)
def no_cards_kept(monkeypatch):
    from collections import deque

    from qwen_nb.render.live import card as module

    monkeypatch.setattr(module, "_KEPT", deque())


FRAMES = [
    Frame(state="waiting", elapsed_s=0.1),
    Frame(state="thinking", thinking="Hm", tokens=1, elapsed_s=2.5),
    Frame(state="thinking", thinking="\x1b.", thinking_at=2, tokens=2, elapsed_s=2.6),
    Frame(
        state="answering", thinking="x", thinking_at=4, answer="中", tokens=3, elapsed_s=3.234
    ),
]


def frames_sent(messages):
    """Return each frame as the page gets it: a message, or a snapshot in its place."""
    told = [
        data["content"] if data.get("method") == "custom" else data["state"]["snap"]
        for _, data in messages
        if data.get("method") == "custom" or data.get("state", {}).get("snap")
    ]
    return told[:-1]  # the last says how it ended


def test_each_frame_is_one_message(messages, outputs):
    run(CardDisplay("en", owns_cell=True), *FRAMES)
    assert frames_sent(messages) == [
        {"state": "waiting", "n": 0, "s": 0.1},
        {"state": "thinking", "n": 1, "s": 2.5, "t": "Hm", "a": ""},
        {"state": "thinking", "n": 2, "s": 2.6, "t": "␛.", "to": 2},
        {
            **{"state": "answering", "n": 3, "s": 3.23, "t": "Hm␛.x", "a": "中"},
            "h": "Thought · 0.7 s · ~3 tokens",
        },
    ]


def test_offsets_count_what_the_card_was_sent(messages, outputs):
    frames = [
        Frame(state="answering", answer="\u202e", elapsed_s=3),
        Frame(state="answering", answer="b", answer_at=1, elapsed_s=4),
    ]
    run(CardDisplay("en", owns_cell=True), *frames)
    first, second = frames_sent(messages)
    assert first["a"] == "⟨U+202E⟩"
    assert (second["a"], second["ao"]) == ("b", 8)


def test_a_page_that_draws_the_card_late_misses_nothing_of_the_start(messages, outputs):
    frames = [
        Frame(state="thinking", thinking="a", elapsed_s=0.1),
        Frame(state="thinking", thinking="b", thinking_at=1, elapsed_s=0.2),
        Frame(state="answering", answer="c", elapsed_s=0.3),
        Frame(state="answering", answer="d", answer_at=1, elapsed_s=0.4),
        Frame(state="answering", answer="e", answer_at=2, elapsed_s=2.1),
    ]
    run(CardDisplay("en", owns_cell=True), *frames)
    sent = [(m.get("t"), m.get("to"), m.get("a"), m.get("ao")) for m in frames_sent(messages)]
    assert sent == [
        ("a", None, "", None),
        ("ab", 0, None, None),
        ("ab", None, "c", None),
        ("ab", 0, "cd", 0),
        (None, None, "e", 2),
    ]


def test_the_bytes_of_a_long_start_stay_linear(messages, outputs):
    frames = [
        Frame(state="answering", answer="x" * 1000, answer_at=1000 * n, elapsed_s=0.1)
        for n in range(100)
    ]
    run(CardDisplay("en", owns_cell=True), *frames)
    assert sum(len(m["a"]) for m in frames_sent(messages)) < 3 * 100_000


def test_a_snapshot_follows_when_the_text_has_doubled(messages, outputs):
    frames = [
        Frame(state="answering", answer="x", answer_at=n, tokens=n, elapsed_s=3)
        for n in range(100)
    ]
    run(CardDisplay("en", owns_cell=True), *frames)
    *growing, last = snapshots(messages)
    assert [len(snap["a"]) for snap in growing] == [1, 3, 7, 15, 31, 63]
    assert last["a"] == "x" * 100
    assert (last["state"], last["u"]) == ("done", "in 1 · out 2 · price unknown · qwen-plus")
    assert last["c"] == "2.0 s · first after 1.0 s · 2 tokens/s"


def test_the_last_snapshot_says_how_it_ended(messages, outputs):
    reply = Reply(thinking="Hm", finish_reason="stopped", model="m")
    run(CardDisplay("en", owns_cell=True), FRAMES[1], reply=reply)
    last = snapshots(messages)[-1]
    assert (last["state"], last["t"]) == ("stopped", "Hm")
    assert "stopped by you" in last["h"] and last["e"]


def test_the_last_five_cards_stay_open(messages, outputs):
    for _ in range(7):
        run(CardDisplay("en", owns_cell=True))
    assert [kind for kind, _ in messages].count("comm_close") == 2


def pressed(display, messages):
    """Press the Stop button of an open display; return what the page is told."""
    before = len(custom(messages))
    display._card._handle_custom_msg({"stop": True}, [])
    return custom(messages)[before:]


def test_the_stop_button_stops_and_says_so(messages, outputs):
    stops = []
    display = CardDisplay("en", owns_cell=True, stop_route="message")
    display.open(ASKING, lambda: stops.append(1))
    assert pressed(display, messages) == [{"ack": True}]
    assert stops == [1]


def test_a_card_that_has_ended_stops_nothing(messages, outputs):
    stops = []
    display = CardDisplay("en", owns_cell=True)
    display.open(ASKING, lambda: stops.append(1))
    card = display._card
    display.close(REPLY)
    card._handle_custom_msg({"stop": True}, [])
    assert stops == []


@pytest.mark.parametrize("junk", [None, [], {"stop": "yes"}, {"stop": 1}, {"x": True}])
def test_other_messages_stop_nothing(messages, outputs, junk):
    stops = []
    display = CardDisplay("en", owns_cell=True)
    display.open(ASKING, lambda: stops.append(1))
    display._card._handle_custom_msg(junk, [])
    assert stops == []


@pytest.mark.parametrize(
    ("options", "stop", "route"),
    [
        ({"stop_route": "message"}, print, "message"),
        ({"stop_route": "interrupt"}, print, "interrupt"),
        ({"stop_route": "interrupt", "detached": True}, print, "job"),
        ({"stop_route": "message"}, None, ""),
    ],
)
def test_the_page_knows_how_to_stop(messages, outputs, options, stop, route):
    CardDisplay("en", owns_cell=False, **options).open(ASKING, stop)
    (told,) = (d["state"]["stops"] for _, d in messages if d and "stops" in d["state"])
    assert told == route


def test_a_detached_card_uses_only_its_own_output(messages, outputs):
    run(CardDisplay("en", owns_cell=False, detached=True), *FRAMES)
    (_, view, _, name), (kind, static, metadata, same) = outputs
    assert list(view) == [VIEW] and name
    assert (kind, static, same) == ("update", bundle(REPLY), name)
    assert metadata["qwen_nb"]["finish_reason"] == "stop"


def test_a_detached_card_shows_what_went_wrong(messages, outputs):
    display = CardDisplay("en", owns_cell=False, detached=True)
    display.open(ASKING)
    display.close(Reply(finish_reason="failed"), "No <server>\x1b")
    _, (_, static, _, _) = outputs
    assert static["text/plain"] == "No <server>␛"
    assert "No &lt;server&gt;␛" in static["text/html"]


def test_a_quiet_detached_reply_leaves_metadata_only(messages, outputs):
    run(CardDisplay("en", owns_cell=False, detached=True, quiet=True), *FRAMES)
    (_, nothing, _, name), (_, static, metadata, same) = outputs
    assert nothing == static == {} and name == same and "qwen_nb" in metadata


def test_a_reply_that_never_began_leaves_only_its_error(messages, outputs):
    run(CardDisplay("en", owns_cell=True), reply=Reply(finish_reason="failed"))
    assert [kind for kind, *_ in outputs] == ["display", "clear"]


def test_a_cell_of_its_own_is_cleared_for_the_static_output(messages, outputs):
    run(CardDisplay("en", owns_cell=True))
    (_, view, _, name), clear, (kind, static, metadata, _) = outputs
    assert list(view) == [VIEW] and name is None
    assert clear == ("clear", True)
    assert (kind, static) == ("display", bundle(REPLY))
    assert metadata["qwen_nb"]["finish_reason"] == "stop"


def test_a_cell_of_the_user_keeps_its_prints(messages, outputs):
    run(CardDisplay("zh", owns_cell=False, describe=lambda reply: {"x": 1}))
    (_, view, _, name), (_, static, metadata, _), update = outputs
    assert list(view) == [VIEW] and name
    assert static == bundle(REPLY, "zh") and metadata == {"qwen_nb": {"x": 1}}
    assert update == ("update", {}, None, name)


def test_the_card_knows_what_was_asked_and_the_language(messages, outputs):
    asking = Opening(model="m\x1b", server="s", scripted=True, notes=("n",))
    CardDisplay("zh", owns_cell=True).open(asking)
    state = next(d["state"] for _, d in messages if d and "model" in d.get("state", {}))
    assert state["model"] == "m␛" and state["notes"] == ["n", "内置模拟器:预设回答,并非模型"]
    assert state["words"]["thinking"] == "思考中" and "{n}" in state["words"]["tokens"]


def test_hidden_thinking_is_never_sent(messages, outputs):
    run(CardDisplay("en", owns_cell=True, hide_thinking=True), *FRAMES)
    assert not any("t" in message for message in custom(messages))
    assert outputs[-1][1] == bundle(REPLY, hide_thinking=True)


@pytest.mark.parametrize(
    "make", [StaticDisplay, lambda *a, **k: CardDisplay(*a, owns_cell=True, **k)]
)
def test_quiet_leaves_metadata_only(make, messages, outputs):
    run(make("en", quiet=True), *FRAMES)
    ((_, data, metadata, _),) = outputs
    assert data == {} and "qwen_nb" in metadata and messages == []


def test_without_a_front_end_only_the_end_shows(outputs):
    run(StaticDisplay("en"), *FRAMES)
    assert [output[1] for output in outputs] == [bundle(REPLY)]


def test_silence_is_silent(outputs, capsys):
    run(SilentDisplay(), *FRAMES)
    assert outputs == [] and capsys.readouterr().out == ""


def test_a_reply_that_never_opened_is_still_shown(outputs):
    CardDisplay("en", owns_cell=True).close(REPLY)
    assert [output[1] for output in outputs] == [bundle(REPLY)]


def test_the_text_form_of_the_widget_is_stable(messages):
    from qwen_nb.render.live.widget import Card

    card = Card()
    assert repr(card) == repr(Card()) == "<qwen_nb card>"
    assert list(card._repr_mimebundle_()[0]) == [VIEW]


def test_the_card_is_small():
    from qwen_nb.render.live.widget import Card

    code = Card._esm if isinstance(Card._esm, str) else str(Card._esm)
    assert len(code.encode()) <= 24 * 1024
    assert not re.search(r"innerHTML|insertAdjacent|document\.write|eval\(", code)
    assert not re.search(r"^import ", code, re.MULTILINE)


PAGE = sorted((Path(render.__file__).parent / "live/page").glob("*.mjs"))


@pytest.mark.skipif(shutil.which("node") is None, reason="needs Node.js")
def test_what_is_put_together_is_a_module(tmp_path):
    from qwen_nb.render.live.widget import Card

    file = tmp_path / "card.mjs"
    file.write_text(str(Card._esm), encoding="utf-8")
    told = f"import({str(file)!r}).then(({{ default: d }}) => console.log(Object.keys(d)))"
    done = subprocess.run(["node", "-e", told], capture_output=True, text=True)
    assert done.stdout.strip() == "[ 'initialize', 'render' ]", done.stderr
    sources = "".join(path.read_text("utf-8") for path in PAGE if path.stem != "panel")
    names = re.findall(r"^(?:export )?(?:async )?(?:const|class|function) (\w+)", sources, re.M)
    assert len(names) > 30
    assert all(re.search(rf"\b{name}\b", str(Card._esm)) for name in names)


def test_importing_the_room_loads_nothing_heavy():
    code = (
        "import sys, qwen_nb.render; "
        "print({'anywidget', 'ipywidgets', 'markdown_it', 'IPython'} & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "set()"


@pytest.mark.skipif(shutil.which("node") is None, reason="needs Node.js")
def test_the_page_side():
    tests = sorted(Path(__file__).with_name("page").glob("*.test.mjs"))
    assert len(tests) == 6
    done = subprocess.run(["node", "--test", *tests], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def test_calls_reach_the_page_as_they_end(messages, outputs):
    call = CallRecord("f", '{"a": 1}', "2", seconds=0.5)
    frames = [
        Frame(state="calling", calling=(ToolCall("1", "f", ""),), elapsed_s=3),
        Frame(state="calling", calls=(call,), elapsed_s=4),
        Frame(state="answering", calls=(call,), answer="x", elapsed_s=5),
    ]
    run(CardDisplay("en", owns_cell=True), *frames, reply=replace(REPLY, calls=(call, call)))
    drawn = {"n": "f", "l": "(a=1) → 2 · 0.5 s"}
    first, second, third = frames_sent(messages)
    assert (first["w"], first.get("k")) == ("Calling f", None)
    assert (second["k"], second["kh"], second["w"]) == ([drawn], "Called f", "Calling")
    assert "w" not in third and third.get("k", [drawn]) == [drawn]
    last = snapshots(messages)[-1]
    assert (last["k"], last["kh"]) == ([drawn, drawn], "Called f 2 times")


def test_a_card_that_shows_text_draws_no_markdown(messages, outputs):
    run(CardDisplay("en", owns_cell=True, as_text=True), *FRAMES)
    state = next(d["state"] for _, d in messages if d and "model" in d.get("state", {}))
    assert state["plain"] is True
    assert outputs[-1][1] == bundle(REPLY, as_text=True)
