"""How the bundle reads where its styles or tags are taken away, and for every eye and hand."""

import re
from decimal import Decimal
from html.parser import HTMLParser

import pytest
from nbconvert.filters import clean_html

from qwen_nb.render.html.markdown import safe_forms
from qwen_nb.render.html.static import bundle
from qwen_nb.render.html.to_html import GAP
from qwen_nb.values import Reply
from qwen_nb.values.usage import Cost, CostPart, Usage


def safe_html(markdown):
    return safe_forms(markdown)[0]


ANSWER = r"""# Result

One *two* **three** ~~four~~ `five` [six](https://example.org)\
seven $x < y$

$$z$$

```python
print("<b>")
```

| a | b |
|---|--:|
| 1 | <i> |

1. one

   - inner
2. two

> quoted

---

last
"""
REPLY = Reply(
    answer=ANSWER,
    thinking="First.\n\n  <Then>.",
    finish_reason="length",
    notes=("a note",),
    usage=Usage(18, 375, 393, 320, 0),
    cost=Cost(
        currency="CNY",
        parts=(CostPart("input", 18, Decimal("0.8")), CostPart("output", 375, Decimal(8))),
        region="bj",
        date="2026-05",
    ),
    model="qwen-plus",
    turn=1,
)


class Words(HTMLParser):
    """Reads a page as somebody does who sees no styles."""

    BLOCKS = ("div", "pre", "blockquote", "ul", "ol", "li", "table", "tr", "details")

    def __init__(self, html):
        super().__init__()
        self.text = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.text += "\n" if tag in self.BLOCKS else " " if tag == "td" else ""

    def handle_endtag(self, tag):
        self.text += "\n" if tag in self.BLOCKS else ""

    def handle_data(self, data):
        self.text += data.replace("\n", " ")

    def lines(self):
        lines = [re.sub(" +", " ", line).strip(" ") for line in self.text.split("\n")]
        return [line for line in lines if line]


def test_a_sanitiser_prints_only_the_bare_words_of_the_folds():
    clean = clean_html(bundle(REPLY)["text/html"])
    # the table's body is put in by the sanitiser's own parser, and then refused by it
    printed = re.findall(r"&lt;(/?[^&]*)&gt;", clean.replace("&lt;b&gt;", "", 1))
    fold, table = ["details", "summary", "/summary", "/details"], ["tbody", "/tbody"]
    assert sorted(printed) == sorted([*fold, "Then", *table, "i", *fold, *table])


@pytest.mark.parametrize("style", [True, False], ids=["as it is", "without styles"])
def test_lines_stay_lines(style):
    html = bundle(REPLY)["text/html"]
    lines = Words(html if style else re.sub(r' style="[^"]*"', "", html)).lines()
    assert lines == [
        "Thought · 320 tokens", "First.", "\xa0", "<Then>.", "\xa0",
        "Result", "\xa0",
        "One two three ~~four~~ five six (example.org)", "seven $x < y$", "\xa0",
        "$$z$$", "\xa0",
        'print("<b>")', "\xa0",
        "a b", "1 <i>",
        "one", "inner", "two", "quoted", "———", "\xa0", "last", "\xa0",
        "The answer ended at its length limit; raise --max-tokens for more.", "\xa0",
        "a note", "\xa0",
        "turn 1 · in 18 (cached 0) · out 375, of which thinking 320 · ¥0.0030 · qwen-plus",
        "Token counts tokens per million amount",
        "input 18 ¥0.8 ¥0.0000144", "of which cached 0", "output 375 ¥8 ¥0.003",
        "of which thinking 320", "of which answer 55", "total 393",
        "18 × ¥0.8/M + 375 × ¥8/M = ¥0.0030144",
        "Beijing; priced without thinking; list price, before free quota; prices of 2026-05",
    ]  # fmt: skip


def test_what_stands_in_for_styles_is_not_seen_with_them():
    html = safe_html("a\n\nb ~~c~~\n\n---\n\nd")
    assert html.count(GAP) == html.count("&nbsp;") == 3
    assert html.count('<span style="display:none">~~</span>') == html.count("~~") == 2
    assert '<span style="display:none">———</span>' in html


@pytest.mark.parametrize(
    ("markdown", "start"),
    [
        ("שלום", '<div dir="auto"'),
        ("# שלום", '<div role="heading" aria-level="3" dir="auto"'),
        ("- שלום", '<ul dir="auto">'),
        ("3. שלום", '<ol dir="auto" start="3">'),
        ("> שלום", '<blockquote dir="auto"'),
        ("|א|\n|-|\n|ב|", "<div "),
    ],
)
def test_each_block_runs_in_the_direction_of_its_words(markdown, start):
    html = safe_html(markdown)
    assert html.startswith(start)
    # one for all that is inside: a part with its own would not count for the whole
    assert html.count('dir="auto"') == 1


def test_what_is_inside_a_list_follows_the_list():
    html = safe_html("- א\n\n  ב\n\n  > ג\n\n  |ד|\n  |-|\n\n  # ה\n\nו")
    assert html.count('dir="auto"') == 2


def test_code_always_runs_from_left_to_right():
    html = safe_html("- א `f(1)`\n\n  ```\n  f(1)\n  ```")
    assert '<code dir="ltr"' in html
    assert '<pre role="group" aria-label="Code" tabindex="0"' in html
    assert re.search(r'<pre [^>]*dir="ltr"', html)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_what_scrolls_can_be_reached_by_keys(language):
    html = bundle(REPLY, language)["text/html"]
    scrolling = re.findall(r'<(?:div|pre)[^>]*style="[^"]*overflow(?:-x)?:auto[^>]*>', html)
    assert len(scrolling) == 3
    for tag in scrolling:
        assert 'tabindex="0"' in tag
        assert re.search(r'role="group" aria-label="[^"]+"', tag)
    names = {"en": ["Formula", "Code", "Table"], "zh": ["公式", "代码", "表格"]}[language]
    assert [re.search('aria-label="([^"]+)"', tag)[1] for tag in scrolling] == names


def contrast(text, paper):
    def light(colour):
        parts = [c / 255 / 12.92 if c <= 10.31 else ((c / 255 + 0.055) / 1.055) ** 2.4
                 for c in colour]  # fmt: skip
        return sum(
            share * part for share, part in zip((0.2126, 0.7152, 0.0722), parts, strict=True)
        )

    bright, dark = sorted((light(text), light(paper)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


def over(paper, colour, opacity):
    return tuple(opacity * c + (1 - opacity) * p for c, p in zip(colour, paper, strict=True))


# JupyterLab's papers and the colour of its text on them
PAPERS = [((255,) * 3, (0,) * 3, 0.87), ((238,) * 3, (0,) * 3, 0.87),
          ((17,) * 3, (255,) * 3, 1), ((66,) * 3, (255,) * 3, 1)]  # fmt: skip


@pytest.mark.parametrize("paper", PAPERS, ids=lambda paper: f"{paper[0][0]:02x}")
def test_the_faintest_text_can_be_read(paper):
    ground, colour, opacity = paper
    html = bundle(REPLY)["text/html"] + safe_html("> [a](https://b.example)")
    faintest = min(float(each) for each in re.findall(r"opacity:([.\d]+)", html))
    assert contrast(over(ground, colour, opacity * faintest), ground) >= 4.5


def test_no_faint_text_lies_inside_faint_text():
    open_ = []
    for end, attributes in re.findall(
        r"<(/?)(?:div|span|blockquote|table)\b([^>]*)>",
        bundle(REPLY)["text/html"] + safe_html("> > [a](https://b.example) | `x`"),
    ):
        if end:
            open_.pop()
        else:
            open_.append("opacity" in attributes)
        assert sum(open_) <= 1
