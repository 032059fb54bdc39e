"""A prompt reaches the magic as it was typed; what is no prompt is left alone."""

import ast
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from qwen_nb.magics import transformers

Transform = Callable[[str], str]


@pytest.fixture
def transform(shell: Any) -> Iterator[Transform]:
    transformers.install(shell)
    yield shell.input_transformer_manager.transform_cell
    transformers.remove(shell)


def asked(source: str) -> tuple[str, ...]:
    """Return the arguments of the call that a source is, as Python reads them."""
    (statement,) = ast.parse(source).body
    assert isinstance(statement, ast.Expr | ast.Assign)
    assert isinstance(statement.value, ast.Call)
    name, *rest = (ast.literal_eval(argument) for argument in statement.value.args)
    assert name == "qwen"
    return tuple(rest)


PROMPTS: dict[str, tuple[str, ...]] = {
    "%%qwen\nhi\n": ("", "hi\n"),
    "%%qwen\nhi": ("", "hi\n"),
    "%%qwen\n>>> print(1)\n... x\n": ("", ">>> print(1)\n... x\n"),
    "%%qwen\nIn [1]: x\n": ("", "In [1]: x\n"),
    "%%qwen\nWhat's {x} \\frac?\n": ("", "What's {x} \\frac?\n"),
    "%%qwen -m x --think 5 words?\nbody?\n": (" -m x --think 5 words?", "body?\n"),
    "%%qwen\u3000你好\n世界\n": ("\u3000你好", "世界\n"),
    "%%qwen\thi\nyou\n": ("\thi", "you\n"),
    "\n\n%%qwen\nhi\n": ("", "hi\n"),
    "%%qwen\n\n  indented\n\n": ("", "\n  indented\n\n"),
    "%%qwen\n%qwen hi?\n": ("", "%qwen hi?\n"),
    "%%qwen\n!ls\n?x\n": ("", "!ls\n?x\n"),
    '%%qwen\n"""\n': ("", '"""\n'),
    "%%qwen\nemoji 😀 \\U0001f600\n": ("", "emoji 😀 \\U0001f600\n"),
    "%%qwen": ("",),
    "%%qwen\n": ("",),
    "%%qwen\n \n\n": ("",),
    "%%qwen -m x": (" -m x",),
    "%%qwen What's this?": (" What's this?",),
    "%%qwen ?": (" ?",),
    "%qwen": ("",),
    "%qwen hi": (" hi",),
    "%qwen hi?": (" hi?",),
    "%qwen hi??": (" hi??",),
    "%qwen hi？": (" hi？",),
    "%qwen What's this?": (" What's this?",),
    "%qwen\thi?": ("\thi?",),
    "%qwen\u3000你好": ("\u3000你好",),
    "%qwen smile :( ?": (" smile :( ?",),
    '%qwen what is """?': (' what is """?',),
    "%qwen C:\\new\\table ends in \\": (" C:\\new\\table ends in \\",),
    "%qwen # no comment": (" # no comment",),
    "%qwen $HOME {x} !ls": (" $HOME {x} !ls",),
    "x = %qwen is 9.9 larger?": (" is 9.9 larger?",),
    "x=%qwen hi?": (" hi?",),
    "答 = %qwen 你好？": (" 你好？",),
    "a.b = %qwen q?": (" q?",),
    "d['k'] = %qwen q? ": (" q? ",),
    "x = %qwen": ("",),
}


@pytest.mark.parametrize("cell", PROMPTS)
def test_a_prompt_arrives_as_it_was_typed(cell: str, transform: Transform) -> None:
    assert asked(transform(cell)) == PROMPTS[cell]


def test_targets_are_kept(transform: Transform) -> None:
    for target in ("x = ", "a.b = ", "d['k'] = ", "d[0]['k']  =  "):
        assert transform(f"{target}%qwen hi?").startswith(target + "get_ipython()")


def test_lines_around_a_prompt_are_kept(transform: Transform) -> None:
    source = transform(
        "if 1:\n    %qwen smile :( ?\n    z = (1,\n    2)\ny = %qwen two?\nw = 3"
    )
    block, second, third = ast.parse(source).body
    assert isinstance(block, ast.If)
    assert asked(ast.unparse(block.body[0])) == (" smile :( ?",)
    assert ast.unparse(block.body[1]) == "z = (1, 2)"
    assert asked(ast.unparse(second)) == (" two?",)
    assert ast.unparse(third) == "w = 3"


UNTOUCHED = {
    "a string": "s = '%qwen hi?'\n",
    "a string of several lines": "s = '''\n%qwen hi?\n%%qwen\n'''\n",
    "a docstring": 'def f():\n    """\n    %qwen hi?\n    """\n',
    "a comment": "# %qwen hi?\n",
    "an indented comment": "if 1:\n    # %qwen hi?\n    pass\n",
    "inside brackets": "f(x,\n%qwen\n)\n",
    "modulo": "y = 7 % qwen\n",
    "a longer modulo": "y = (7\n%qwen)\n",
    "a name that begins so": "qwen_x = 1\n",
}


@pytest.mark.parametrize("cell", UNTOUCHED.values(), ids=UNTOUCHED)
def test_what_is_no_prompt_is_left_alone(cell: str, transform: Transform) -> None:
    assert transform(cell) == cell


FOREIGN = [
    "%%bash\n%qwen hi?\n",
    "%%time\n%qwen hi?\n",
    "%%qwenx\nhi\n",
    "%qwen_nb status",
    "%qwen_nb?",
    "%qwenx hi",
    "%%qwen?",
    "%%qwen??",
    "%qwen?",
    "?%qwen",
    "!echo %qwen hi",
    "%timeit 1",
]


@pytest.mark.parametrize("cell", FOREIGN)
def test_other_magics_and_help_are_what_they_are_without_us(cell: str, shell: Any) -> None:
    manager = shell.input_transformer_manager
    before = manager.transform_cell(cell)
    transformers.install(shell)
    after = manager.transform_cell(cell)
    transformers.remove(shell)
    assert after == before


COMPLETE = {
    "%%qwen hi": "incomplete",
    "%%qwen\nhi\n\n": "complete",
    "%qwen what's?": "complete",
}


@pytest.mark.parametrize("cell", COMPLETE)
def test_a_terminal_knows_when_a_cell_is_complete(cell: str, shell: Any) -> None:
    transformers.install(shell)
    state, _ = shell.input_transformer_manager.check_complete(cell)
    transformers.remove(shell)
    assert state == COMPLETE[cell]


def test_removing_leaves_the_shells_own_transformers(shell: Any) -> None:
    manager = shell.input_transformer_manager
    before = (list(manager.cleanup_transforms), list(manager.token_transformers))
    transformers.install(shell)
    transformers.remove(shell)
    assert (manager.cleanup_transforms, manager.token_transformers) == before
