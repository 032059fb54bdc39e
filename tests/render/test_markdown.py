import re
import time

import pytest
from hostile import CASES, HIDDEN, MARKDOWN_TAGS, findings
from hypothesis import given, settings
from hypothesis import strategies as st

from qwen_nb.render.html.markdown import safe_forms, safe_markdown


def safe_html(markdown, language="en"):
    return safe_forms(markdown, language)[0]


@pytest.mark.parametrize("text", CASES.values(), ids=CASES)
def test_hostile_html_holds_only_our_tags(text):
    assert findings(safe_html(text)) == []


@pytest.mark.parametrize("text", CASES.values(), ids=CASES)
def test_hostile_markdown_is_harmless_to_a_reader_that_allows_html(text):
    from markdown_it import MarkdownIt

    written = safe_markdown(text)
    careless = MarkdownIt("commonmark").enable(["table", "strikethrough"])
    html = careless.render(written)
    allowed = re.sub(r"<(/?)h[12]>|</?code class=\"[^\"]*\">", r"<\1s>", html)
    found = [
        f for f in findings(allowed, MARKDOWN_TAGS) if not f.startswith(("stray", "s left"))
    ]
    assert found == [] and not HIDDEN.search(written)


@pytest.mark.parametrize("text", CASES.values(), ids=CASES)
def test_safe_markdown_is_stable(text):
    once = safe_markdown(text)
    assert findings(safe_html(once)) == []


@pytest.mark.parametrize(
    ("markdown", "html"),
    [
        (
            "**a** *b* `c` ~~d~~",
            "<strong>a</strong> <em>b</em> <code>c</code> "
            '<span role="deletion"><span>~~</span>d<span>~~</span></span>',
        ),
        ("a < b & c", "a &lt; b &amp; c"),
        ("$5 and $6", "<span>$</span>5 and <span>$</span>6"),
        ("US$5-$6", "US<span>$</span>5-<span>$</span>6"),
        ("7$ and 8$", "7<span>$</span> and 8<span>$</span>"),
        ("$x_1*y*z_2$", "<span>$x_1*y*z_2$</span>"),
        (r"\(a < b\)", "<span>$a &lt; b$</span>"),
        (r"as \[a_b\] says", "as <span>$$a_b$$</span> says"),
        (r"\[not a link\](x)", "[not a link](x)"),
        (r"\$x\$", "<span>$</span>x<span>$</span>"),
        ("$a{b$", "<code>$a{b$</code>"),
        (r"$\href{x}{y}$", r"<code>$\href{x}{y}$</code>"),
        (r"$\hrefx$", r"<span>$\hrefx$</span>"),
        (r"so \boxed{\frac{1}{2}}.", r"so <span>$\boxed{\frac{1}{2}}$</span>."),
        (r"**\boxed{a_1*b*c_2}**", r"<strong><span>$\boxed{a_1*b*c_2}$</span></strong>"),
        ("\\boxed{a\nb}", "<span>$\\boxed{a\nb}$</span>"),
        (r"$\boxed{1}$", r"<span>$\boxed{1}$</span>"),
        (r"\(\boxed{1}\)", r"<span>$\boxed{1}$</span>"),
        (r"`\boxed{1}`", r"<code>\boxed{1}</code>"),
        (r"\boxed{\}}", r"<span>$\boxed{\}}$</span>"),
        (r"\boxed{a < b}", r"<span>$\boxed{a &lt; b}$</span>"),
        (r"\boxed{1", r"<span>\</span>boxed{1"),
        (r"\boxed{{1}", r"<span>\</span>boxed{{1}"),
        (r"\boxed 1", r"<span>\</span>boxed 1"),
        (r"\\boxed{1}", r"<span>\</span>boxed{1}"),
        (r"\boxed{\href{x}{y}}", r"<code>\boxed{\href{x}{y}}</code>"),
        ("a\\\nb", "a<div></div>b"),
        (
            "[a](https://b.example/c)",
            '<a href="https://b.example/c">a</a> <span>(b.example)</span>',
        ),
        (
            "[https://good.example](https://bad.example)",
            '<a href="https://bad.example">https://good.example</a> <span>(bad.example)</span>',
        ),
        ("<https://b.example/c>", '<a href="https://b.example/c">https://b.example/c</a>'),
        (
            "[m](mailto:a@b.example)",
            '<a href="mailto:a@b.example">m</a> <span>(a@b.example)</span>',
        ),
        ("[x](javascript:f)", "x <span>(javascript:f)</span>"),
        (
            "![cat](https://b.example/i.png)",
            '<a href="https://b.example/i.png">image: cat</a> <span>(b.example)</span>',
        ),
        (
            "![](https://b.example/i.png)",
            '<a href="https://b.example/i.png">image</a> <span>(b.example)</span>',
        ),
        ("![c](data:image/png;base64,AA==)", '<img src="data:image/png;base64,AA==" alt="c">'),
    ],
)
def test_words_are_written_with_our_tags(markdown, html):
    written = re.sub(r' (style|rel|target|dir)="[^"]*"', "", safe_html(markdown))
    assert written == f"<div>{html}</div>\n"


@pytest.mark.parametrize(
    "markdown",
    [
        "# One\n\ntext\n\n## Two",
        "- a\n- b\n  - c\n\n    more\n- d",
        "1. a\n2. b\n\n   ```python\n   x = '<b>'\n   ```\n3. c",
        "> a\n> b\n>\n> - c",
        "| a | b |\n| --- | ---: |\n| `x` | $y$ |\n| 1 \\| 2 | `p\\|q` |",
        "```python\n# a\n```",
        "````\n```\n````",
        "    indented\n    code",
        "`` ` `` and ``` `` ```",
        "a\\\nb",
        "\\# no \\* star \\_ \\` \\[x](y)",
        "1\\. a\n\\- b\n\\+ c\n\\> d",
        "a_b_c __x__ *y*",
        "$$\nx = y\n- z\n$$",
        "\\begin{align}\na &= b \\\\\nc &= d\n\\end{align}",
        "Cost: $5 and $6, AT&T, &amp;lt; \\\\(x\\\\)",
        "- \n- x",
        "***\n\n* a\n* ***",
        "5) five\n6) six",
    ],
)
def test_safe_markdown_keeps_the_meaning(markdown):
    assert safe_html(safe_markdown(markdown)) == safe_html(markdown)


@pytest.mark.parametrize(
    ("markdown", "written"),
    [
        (r"so \(x\) and \[y\]", "so $x$ and $$y$$"),
        (r"so \boxed{x < y} and `\boxed{z}`", r"so $\boxed{x \lt  y}$ and `\boxed{z}`"),
        ("```\n\\boxed{x}\n```", "```\n\\boxed{x}\n```"),
        (r"\boxed{`x`}", r"``\boxed{`x`}``"),
        (r"`\(x\)` $z$", r"`\(x\)` $z$"),
        ("$5 and $6", r"\$5 and \$6"),
        ("<b>x</b>", "&lt;b>x&lt;/b>"),
        ("`<b>`", "`<b>`"),
        ("[a](https://b.example)", "[a](https://b.example) (b.example)"),
        ("![a](https://b.example)", "[image: a](https://b.example) (b.example)"),
        ("[a](javascript:x)", "a (javascript:x)"),
        ("$a<b$", r"$a\lt b$"),
        ("## Title", "## Title"),
        ("see https://a.example/b now", "see https://a.example/b now"),
        ("https://a.example`<b>`", r"https\://a.example`<b>`"),
        ("www.a.example`<b>`", r"www\.a.example`<b>`"),
        (r"\href`<b>`", r"`\href` `<b>`"),
        (r"\href\url{x}", r"`\href\url`{x}"),
    ],
)
def test_safe_markdown_rewrites_only_what_it_must(markdown, written):
    assert safe_markdown(markdown) == written


def test_html_has_no_blank_line_that_would_end_it_in_a_markdown_page():
    html = safe_html("```\na\n\n![x](https://evil.example)\n \t\n\n```\n\nb &#10;&#10; c")
    assert not re.search(r"\n[ \t]*\n", html)
    assert "a&#10;\n![x]" in html


def test_our_words_follow_the_language():
    assert "图片:猫" in safe_html("![猫](https://b.example)", "zh")


PIECES = ["[", "]", "(", ")", "*", "_", "`", "$", "\\", "<", ">", "!", "|", "~", "#", "-", "\n"]
PIECES += ["\n\n", "    ", "a", " ", "1. ", "```", "$$", "\\[", "\\]", "&#x202e;", "&lt;", ":"]
PIECES += [
    "<img src=x onerror=a>",
    "](javascript:a)",
    "https://a.example",
    "\ud800",
    "\x1b",
    "中",
]
PIECES += ["\\begin{a}", "\\end{a}", "\\href", "\\boxed{", "|-|-|\n", "~~~", "{", "}"]


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.lists(st.sampled_from(PIECES), max_size=25).map("".join))
def test_nothing_gets_through_or_raises(text):
    from markdown_it import MarkdownIt

    html, markdown = safe_forms(text)
    assert findings(html) == [] and not re.search(r"\n[ \t]*\n", html)
    assert findings(safe_html(markdown)) == []
    careless = MarkdownIt("commonmark").enable("table").render(markdown)
    assert "<img" not in careless and 'href="javascript' not in careless
    html.encode(), markdown.encode()


@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.text(max_size=60))
def test_any_text_is_written(text):
    assert findings(safe_html(text)) == []


LONG = {
    "paragraphs": "Some **bold** `code` $x^2$ [link](http://a.example) words.\n\n" * 1_000,
    "[": "[" * 20_000,
    "*": "*" * 50_000,
    "`": "`" * 50_000,
    "$": "$" * 20_000,
    ">": ">" * 50_000,
    "- ": "- " * 25_000,
    "![": "![" * 8_000,
    "\\(": "\\(" * 20_000,
    "\\[ lines": "\\[\n" * 8_000,
    "boxes": "\\boxed{" * 20_000,
    "boxes, filled": ("\\boxed{" + "{}" * 46) * 1_400,
    "boxes without end": "\\boxed{x {} " * 10_000,
    "environments": "\\begin{a}\n" * 5_000,
    "cells": "a|b\n-|-\n" + "|\n" * 2_000,
}


@pytest.mark.parametrize("text", LONG.values(), ids=LONG)
def test_long_and_pathological_texts_are_written_in_time(text):
    begin = time.process_time()
    safe_forms(text)
    assert time.process_time() - begin < 2


@pytest.mark.parametrize(
    ("markdown", "bold"),
    [
        ("**重点：**后文", "重点："),
        ("前文**（注意）**后文", "（注意）"),
        ("他说**“好”**。", "“好”"),
        ("前文**：重点**", "：重点"),
        ("**9.9 更大。**因为", "9.9 更大。"),
        ("一 **二** 三", "二"),
        ("プログラム**（開発中）**です", "（開発中）"),
    ],
)
def test_emphasis_needs_no_spaces_beside_chinese(markdown: str, bold: str) -> None:
    assert f"<strong>{bold}</strong>" in safe_html(markdown)


@pytest.mark.parametrize(
    "markdown", ['a**"b"**c', "2 * 3 * 4", "** 空 **格", "中文 ** 中文 **"]
)
def test_emphasis_elsewhere_is_that_of_commonmark(markdown: str) -> None:
    assert "<strong>" not in safe_html(markdown) and "<em>" not in safe_html(markdown)
