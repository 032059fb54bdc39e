"""A terminal that is not UTF-8: signs it does not have are replaced, and nothing is lost."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from qwen_nb.emulator.scripts import Script
from qwen_nb.emulator.server import Emulator
from tests.notebooks._clean import environment

HANG_S = 90

ANSWER = "It works ✓ 🎉 très 好"

IN_IPYTHON = r"""
get_ipython().run_line_magic("load_ext", "qwen_nb")
for line in ("", "help", "usage", "doctor"):
    get_ipython().run_line_magic("qwen_nb", line)
get_ipython().run_cell("%%qwen\nsigns")
from qwen_nb import Chat
print("kept", [ascii(turn.reply.answer) for turn in Chat.current().turns])
print("booked", [call.turn for call in Chat.current().ledger.calls() if call.turn])
"""

pytestmark = pytest.mark.service


@pytest.fixture(params=["ascii", "cp1252", "gbk"])
def encoding(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def server(emulator: Emulator) -> Emulator:
    emulator.script(Script(name="signs", asks="^signs$", thinking="✓ 🎉", answer=ANSWER))
    return emulator


def run(folder: Path, server: Emulator, encoding: str, *arguments: str, typed: str = "") -> str:
    told = {
        "PYTHONIOENCODING": encoding,
        "QWEN_NB_BASE_URL": server.openai_base_url,
        "QWEN_NB_API_KEY": server.key,
        "QWEN_NB_MODEL": "qwen-plus",
        "QWEN_NB_HOME": str(folder / "home"),
    }
    ran = subprocess.run(
        [sys.executable, "-m", *arguments], cwd=folder, env=environment(folder, **told),
        input=typed.encode(), capture_output=True, timeout=HANG_S, check=False,
    )  # fmt: skip
    out, err = ran.stdout.decode(encoding), ran.stderr.decode(encoding)
    assert "Traceback" not in out + err, out + err
    assert "UnicodeEncodeError" not in out + err, out + err
    return out


def test_the_command_of_the_shell(server: Emulator, encoding: str, tmp_path: Path) -> None:
    said = run(tmp_path, server, encoding, "qwen_nb", "chat", typed="signs\nsigns\nexit\n")
    assert said.count(ANSWER.encode(encoding, "replace").decode(encoding)) == 2
    assert "turn 2" in said
    assert "qwen-plus" in run(tmp_path, server, encoding, "qwen_nb", "usage", "--by", "model")
    assert "Python" in run(tmp_path, server, encoding, "qwen_nb", "doctor")


def test_the_magics_of_a_terminal(server: Emulator, encoding: str, tmp_path: Path) -> None:
    options = ("--no-banner", "--simple-prompt", "--colors=nocolor")
    said = run(tmp_path, server, encoding, "IPython", *options, "-c", IN_IPYTHON)
    assert ANSWER.encode(encoding, "replace").decode(encoding) in said
    assert f"kept {[ascii(ANSWER)]!r}" in said
    assert "booked [1]" in said
