"""The page for people."""

from dataclasses import replace

from markdown_it import MarkdownIt

from qwen_nb import Reply, Turn
from qwen_nb.asking.markdown_page import transcript
from qwen_nb.values.usage import Usage

REPLY = Reply(
    answer="**yes**", thinking="Hm </details> <b>x</b>", model="m", usage=Usage(1, 2, 3, 1)
)


def test_it_reads_as_a_conversation() -> None:
    turns = [Turn("Is it <i>so</i>?\n# Really", REPLY), Turn("二", REPLY, starts_anew=True)]
    page = transcript(turns, "Conversation x")
    assert [line for line in page.split("\n") if line.startswith("#")] == [
        "# Conversation x", "## Turn 1", "## Turn 1",
    ]  # fmt: skip
    assert page.count("<details>") == page.count("</details>") == 2
    assert "\n---\n" in page
    assert "out 2, of which thinking 1" in page
    html = MarkdownIt("commonmark").render(page)
    assert "<i>" not in html
    assert "<b>" not in html
    assert html.count("<blockquote>") == 2
    assert "<strong>yes</strong>" in html


def test_the_end_of_an_answer_is_told_in_chinese() -> None:
    page = transcript([Turn("q", replace(REPLY, finish_reason="stopped"))], "对话", "zh")
    assert "回复已由你停止" in page
    assert "## 第 1 轮" in page
