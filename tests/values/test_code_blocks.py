import pytest
from hypothesis import given
from hypothesis import strategies as st

from qwen_nb import Reply
from qwen_nb.values.code_blocks import CodeBlock, code_blocks

CASES = {
    "no code": [],
    "inline ```x``` is none": [],
    "    indented(code)": [],
    "```python\nx = 1\n```": [("python", "x = 1", True)],
    "```\nx\n```\nwords\n~~~sh\ny\n~~~": [("", "x", True), ("sh", "y", True)],
    "~~~\n```\nx\n```\n~~~": [("", "```\nx\n```", True)],
    "````\n```\nx\n```\n````": [("", "```\nx\n```", True)],
    "```py\nx\n   ```": [("py", "x", True)],
    "```py\nx\n    ```": [("py", "x\n    ```", False)],
    "```py\nx\n``` y\n```": [("py", "x\n``` y", True)],
    "```Python title='a.py'\nx\n```": [("python", "x", True)],
    "```{.python .numbers}\nx\n```": [("python", "x", True)],
    "```{python}\nx\n```": [("python", "x", True)],
    "```c++\nx\n```": [("c++", "x", True)],
    "```c#\nx\n```": [("c#", "x", True)],
    "```!?\nx\n```": [("", "x", True)],
    "- a\n\n  ```py\n  x\n    y\n  ```": [("py", "x\n  y", True)],
    "> ```py\n> x\n> ```": [("py", "x", True)],
    "> ```py\n> x\n\nwords": [("py", "x", False)],
    "<div>\n```py\nx\n```\n</div>": [("py", "x", True)],
    "```py\r\nx\r\ny\r\n```\r\n": [("py", "x\ny", True)],
    "```py\n\nx\n\n\n```": [("py", "\nx\n\n", True)],
    # an answer that was stopped
    "```": [("", "", False)],
    "```py": [("py", "", False)],
    "```py\nx": [("py", "x", False)],
    "```py\nx\n": [("py", "x", False)],
    "```py\nx\n``": [("py", "x\n``", False)],
    "```py\nx\n```\n\n```py\ny": [("py", "x", True), ("py", "y", False)],
    # nothing in it
    "```\n```": [("", "", True)],
    "```\n\n```": [("", "", True)],
    "> ```\n> ```": [("", "", True)],
}


@pytest.mark.parametrize("markdown", CASES)
def test_the_blocks_of_a_text(markdown: str) -> None:
    assert code_blocks(markdown) == [CodeBlock(*block) for block in CASES[markdown]]


def test_a_reply_gives_the_code_of_its_answer_alone() -> None:
    reply = Reply(answer="```py\nx\n```", thinking="```py\ny\n```")
    assert reply.code == [CodeBlock("py", "x")]
    assert Reply().code == []


_LINES = st.sampled_from(["", "x", "  y", "# z", "`", "``", "~~", "> q", "- i", "$$"])


@given(st.lists(_LINES), st.sampled_from(["```", "~~~~"]), st.booleans())
def test_what_is_fenced_comes_back(lines: list[str], fence: str, closed: bool) -> None:
    code = "\n".join(lines)
    end = f"\n{fence}\nafter" if closed else ""
    (block,) = code_blocks(f"before\n{fence}py\n{code}{end}")
    assert block.complete is closed
    assert block.text == code if closed else code.startswith(block.text.rstrip("\n"))


@given(st.text(st.sampled_from("`~\n >-1.x\t"), max_size=60))
def test_any_text_can_be_asked(markdown: str) -> None:
    assert all(isinstance(block.text, str) for block in code_blocks(markdown))


def test_deep_nesting_ends_well() -> None:
    assert code_blocks("> " * 2000 + "```py\nx") == []
    assert len(code_blocks("```py\nx\n```\n" * 2000)) == 2000
