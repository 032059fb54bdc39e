"""A reply made visible: live card, static bundle, plain text.

Everything from a model or a server is hostile here until it went through `_safe`.
Importing this room loads no IPython, widget or Markdown library; showing does.
"""

from qwen_nb.render._card import CardDisplay
from qwen_nb.render._markdown import safe_html, safe_markdown
from qwen_nb.render._safe import visible
from qwen_nb.render._static import bundle, metadata
from qwen_nb.render._still import Describe, SilentDisplay, StaticDisplay
from qwen_nb.render._table import html_table, plain_table
from qwen_nb.render._terminal import TerminalDisplay
from qwen_nb.render._usage import usage_line

__all__ = [
    "CardDisplay",
    "Describe",
    "SilentDisplay",
    "StaticDisplay",
    "TerminalDisplay",
    "bundle",
    "html_table",
    "metadata",
    "plain_table",
    "safe_html",
    "safe_markdown",
    "usage_line",
    "visible",
]
