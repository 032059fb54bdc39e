"""What `%qwen_nb code` prints runs as it is, and gives the reply that we gave."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from qwen_nb import Chat, Reply
from qwen_nb.asking.code import FORMS, last_request
from qwen_nb.emulator.server import Emulator

PROMPTS = {
    "plain": "Which is larger, 9.9 or 9.11?",
    "quotes": """It's "so", ''' and \"\"\" too""",
    "lines": "one\ntwo\n\n\tthree\r\nfour",
    "Chinese": "9.9和9.11谁大?“引号”、全角　空格",
    "shell": "$HOME `id` $(id) ${HOME} !! \\$HOME ; rm -rf x & # * ~",
    "backslashes": "\\n \\\\ \\frac{1}{2} \\u0041 \\'",
    "braces": "{0} {{x}} %s %(x)s f'{y}'",
    "emoji": "👩‍👩‍👧 é \u0301 \u200b \x1b[31m \x07",
    "long": "many words " * 60,
}

MODELS = ["qwen-plus", "qwen3-vl-plus", "qwq-plus", "qwen3-max"]


def environment(key: str, folder: Path) -> dict[str, str]:
    """Return an environment with the key and nothing else that is ours."""
    environ = {"DASHSCOPE_API_KEY": key, "PATH": os.environ["PATH"], "HOME": str(folder)}
    environ["PYTHONIOENCODING"] = "utf-8"
    return environ | {name: value for name, value in os.environ.items() if name == "SYSTEMROOT"}


def run(form: str, code: str, emulator: Emulator, folder: Path) -> str:
    """Run the code as it was printed; return what it printed itself."""
    program = ["bash", "-c", code] if form == "curl" else [sys.executable, "-c", code]
    ran = subprocess.run(
        program,
        env=environment(emulator.key, folder),
        cwd=folder,
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr.decode()
    return ran.stdout.decode()


TOGETHER = """
import contextlib, pathlib, runpy, sys
for name in sys.argv[1:]:
    with open(name + ".out", "w", encoding="utf-8", newline="") as out:
        with contextlib.redirect_stdout(out):
            runpy.run_path(name, run_name="__main__")
"""


def run_all(form: str, codes: list[str], emulator: Emulator, folder: Path) -> list[str]:
    """Run programs as `run` does, those in Python one after another in one process."""
    if form == "curl":
        return [run(form, code, emulator, folder) for code in codes]
    files = [folder / f"program_{number}.py" for number in range(len(codes))]
    for file, code in zip(files, codes, strict=True):
        file.write_bytes(code.encode())
    ran = subprocess.run(
        [sys.executable, "-c", TOGETHER, *map(str, files)],
        env=environment(emulator.key, folder),
        cwd=folder,
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr.decode()
    return [Path(f"{file}.out").read_bytes().decode() for file in files]


def read_curl(printed: str) -> tuple[str, str, tuple[int, ...]]:
    thinking = answer = ""
    usage: Any = {}
    for line in printed.splitlines():
        if not line.startswith("data: ") or line == "data: [DONE]":
            continue
        chunk = json.loads(line.removeprefix("data: "))
        for choice in chunk["choices"]:
            thinking += choice["delta"].get("reasoning_content") or ""
            answer += choice["delta"].get("content") or ""
        usage = chunk.get("usage") or usage
    return thinking, answer, (usage["prompt_tokens"], usage["completion_tokens"])


def expected(reply: Reply) -> str:
    return f"{reply.thinking}\n\n{reply.answer}\n\n"


def agrees(form: str, printed: str, reply: Reply) -> bool:
    assert reply.usage is not None
    figures = reply.usage.input, reply.usage.output
    if form == "curl":
        return read_curl(printed) == (reply.thinking, reply.answer, figures)
    texts, usage = printed[: len(expected(reply))], printed[len(expected(reply)) :]
    if form == "openai":
        told = f"completion_tokens={figures[1]}, prompt_tokens={figures[0]}"
        return texts == expected(reply) and told in usage
    found = json.loads(usage)
    return texts == expected(reply) and (
        found["input_tokens"], found["output_tokens"]
    ) == figures  # fmt: skip


QUESTIONS: dict[str, dict[str, Any]] = {
    **{name: {"prompt": prompt} for name, prompt in PROMPTS.items()},
    **{model: {"prompt": PROMPTS["plain"], "model": model} for model in MODELS},
    **{
        f"options, thinking {thinking}": {
            "prompt": PROMPTS["plain"],
            "model": "qwen-plus",
            "thinking": thinking,
            "system": "Be 'brief'.",
            "temperature": 0.5,
            "max_tokens": 2000,
            "params": {"seed": 7, "top_p": 0.5},
        }
        for thinking in (False, 20)
    },
}


@pytest.mark.parametrize("form", FORMS)
def test_any_question(chat: Chat, studio: Emulator, tmp_path: Path, form: str) -> None:
    chat.ask("Hello")
    replies, codes = [], []
    for question in QUESTIONS.values():
        replies.append(chat.ask(**question))
        code = last_request(chat.now(), chat.last_request, chat.last_server, form)
        assert code is not None
        codes.append(code)
    asked = [record.body for record in studio.journal][1:]
    studio.journal.clear()
    outputs = run_all(form, codes, studio, tmp_path)
    again = [record.body for record in studio.journal]
    rows = zip(QUESTIONS, codes, outputs, replies, asked, again, strict=True)
    for name, code, printed, reply, one, other in rows:
        assert studio.key not in code
        assert agrees(form, printed, reply), name
        if form == "dashscope":
            messages, sent = other["input"]["messages"], other["parameters"]
            texts = [texts_of(message["content"]) for message in messages]
            assert texts == [texts_of(message["content"]) for message in one["messages"]], name
            assert {sent[key] for key in ("seed", "top_p") if key in one} <= {7, 0.5}
            assert sent.get("enable_thinking") == one.get("enable_thinking"), name
        else:
            assert other == one, name


def texts_of(content: Any) -> str:
    if isinstance(content, str):
        return content
    return "".join(part.get("text", "") for part in content)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("dialect", ["openai", "dashscope"])
def test_the_command_prints_it(
    notebook: Any, studio: Emulator, tmp_path: Path, form: str, dialect: str
) -> None:
    assert notebook.run("%qwen_nb code").error is not None
    notebook.run(f"%qwen_nb config dialect {dialect}")
    reply = notebook.run("%qwen -q Which is larger, 9.9 or 9.11?").result
    printed = notebook.run(f"%qwen_nb code --as {form}").out
    assert agrees(form, run(form, printed, studio, tmp_path), reply)


def test_the_default_form_and_a_wrong_one(notebook: Any, studio: Emulator) -> None:
    notebook.run("%qwen -q Hello")
    assert notebook.run("%qwen_nb code").out == notebook.run("%qwen_nb code --as openai").out
    for words in ("--as perl", "curl", "--as"):
        error = notebook.run(f"%qwen_nb code {words}").error
        assert all(form in str(error) for form in FORMS)


def test_a_server_without_the_native_protocol(
    notebook: Any, settled: Emulator, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    notebook.run("%qwen -q Hello")
    assert "--as curl" in str(notebook.run("%qwen_nb code --as dashscope").error)
    printed = notebook.run("%qwen_nb code").out
    assert "os.environ['QWEN_NB_API_KEY']" in printed
    assert settled.key not in printed


@pytest.mark.parametrize("form", FORMS)
def test_a_question_to_the_embedded_emulator_asks_its_region(
    notebook: Any, tmp_path: Path, form: str
) -> None:
    reply = notebook.run("%qwen -q Hello").result
    from qwen_nb.emulator.of_process import embedded

    emulator = embedded()
    printed = notebook.run(f"%qwen_nb code --as {form}").out
    assert emulator.key not in printed
    assert "127.0.0.1" not in printed
    assert printed.startswith("# ")
    assert "Model Studio (Singapore)" in printed.splitlines()[0]
    host = "https://dashscope-intl.aliyuncs.com"
    assert host in printed
    # the same program with the emulator in place of the region
    here = printed.replace(host, emulator.openai_base_url.removesuffix("/compatible-mode/v1"))
    assert agrees(form, run(form, here, emulator, tmp_path), reply)


def test_the_region_that_the_emulator_stands_for_may_be_set(notebook: Any) -> None:
    notebook.run("%qwen -q Hello")
    notebook.run("%qwen_nb config region beijing")
    assert "https://dashscope.aliyuncs.com/" in notebook.run("%qwen_nb code --as curl").out
    notebook.run("%qwen_nb config region frankfurt")
    assert "DASHSCOPE_WORKSPACE_ID" in str(notebook.run("%qwen_nb code").error)
