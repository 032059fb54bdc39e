"""Runs one sample as a script of its own: `python _run.py FILE ANSWER…`.

`input()` takes the answers one by one; where a sample would ask for ever, the program
ends when there are none left.
"""

import builtins
import runpy
import sys

_answers = iter(sys.argv[2:])


def _input(prompt: str = "") -> str:
    print(prompt, end="")
    for answer in _answers:
        print(answer)
        return answer
    raise SystemExit(0)


builtins.input = _input
runpy.run_path(sys.argv[1], run_name="__main__")
