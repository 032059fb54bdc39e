"""A person is asked yes or no, at a real terminal; nobody is asked where nobody can answer."""

import os
import subprocess
import sys

import pytest

pexpect = pytest.importorskip("pexpect")

ASKS = """
import sys
from qwen_nb.front_end import agrees
while True:
    try:
        print("answer:", agrees("Send it? 是否发送? [y/N] "))
    except KeyboardInterrupt:
        print("interrupted")
"""

ANSWERS = {
    "True": ["y", "Y", "yes", " YES ", "是", "好", "\uff39", "\uff59\uff45\uff53"],
    "False": ["", "n", "no", "N", "否", "yes please", "yy", "y n", "1", "True"],
}


@pytest.fixture(scope="module")
def asked() -> "pexpect.spawn":
    env = {**os.environ, "PYTHONIOENCODING": "utf-8", "LC_ALL": "C.UTF-8"}
    program = pexpect.spawn(
        sys.executable, ["-c", ASKS], encoding="utf-8", echo=False, timeout=20, env=env
    )
    yield program
    program.close(force=True)


@pytest.mark.parametrize(
    ("answer", "told"), [(each, told) for told, all_ in ANSWERS.items() for each in all_]
)
def test_what_is_a_yes(asked: "pexpect.spawn", answer: str, told: str) -> None:
    asked.expect_exact("Send it? 是否发送? [y/N] ")
    asked.sendline(answer)
    asked.expect("answer: (True|False|None)")
    assert asked.match[1] == told


def test_the_end_of_the_input_is_a_no(asked: "pexpect.spawn") -> None:
    asked.expect_exact("[y/N] ")
    asked.sendeof()
    asked.expect("answer: (True|False|None)")
    assert asked.match[1] == "False"


def test_an_interrupt_is_no_answer(asked: "pexpect.spawn") -> None:
    asked.expect_exact("[y/N] ")
    asked.send("ye")
    asked.sendintr()
    assert asked.expect(["interrupted", "answer:"]) == 0


@pytest.mark.parametrize("stdin", [subprocess.DEVNULL, subprocess.PIPE])
def test_where_nobody_can_answer_nobody_is_asked(stdin: int) -> None:
    code = "from qwen_nb.front_end import agrees; print(agrees('Send it?'))"
    ran = subprocess.run(
        [sys.executable, "-c", code], stdin=stdin, capture_output=True, text=True
    )
    assert (ran.stdout, ran.stderr) == ("None\n", "")
