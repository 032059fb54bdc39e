"""A reply made visible: live card, static bundle, plain text.

Everything from a model or a server is hostile here until it went through `_safe`.
Importing this room loads no IPython, widget or Markdown library; showing does.
"""

from qwen_nb.render._card import CardDisplay
from qwen_nb.render._cost_chart import cost_chart
from qwen_nb.render._markdown import safe_html, safe_markdown
from qwen_nb.render._money import exact_money, money
from qwen_nb.render._passing import show_for_a_while
from qwen_nb.render._safe import visible
from qwen_nb.render._spending import SpendingTable, spending_table
from qwen_nb.render._static import bundle, metadata
from qwen_nb.render._still import Describe, SilentDisplay, StaticDisplay
from qwen_nb.render._table import html_table, plain_table
from qwen_nb.render._terminal import TerminalDisplay
from qwen_nb.render._text_chart import text_chart
from qwen_nb.render._tokens_chart import tokens_chart
from qwen_nb.render._usage import usage_line

__all__ = [
    "CardDisplay",
    "Describe",
    "SilentDisplay",
    "SpendingTable",
    "StaticDisplay",
    "TerminalDisplay",
    "bundle",
    "cost_chart",
    "exact_money",
    "html_table",
    "metadata",
    "money",
    "plain_table",
    "safe_html",
    "safe_markdown",
    "show_for_a_while",
    "spending_table",
    "text_chart",
    "tokens_chart",
    "usage_line",
    "visible",
]
