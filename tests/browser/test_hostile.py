"""Answers that attack the page: while they grow, when they stand, in any other reader."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat import NotebookNode
from playwright.sync_api import Page

from qwen_nb.render.live import widget
from qwen_nb.texts.safe import visible
from qwen_nb.values import HARMFUL_TEX
from tests.browser._attacks import (
    CLICK_ALL,
    FINDINGS,
    HELD_OPEN,
    PICTURES,
    attacks,
    fragments,
)
from tests.browser._lab import App, Lab, Notebook
from tests.browser._listener import Listener
from tests.browser._seen import ARTIFACTS
from tests.notebooks._tools import Tools, tampered

pytestmark = [pytest.mark.browser, pytest.mark.notebook]

CARD = "PANEL.content.widgets[{}].outputArea.node.querySelector('.qn-card')"
OUTPUT = "PANEL.content.widgets[{}].outputArea.node.querySelector('.jp-RenderedHTMLCommon')"
TAIL = f"and {HELD_OPEN}\n\nand more\n"

# the answer has come and its last formula is typeset
DRAWN = f"""() => {{
  const answer = CARD?.querySelector(".qn-answer");
  return answer?.textContent.includes("{HELD_OPEN}")
    && [...answer.querySelectorAll(".qn-formula")].at(-1).querySelector("mjx-container");
}}"""


@dataclass
class Looked:
    """What was found at one moment in the outputs of one page.

    Parameters
    ----------
    findings, pictures : dict
        For each answer, what is not ours, and the pictures that are links.
    happened : list of str
        What a page should never do: the marker set, dialogs, frames, navigation, requests.
    """

    findings: dict[str, list[str]] = field(default_factory=dict)
    pictures: dict[str, list[list[str]]] = field(default_factory=dict)
    happened: list[str] = field(default_factory=list)


def overheard(page: Page) -> list[str]:
    """Note from now on what a page should never do."""
    heard: list[str] = []
    page.on("dialog", lambda it: it.type == "beforeunload" or heard.append(f"dialog {it.type}"))
    page.on("popup", lambda it: heard.append(f"popup {it.url}"))
    page.on("frameattached", lambda it: heard.append(f"frame {it.url}"))
    page.on("download", lambda it: heard.append(f"download {it.url}"))
    return heard


def look(notebook: Notebook, name: str, element: str, looked: Looked) -> None:
    """Judge one output, and click on all that looks like a link."""
    notebook.ask("() => { window.qnHere = true; }")
    looked.findings[name] = notebook.ask(f"() => ({FINDINGS})({element})")
    looked.pictures[name] = notebook.ask(f"() => ({PICTURES})({element})")
    notebook.ask(f"() => ({CLICK_ALL})({element})")
    marker, here = notebook.ask("() => [window.pwned ?? null, window.qnHere ?? null]")
    if marker is not None:
        looked.happened.append(f"{name} set the marker")
    if here is None:
        looked.happened.append(f"{name} navigated")


@pytest.fixture(scope="module")
def listener() -> Iterator[Listener]:
    with Listener() as listener:
        yield listener


def cells(host: str) -> tuple[list[str], list[str]]:
    """Return the cells of the notebook, and the names of the answers from the third on."""
    answers = attacks(host)
    # the server falls silent with the last word, and holds the card open
    setup = (
        "from qwen_nb.emulator import Script, embedded\n"
        "from qwen_nb.emulator.tokens import count\n"
        f"for name, text in {answers!r}.items():\n"
        f"    texts = dict(thinking=text, answer=text + {TAIL!r})\n"
        "    silence = f'silence={sum(map(count, texts.values())) - 1}'\n"
        "    script = Script(name=name, asks=name, pace=0.0005, fault=silence, **texts)\n"
        "    embedded().script(script)"
    )
    asks = [f"%%qwen --once\n{name}" for name in answers]
    return ["%load_ext qwen_nb", setup, *asks], list(answers)


@dataclass
class Run:
    """One live run: what was found while it answered, and what was saved."""

    live: Looked
    end: Looked
    reloaded: Looked
    saved: NotebookNode


@pytest.fixture(scope="module")
def run_in(labs: Callable[[App], Lab], listener: Listener) -> Callable[[App], Run]:
    done: dict[App, Run] = {}

    def run(app: App) -> Run:
        if app not in done:
            done[app] = live(labs(app), listener)
        return done[app]

    return run


def live(lab: Lab, listener: Listener) -> Run:
    sources, names = cells(listener.host)
    growing, end, reloaded = Looked(), Looked(), Looked()
    with lab.open(sources) as notebook:
        page = notebook.shown()
        heard = notebook.browser.do(lambda: overheard(page))
        notebook.run(0)
        notebook.run(1)
        for index, name in enumerate(names, start=2):
            notebook.start(index)
            notebook.wait_for(DRAWN.replace("CARD", CARD.format(index)))
            notebook.unfold(index)
            look(notebook, name, CARD.format(index), growing)
            if name in ("links", "images", "diagrams"):
                notebook.screenshot(ARTIFACTS / f"hostile_{lab.server.app}_{name}_live.png")
            notebook.press_button(index, "Stop")
            notebook.wait()
        outputs(notebook, names, end)
        saved = notebook.save()
        growing.happened += heard + listener.asked + notebook.remote
        notebook.reload()
        notebook.wait_for(f"() => {OUTPUT.format(1 + len(names))}")
        outputs(notebook, names, reloaded)
        notebook.screenshot(ARTIFACTS / f"hostile_{lab.server.app}_reloaded.png")
        reloaded.happened += heard + listener.asked + notebook.remote
    return Run(growing, end, reloaded, saved)


def outputs(notebook: Notebook, names: list[str], looked: Looked) -> None:
    for index, name in enumerate(names, start=2):
        notebook.wait_for(f"() => {OUTPUT.format(index)}")
        look(notebook, name, OUTPUT.format(index), looked)


def harmless(looked: Looked) -> None:
    assert looked.happened == []
    assert len(looked.findings) == 10
    assert {name: found for name, found in looked.findings.items() if found} == {}
    for name, pictures in looked.pictures.items():
        assert ["127.0.0.1", "(127.0.0.1)"] in pictures, name
        assert all(host in beside for host, beside in pictures), name


def test_an_attack_would_be_seen(lab: Lab, listener: Listener) -> None:
    # the same words as HTML that Lab trusts: what the other tests look for does happen
    trusted = [attacks(listener.host)[name] for name in ("scripts", "images")]
    show = f"from IPython.display import HTML, display\ndisplay(HTML({''.join(trusted)!r}))"
    with lab.open([show]) as notebook:
        notebook.run(0)
        notebook.wait_for("() => window.pwned")
        found = notebook.ask(f"() => ({FINDINGS})({OUTPUT.format(0)})")
    assert {"<script>", "<svg>", "<video>"} <= set(found)
    assert listener.asked
    listener.asked.clear()


@pytest.mark.parametrize("app", ["lab", "notebook"])
@pytest.mark.parametrize("moment", ["live", "end", "reloaded"])
def test_in_a_notebook(run_in: Callable[[App], Run], app: App, moment: str) -> None:
    harmless(getattr(run_in(app), moment))


def test_from_somebody_else(lab: Lab, run_in: Callable[[App], Run], listener: Listener) -> None:
    names = list(attacks(listener.host))
    copy, looked = tampered(run_in("lab").saved, "text/plain", "held", "holds"), Looked()
    with lab.open(copy, kernel=None) as notebook:
        assert not notebook.is_trusted(2)
        outputs(notebook, names, looked)
        looked.happened += listener.asked + notebook.remote
    harmless(looked)


# -- exported ------------------------------------------------------------------------------

# what the exported page itself asks for: MathJax, RequireJS, Mermaid
DELIVERERS = ("cdnjs.cloudflare.com", "cdn.jsdelivr.net", "unpkg.com")


@pytest.mark.parametrize("form", [("html",), ("html", "--sanitize-html")], ids=" ".join)
def test_exported(
    lab: Lab,
    run_in: Callable[[App], Run],
    tools: Tools,
    listener: Listener,
    tmp_path: Path,
    form: tuple[str, ...],
) -> None:
    nbformat.write(run_in("lab").saved, tmp_path / "run.ipynb")
    (tmp_path / "run.html").write_text(
        tools._checked("nbconvert", "--to", *form, "--stdout", str(tmp_path / "run.ipynb")),
        "utf-8",
    )
    looked, asked = Looked(), []

    def read() -> None:
        page = lab.new_page()
        try:
            heard = overheard(page)
            page.on("request", lambda request: asked.append(request.url))
            page.route("http*://**", lambda route: route.abort())
            page.goto((tmp_path / "run.html").as_uri())
            found = page.locator(".jp-RenderedHTMLCommon[data-mime-type='text/html']")
            for name, output in zip(attacks(listener.host), found.all(), strict=True):
                looked.findings[name] = output.evaluate(FINDINGS)
                looked.pictures[name] = output.evaluate(PICTURES)
                output.evaluate(CLICK_ALL)
            if page.evaluate("() => window.pwned") is not None:
                looked.happened.append("the marker was set")
            page.screenshot(path=ARTIFACTS / f"hostile_{len(form)}_exported.png")
            looked.happened.extend(heard)
        finally:
            page.close()

    lab.do(read)
    (opened, *others) = asked
    assert opened.startswith("file:")
    looked.happened += [url for url in others if not any(host in url for host in DELIVERERS)]
    harmless(looked)


# -- mixtures --------------------------------------------------------------------------------

MIXTURES = 300
SEED = 20240
GLUE = ["\n", "\n\n", " ", "", "`", "```\n", "~~~\n", "$", "$$\n", "\\(", "\\[", "> ", "- "]
GLUE += ["  ", "    ", "|", "|a|\n|-|\n|", "[", "](", "![", ")", "<", ">", "\\", "{", "}", "# "]
GLUE += ["\\boxed{", "\\begin{align}", "\\end{align}", "**", "_", "\ue000", "\ue0010", "\ue002"]
GLUE += [
    "```mermaid\n",
    "[x]: ",
    "https://ok.example/",
    "&lt;",
    "&#60;",
    "&#27;",
    "&#xE000;7&#xE001;",
    "\x1b",
    "\u202e",
    "é",
]

# by the card's own module, as it is sent to the page
DRAW_ALL = f"""async ([code, commands, mixtures]) => {{
  const url = URL.createObjectURL(new Blob([code], {{ type: "text/javascript" }}));
  const {{ Markdown, Blocks }} = await import(url);
  const words = {{ image: "image: {{alt}}", image_bare: "image" }};
  const markdown = new Markdown(PANEL.content.rendermime, commands, words);
  const card = document.createElement("section");
  card.className = "qn-card";
  document.body.append(card);
  const found = [];
  for (const [index, mixture] of mixtures.entries()) {{
    const blocks = new Blocks(), pieces = [mixture];
    for (const piece of mixture.match(/[^]{{1,40}}/g)) {{
      pieces.push(...blocks.push(piece));
      if (index % 10 === 0) pieces.push(blocks.tail);  // as it is drawn while it grows
    }}
    pieces.push(blocks.tail);
    for (const piece of pieces) {{
      const host = document.createElement("div");
      card.replaceChildren(host);
      await markdown.draw(piece, host, {{ typeset: index % 10 === 0, copy: null }});
      for (const finding of ({FINDINGS})(card)) found.push([finding, piece]);
    }}
  }}
  return found;
}}"""


def mixtures(host: str) -> list[str]:
    """Return random mixtures of attacks and of the signs of Markdown, always the same."""
    chance, attacks = random.Random(SEED), fragments(host)

    def piece() -> str:
        if chance.random() < 0.5:
            return chance.choice(GLUE)
        attack = chance.choice(attacks)
        begin = chance.randrange(len(attack)) if chance.random() < 0.5 else 0
        return attack[begin : begin + chance.randrange(1, 200)]

    return ["".join(piece() for _ in range(chance.randrange(2, 25))) for _ in range(MIXTURES)]


def test_mixtures(lab: Lab, listener: Listener) -> None:
    mixed = [visible(mixture) for mixture in mixtures(listener.host)]
    with lab.open(["pass"]) as notebook:
        page = notebook.shown()
        heard = notebook.browser.do(lambda: overheard(page))
        argument: Any = [widget._page_code(), HARMFUL_TEX, mixed]
        found = notebook.ask(DRAW_ALL, argument)
        marker = notebook.ask("() => window.pwned ?? null")
        happened = heard + listener.asked + notebook.remote
    assert found == []
    assert (marker, happened) == (None, [])
