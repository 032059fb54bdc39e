"""A notebook with answers of every kind, exported by nbconvert: what a reader finds there."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import nbformat
import pytest
from markdown_it import MarkdownIt
from nbformat import NotebookNode

from tests.notebooks._tools import Tools, new_notebook
from tests.render.hostile import CASES

pytestmark = [pytest.mark.kernel, pytest.mark.notebook]

RICH = r"""The **answer** is 42.

| kind | count |
|---|---:|
| apples | 7 |

So \(a^2 + b^2\), and \[\int_0^1 x\,dx\] gives \boxed{\frac{1}{2}}.

```python
print("<b>&")
```

你好。 שלום.
"""

HOSTILE = "\n\n".join(
    CASES[name]
    for name in (
        "script", "onerror", "svg", "iframe", "style", "form", "details", "end of script",
        "javascript link", "data link", "autolink", "image", "svg image", "html in a table",
        "html in code", "end of our tags", "media", "media by markdown", "meta", "css",
        "table in cell", "code, end", "boxed with html", "bidi", "escapes",
    )
)  # fmt: skip
ANSWERS = {"rich": (RICH, "Count the\n  apples."), "hostile": (HOSTILE, HOSTILE)}

SCRIPTS = (
    "from qwen_nb.emulator import Script, embedded\n"
    f"for asks, (answer, thinking) in {ANSWERS!r}.items():\n"
    "    embedded(pace=0).script(\n"
    "        Script(name=asks, asks=asks, answer=answer, thinking=thinking)\n"
    "    )"
)
CELLS = ["%load_ext qwen_nb", SCRIPTS, "%%qwen\nrich", "%%qwen\nhostile"]

FORMS = {
    "html": ("html",),
    "html, sanitised": ("html", "--sanitize-html"),
    "markdown": ("markdown",),
}


@pytest.fixture(scope="module")
def executed(tools: Tools, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("exports") / "answers.ipynb"
    tools.execute(new_notebook(CELLS), path)
    return path


def answers(page: str) -> list[str]:
    """Cut the output of each question out of an exported page."""
    begin, end = (f"(?:<|&lt;){tag}(?:>|&gt;)" for tag in ("details", "/details"))
    found = re.findall(f"{begin}.*?scripted answers, no model.*?{end}", page, re.DOTALL)
    assert len(found) == 2
    return found


@pytest.fixture(scope="module")
def pages(executed: Path, tools: Tools) -> dict[str, list[str]]:
    return {
        name: answers(tools._checked("nbconvert", "--to", *form, "--stdout", str(executed)))
        for name, form in FORMS.items()
    }


class Page(HTMLParser):
    """Collects what a browser would do, and what a reader would see."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.addresses: set[str] = set()
        self.text = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        for name, value in attrs:
            self.attributes.add(name)
            if name in ("href", "src"):
                self.addresses.add(value or "")

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.mark.parametrize("form", FORMS)
def test_an_answer_can_be_read(pages: dict[str, list[str]], form: str) -> None:
    page = Page(pages[form][0])
    for words in (
        "The answer is 42.", "apples", "$a^2 + b^2$", r"$$\int_0^1 x\,dx$$",
        r"$\boxed{\frac{1}{2}}$", 'print("<b>&")', "你好。 שלום.", "Thought · ",
        "turn 1 · in ", "of which answer",
    ):  # fmt: skip
        assert words in page.text
    assert {"table", "tr", "td", "pre", "code", "strong"} <= page.tags


@pytest.mark.parametrize("form", ["html", "markdown"])
def test_the_thinking_and_the_counts_are_folded(pages: dict[str, list[str]], form: str) -> None:
    rich = pages[form][0]
    thinking, counts = re.findall("<details>.*?</details>", rich, re.DOTALL)
    assert "apples." in thinking
    assert re.search(r"<td[^>]*>total</td>", counts)


def test_the_sanitised_page_shows_the_bare_words_of_the_folds(
    pages: dict[str, list[str]],
) -> None:
    page = Page(pages["html, sanitised"][0])
    printed = re.findall(r"</?[a-z][^<>]*>", page.text.replace('"<b>&"', ""))
    assert set(printed) == {
        "<details>", "<summary>", "</summary>", "</details>", "<tbody>", "</tbody>"
    }  # fmt: skip
    assert page.attributes <= {"class", "id", "href", "title"}


OURS = {"a", "blockquote", "code", "div", "em", "li", "ol", "pre", "span", "strong", "ul"}
OURS |= {"table", "tr", "td", "details", "summary"}
ATTRIBUTES = {"style", "href", "rel", "target", "title", "role", "dir", "start", "tabindex"}
ATTRIBUTES |= {"aria-label", "aria-level", "class", "id"}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("question", [0, 1], ids=["rich", "hostile"])
def test_nothing_of_an_answer_is_live(
    pages: dict[str, list[str]], form: str, question: int
) -> None:
    found = pages[form][question]
    page = Page(found)
    assert page.tags <= OURS
    assert page.attributes <= ATTRIBUTES
    assert {address.partition(":")[0] for address in page.addresses} <= {"https", "mailto"}
    assert not re.search("[\x1b\x9b\u202e\u2066]", found)
    assert "alert(1)" in page.text or question == 0


def test_the_markdown_of_the_page_is_harmless_to_its_reader(
    executed: Path, tools: Tools
) -> None:
    # a reader of the exported Markdown parses it once more, with our HTML inside
    page = tools._checked("nbconvert", "--to", "markdown", "--stdout", str(executed))
    given = page[page.index("%%qwen") :]
    seen = Page(MarkdownIt("commonmark", {"html": True}).enable("table").render(given))
    assert seen.tags <= OURS | {"p"}
    assert seen.attributes <= ATTRIBUTES
    assert not any(address.startswith(("javascript", "data")) for address in seen.addresses)


def test_the_markdown_form_alone_is_harmless_too(executed: Path) -> None:
    notebook: NotebookNode = nbformat.read(executed, as_version=4)
    rich, hostile = (cell.outputs[0].data["text/markdown"] for cell in notebook.cells[2:])
    assert r"$\boxed{\frac{1}{2}}$" in rich
    careless = MarkdownIt("commonmark", {"html": True}).enable("table")
    seen = Page(careless.render(hostile))
    assert not seen.tags & {"script", "img", "svg", "iframe", "style", "form", "video", "audio"}
    assert not any(address.startswith(("javascript", "data")) for address in seen.addresses)
