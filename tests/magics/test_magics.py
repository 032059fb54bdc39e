"""The magics, run in a shell as a person runs them; the server's journal tells the rest."""

import json
import random
import re
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from _servers import WHOLE, Misbehaving, close, response, stream
from IPython.core.error import UsageError

from qwen_nb import Chat, ConfigError, ConnectionFailed, QwenError, RateLimited, Reply
from qwen_nb.emulator.of_process import embedded
from qwen_nb.emulator.server import Emulator
from qwen_nb.errors import BrokenStream
from qwen_nb.front_end import place

Notebook = Any
Asked = Callable[[], str]

PROMPTS = {
    "JSON": '{"a": {"b": [1, {}]}, "c": "{d}"}',
    "LaTeX": "\\frac{a}{b} \\text{and} $x^{2}$ \\\\ \\[ \\sum_{i}^{n} \\] \\begin{align}",
    "braces of an f-string": "f'{value!r:>{width}}' {} {{}} {0} {a.b[c]}",
    "a variable of the shell": "echo $HOME ${HOME} $(pwd) `pwd` !ls",
    "an apostrophe": "What's this",
    "an option in the words": "explain -t of tar --new -m x",
    "Python prompts": ">>> print(1)\n1\n>>> print(2)",
    "IPython prompts": "In [1]: x\nOut[1]: 3",
    "a question mark": "why?",
    "help": "?x\nx??",
    "quotes": "\"\"\" ''' \\\" \\' “” ‘’",
    "backslashes": "C:\\new\\table \\u0041 \\N{BULLET} ends in \\",
    "emoji": "😀 👩‍👩‍👧 🇨🇳 \u200d",
    "Chinese": "你好，世界！　？",
    "indented": "    four\n\ttab\n  two  ",
    "blank lines": "\n\na\n\n\nb\n",
    "line ends of other kinds": "a\x0bb\x0cc\x85d\u2028e",
    "another magic": "%%qwen\n%time x\n%%bash",
    "comments": "# a comment\n#!shebang",
    "Python": "def f(x):\n    return f'{x}'\n\nfor i in range(3): print(i)",
}


@pytest.mark.parametrize("prompt", PROMPTS.values(), ids=PROMPTS)
def test_a_prompt_reaches_the_server_as_it_was_typed(
    prompt: str, notebook: Notebook, asked: Asked
) -> None:
    ran = notebook.run(f"%%qwen -q\n{prompt}\n")
    assert ran.error is None
    assert asked() == prompt


def test_200_kilobytes_reach_the_server(
    notebook: Notebook, settled: Emulator, asked: Asked
) -> None:
    letters = "abc {}$\\`'\"\n你好😀"
    prompt = "".join(random.Random(0).choices(letters, k=140_000)) + "."
    assert len(prompt.encode()) > 200_000
    notebook.run(f"%%qwen -q\n{prompt}\n")
    assert asked() == prompt
    told = json.loads(settled.journal[-1].raw)
    assert told["messages"][-1]["content"].encode() == prompt.encode()


CELLS = {
    "%qwen -q Which is larger?": "Which is larger?",
    "%qwen -q What's this?": "What's this?",
    "%qwen -q -- -t of tar": "-t of tar",
    "%qwen -q explain -t of tar": "explain -t of tar",
    "%qwen -q\u3000你好": "你好",
    "%qwen\u3000-q\u3000你好？": "你好？",
    "x = %qwen -q is 9.9 larger?": "is 9.9 larger?",
    "if True:\n    %qwen -q smile :( ?": "smile :( ?",
    "%%qwen -q words\nbody": "words\nbody",
    "%%qwen -q words": "words",
    "%%qwen -q\nbody": "body",
    "%%qwen -q\n>>> print(1)\n": ">>> print(1)",
    "%%qwen -q\nends in two\n\n": "ends in two\n",
    "%%qwen -q\n-t of tar": "-t of tar",
}


@pytest.mark.parametrize("cell", CELLS)
def test_a_cell_asks(cell: str, notebook: Notebook, asked: Asked) -> None:
    ran = notebook.run(cell)
    assert ran.error is None
    assert asked() == CELLS[cell]


def without_prompt(out: str) -> str:
    """Return an output without the prompt that a terminal writes before any result."""
    return re.sub(r"Out\[\d+\]: $", "", out)


# -- options -----------------------------------------------------------------------------

OPTIONS: dict[str, dict[str, Any]] = {
    "-m qwen3-max": {"model": "qwen3-max"},
    "-m qwen-plus --think": {"enable_thinking": True},
    "-m qwen-plus --think 50": {"enable_thinking": True, "thinking_budget": 50},
    "--no-think": {"enable_thinking": False},
    "-m qwen3.7-plus --preserve-thinking": {"preserve_thinking": True},
    "--preserve-thinking -p preserve_thinking=false": {"preserve_thinking": False},
    "-t 0.5 --max-tokens 99": {"temperature": 0.5, "max_tokens": 99},
    "-p top_k=20 -p stop=[\"a\"]": {"top_k": 20, "stop": ["a"]},
}  # fmt: skip


@pytest.mark.parametrize("options", OPTIONS)
def test_options_reach_the_server(options: str, notebook: Notebook, settled: Emulator) -> None:
    notebook.run(f"%qwen -q {options} -- Hi")
    assert OPTIONS[options].items() <= settled.journal[-1].body.items()


def test_preserve_thinking_is_left_out_for_a_model_that_does_not_take_it(
    notebook: Notebook,
) -> None:
    ran = notebook.run("%qwen -m qwen-plus --preserve-thinking Hello")
    assert "preserve_thinking" not in embedded(0).journal[-1].body
    assert "does not take earlier thinking back" in ran.out


def test_the_next_cell_continues_the_conversation(
    notebook: Notebook, settled: Emulator
) -> None:
    notebook.run("%qwen -q one")
    notebook.run("%%qwen -q\ntwo")
    notebook.run("%qwen -q --once aside")
    notebook.run("%qwen -q --new three")
    told = [[m["content"] for m in record.body["messages"]] for record in settled.journal]
    assert [(messages[0], messages[-1]) for messages in told] == [
        ("one", "one"), ("one", "two"), ("aside", "aside"), ("three", "three"),
    ]  # fmt: skip


def test_new_lets_the_next_question_begin_again(notebook: Notebook, settled: Emulator) -> None:
    notebook.run("%qwen -q one")
    assert "begins a new conversation" in notebook.run("%qwen_nb new").out
    notebook.run("%qwen -q two")
    assert len(settled.journal[-1].body["messages"]) == 1


def test_a_system_message_may_be_a_file(
    notebook: Notebook, settled: Emulator, tmp_path: Path
) -> None:
    (tmp_path / "brief.txt").write_text("Sei kurz, {x} 简短。", encoding="utf-8")
    notebook.run("x = 1")
    notebook.run(f'%qwen -q -s "@{tmp_path / "brief.txt"}" Hi')
    assert settled.journal[-1].body["messages"][0] == {
        "role": "system", "content": "Sei kurz, {x} 简短。",
    }  # fmt: skip


def test_a_system_file_that_is_missing_is_one_error(
    notebook: Notebook, settled: Emulator
) -> None:
    ran = notebook.run("%qwen -s @no/such/file Hi")
    assert isinstance(ran.error, ConfigError)
    assert "no/such/file" in str(ran.error)
    assert len(settled.journal) == 0


def test_out_names_the_reply(notebook: Notebook, settled: Emulator) -> None:
    notebook.run("%qwen -q -o answer Hello")
    reply = notebook.names["answer"]
    assert isinstance(reply, Reply)
    assert notebook.names["_qwen"] is reply


def test_the_reply_is_returned(notebook: Notebook, settled: Emulator) -> None:
    ran = notebook.run("x = %qwen -q Hello?")
    assert ran.result is None
    assert notebook.names["x"] is notebook.names["_qwen"]
    assert notebook.run("%qwen -q Hello?").result is notebook.names["_qwen"]


def test_quiet_shows_nothing(notebook: Notebook, settled: Emulator) -> None:
    ran = notebook.run("%qwen -q Hello")
    assert (without_prompt(ran.out), ran.err, ran.displayed) == ("", "", [])


def test_an_answer_is_printed_once(notebook: Notebook, settled: Emulator) -> None:
    ran = notebook.run("%qwen -m qwen-plus --think 9.9 or 9.11?")
    reply = notebook.names["_qwen"]
    assert ran.out.count(reply.answer.strip()) == 1
    assert ran.out.count(reply.thinking.strip()) == 1
    assert ran.out.count("turn 1 · in ") == 1
    assert "Reply(" not in ran.out


def test_hidden_thinking_is_kept(notebook: Notebook, settled: Emulator) -> None:
    ran = notebook.run("%qwen -m qwen-plus --think --hide-thinking 9.9 or 9.11?")
    reply = notebook.names["_qwen"]
    assert reply.thinking
    assert reply.thinking[:30] not in ran.out
    assert reply.answer.strip() in ran.out


def test_a_dry_run_sends_nothing_and_shows_what_is_sent(
    notebook: Notebook, settled: Emulator
) -> None:
    notebook.run("%qwen -q one")
    settled.journal.clear()
    ran = notebook.run("%qwen --dry-run -t 0.5 two 二")
    title, bound, body = ran.out.split("\n", 2)
    assert len(settled.journal) == 0
    assert "/chat/completions" in title
    assert "no price is known for qwen-plus in 127.0.0.1" in bound
    assert ran.result is None
    notebook.run("%qwen -q -t 0.5 two 二")
    assert json.loads(body) == settled.journal[-1].body
    assert settled.key not in ran.out


# -- variables ---------------------------------------------------------------------------


def test_variables_are_filled_and_told(notebook: Notebook, asked: Asked) -> None:
    notebook.run("city, temperature = 'Hangzhou', 21.456")
    ran = notebook.run("%%qwen\nIn {city} it is {temperature:.1f}; {unknown} {print}")
    assert asked() == "In Hangzhou it is 21.5; {unknown} {print}"
    assert "filled in: {city}, {temperature:.1f}" in ran.out


def test_raw_fills_nothing(notebook: Notebook, settled: Emulator, asked: Asked) -> None:
    notebook.run("x = 1")
    notebook.run("%qwen -q --raw -s {x} {x}")
    assert asked() == "{x}"
    assert settled.journal[-1].body["messages"][0]["content"] == "{x}"


def test_the_system_message_is_filled(notebook: Notebook, settled: Emulator) -> None:
    notebook.run("x = 1")
    notebook.run("%qwen -q -s 'is {x}' Hi")
    assert settled.journal[-1].body["messages"][0]["content"] == "is 1"


def test_a_functions_own_names_are_filled(notebook: Notebook, asked: Asked) -> None:
    notebook.run("x, y = 1, 2\ndef f(x):\n    return get_ipython().magic\n")
    notebook.run("def ask(x):\n    %qwen -q {x} and {y}?\nask(3)")
    assert asked() == "3 and 2?"


def test_an_expression_that_fails_sends_nothing(notebook: Notebook, settled: Emulator) -> None:
    notebook.run("y = [1]")
    ran = notebook.run("%qwen say {y[7]}")
    assert isinstance(ran.error, ConfigError)
    assert "{y[7]}" in str(ran.error)
    assert "IndexError" in str(ran.error)
    assert len(settled.journal) == 0


def test_earlier_results_are_filled(notebook: Notebook, asked: Asked) -> None:
    first = notebook.run("%qwen -q Hello").result
    notebook.run("%qwen -q shorter: {_qwen.answer}")
    assert asked() == f"shorter: {first.answer}"


def test_the_last_error_is_filled(notebook: Notebook, asked: Asked) -> None:
    notebook.run("def broken():\n    return 1 / 0\nbroken()")
    notebook.run("%qwen -q Why? {err}")
    assert "ZeroDivisionError: division by zero" in asked()
    assert "broken()" in asked()
    notebook.run("err = 'mine'")
    notebook.run("%qwen -q Why? {err}")
    assert asked() == "Why? mine"


# -- status, help, commands --------------------------------------------------------------


@pytest.mark.parametrize(
    "cell", ["%qwen", "%%qwen", "%%qwen\n\n", "%qwen_nb", "%qwen_nb status"]
)
def test_nothing_asked_is_the_status(cell: str, notebook: Notebook, settled: Emulator) -> None:
    ran = notebook.run(cell)
    assert ran.error is None
    assert "model: qwen-plus" in ran.out
    assert "key: found in QWEN_NB_API_KEY" in ran.out
    assert settled.key not in ran.out
    assert len(settled.journal) == 0


def test_the_status_counts(notebook: Notebook, settled: Emulator) -> None:
    notebook.run("%qwen -q one")
    notebook.run("%qwen -q two")
    assert "conversation: 2 turns" in notebook.run("%qwen").out


def test_the_status_names_the_emulator_and_starts_none(notebook: Notebook) -> None:
    before = emulators()
    out = notebook.run("%qwen").out
    assert "scripted answers, no model" in out
    assert "model: qwen-plus, thinking on" in out
    assert emulators() == before


@pytest.mark.parametrize("cell", ["%%qwen?", "%qwen?"])
def test_help_lists_the_options(cell: str, notebook: Notebook, settled: Emulator) -> None:
    ran = notebook.run(cell)
    told = ran.out + "".join(bundle.get("text/plain", "") for bundle in ran.displayed)
    assert "Ask a model" in told
    assert all(name in told for name in ("--think", "--dry-run", "--hide-thinking"))
    assert len(settled.journal) == 0


def test_help_of_the_commands(notebook: Notebook) -> None:
    out = notebook.run("%qwen_nb help").out
    assert all(f"%qwen_nb {name}:" in out for name in ("help", "last", "new", "status"))
    assert notebook.run("%qwen_nb help new").out.startswith("%qwen_nb new:")


WRONG = {
    "%qwen --thnik x": "no option --thnik. Did you mean --think?",
    "%%qwen --nonsense\nx": "no option --nonsense. Words that begin",
    "%qwen -t warm x": "-t takes X, not 'warm'",
    "%qwen -s 'open": "not closed",
    "%qwen_nb statsu": "no command 'statsu'. Did you mean status?",
    "%qwen_nb nonsense": "no command 'nonsense'. %qwen_nb help",
    "%qwen_nb help nwe": "Did you mean new?",
    "%qwen_nb last": "There is no reply yet",
}


@pytest.mark.parametrize("cell", WRONG)
def test_a_wrong_line_is_one_line(cell: str, notebook: Notebook, settled: Emulator) -> None:
    ran = notebook.run(cell)
    assert type(ran.error) is UsageError  # of a subclass IPython would show a traceback
    assert WRONG[cell] in str(ran.error)
    assert len((ran.err or ran.out).strip().splitlines()) == 1
    assert len(settled.journal) == 0


# -- errors ------------------------------------------------------------------------------


def test_an_error_is_shown_as_one_line(notebook: Notebook, misbehaves: Misbehaving) -> None:
    misbehaves.answers(response('{"error":{"message":"slow down"}}', 429))
    ran = notebook.run("%qwen Hi")
    assert isinstance(ran.error, RateLimited)
    shown = [line for line in ran.out.splitlines() if "RateLimited:" in line]
    assert len(shown) == 1
    assert "slow down" in shown[0]
    assert "Traceback" not in ran.out + ran.err


BAD_SERVERS: dict[str, tuple[tuple[Any, ...], type[QwenError]]] = {
    "not running": ((close,), ConnectionFailed),
    "HTML": ((response("<p>Hi", kind="text/html"),), QwenError),
    "cut in the thinking": ((*stream(*WHOLE[:3], done=False), close), BrokenStream),
}


@pytest.mark.parametrize(("steps", "kind"), BAD_SERVERS.values(), ids=BAD_SERVERS)
def test_the_cell_after_an_error_works(
    steps: tuple[Any, ...], kind: type[QwenError], notebook: Notebook, misbehaves: Misbehaving
) -> None:
    misbehaves.answers(*steps)
    misbehaves.streams(*WHOLE)
    ran = notebook.run("%%qwen\nHi")
    assert isinstance(ran.error, kind)
    assert "Traceback" not in ran.out + ran.err
    assert notebook.run("%%qwen\nHi").error is None
    assert notebook.names["_qwen"].answer == "It is."


def test_a_partial_reply_is_kept(notebook: Notebook, misbehaves: Misbehaving) -> None:
    misbehaves.answers(*stream(*WHOLE[:4], done=False), close)
    ran = notebook.run("%qwen -o half Hi")
    assert isinstance(ran.error, BrokenStream)
    reply = notebook.names["_qwen"]
    assert (reply.thinking, reply.answer, reply.finish_reason) == ("Hm, yes", "It ", "cut")
    assert notebook.names["half"] is reply


# -- drawn once --------------------------------------------------------------------------


def test_a_reply_evaluated_in_its_own_cell_draws_nothing_more(
    notebook: Notebook, settled: Emulator
) -> None:
    ran = notebook.run("x = %qwen -q Hello\nx")
    assert isinstance(ran.result, Reply)
    assert (without_prompt(ran.out), ran.displayed) == ("", [])


@pytest.mark.parametrize("silent", [False, True])
def test_a_reply_evaluated_later_draws_its_static_bundle(
    silent: bool, notebook: Notebook, settled: Emulator
) -> None:
    notebook.run("x = %qwen -q Hello")
    ran = notebook.run("x", silent=silent)
    (bundle,) = ran.displayed
    assert set(bundle) == {"text/html", "text/markdown", "text/plain"}
    assert notebook.names["x"].answer.strip() in bundle["text/plain"]


def test_a_reply_of_chat_is_drawn_once_too(notebook: Notebook, settled: Emulator) -> None:
    notebook.run("import qwen_nb\nchat = qwen_nb.Chat()")
    ran = notebook.run("chat.ask('Hello')")
    assert ran.out.count(ran.result.answer.strip()) == 1
    assert notebook.names["_qwen"] is ran.result
    notebook.run("chat.close()")


def test_last_draws_the_last_reply(notebook: Notebook, settled: Emulator) -> None:
    notebook.run("%qwen -q Hello")
    (bundle,) = notebook.run("%qwen_nb last").displayed
    assert notebook.names["_qwen"].answer.strip() in bundle["text/plain"]


# -- loading -----------------------------------------------------------------------------


def emulators() -> int:
    return [thread.name for thread in threading.enumerate()].count("qwen_nb emulator")


def state(shell: Any) -> dict[str, Any]:
    manager = shell.magics_manager
    events = shell.events.callbacks
    return {
        "line magics": set(manager.magics["line"]),
        "cell magics": set(manager.magics["cell"]),
        "registry": set(manager.registry),
        "cleanup": list(shell.input_transformer_manager.cleanup_transforms),
        "tokens": list(shell.input_transformer_manager.token_transformers),
        "formatters": dict(shell.display_formatter.ipython_display_formatter.type_printers),
        "events": {name: list(callbacks) for name, callbacks in events.items()},
        "names": {name for name in shell.user_ns if "qwen" in name},
        "hidden": {name for name in shell.user_ns_hidden if "qwen" in name},
        "configurables": len(shell.configurables),
        "emulators": emulators(),
    }


def test_what_was_set_goes_with_the_extension(notebook: Notebook) -> None:
    notebook.run("%qwen_nb config server ollama")
    assert Chat.current().session == {"server": "ollama"}
    notebook.run("%unload_ext qwen_nb")
    assert Chat.current().session == {}
    notebook.run("%load_ext qwen_nb")


def test_unloading_takes_everything_back(
    shell: Any, eventually: Callable[..., bool], clean_environment: None
) -> None:
    from qwen_nb.emulator.of_process import stop_embedded

    stop_embedded()
    shell.find_line_magic("load_ext")  # IPython makes these when they are first used
    before = state(shell)
    shell.run_line_magic("load_ext", "qwen_nb")
    assert {"qwen", "qwen_nb"} <= set(shell.magics_manager.magics["line"])
    shell.run_cell("%qwen -q Hello", silent=True)
    assert "_qwen" in shell.user_ns
    assert state(shell)["emulators"] == before["emulators"] + 1
    shell.run_line_magic("unload_ext", "qwen_nb")
    assert eventually(lambda: state(shell)["emulators"] == before["emulators"])
    assert state(shell) == before


def test_loading_again_works(notebook: Notebook, asked: Asked) -> None:
    notebook.shell.run_line_magic("reload_ext", "qwen_nb")
    notebook.run("%qwen -q Hello?")
    assert asked() == "Hello?"


def test_the_magics_leave_no_settings_behind(notebook: Notebook) -> None:
    assert place.front_end(notebook.shell) == "terminal"
    assert place.cell_id(notebook.shell) is None


def test_a_reply_evaluated_later_speaks_the_language_of_the_notebook(
    notebook: Notebook,
) -> None:
    notebook.run("%qwen_nb config lang zh")
    notebook.run("%qwen -q Hello?")
    (bundle,) = notebook.run("_qwen").displayed
    assert "第 1 轮" in bundle["text/plain"]
