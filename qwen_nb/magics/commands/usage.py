"""The commands about what was used: the table, the prices, the budget."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from dataclasses import replace

from IPython.core.error import UsageError

from qwen_nb.catalogue import set_price
from qwen_nb.chat import Chat
from qwen_nb.files import HomeFile
from qwen_nb.ledger import budgets
from qwen_nb.magics import Sheet
from qwen_nb.render import exact_money
from qwen_nb.settings import shown_path
from qwen_nb.texts import text

__all__ = ["budget", "price_set", "usage"]

SET_PRICE = "--set-price"


def budget(chat: Chat, rest: str) -> str:
    """Show what may be spent and what is, allow an amount, or lift that."""
    wanted = budgets.parse(rest.split())
    here = {"conversation": chat.kept().booked_as, "notebook": chat.notebook}
    if isinstance(wanted, budgets.Off):
        lifted = chat.budgets.off(wanted.scope, **here)
        names = ", ".join(f"{_scope(chat, each)} {_amount(each)}" for each in lifted)
        key = "budget.off" if lifted else "budget.off_none"
        return text(key, chat.language, budgets=names)
    lines = []
    if wanted is not None:
        of = {"chat": here["conversation"], "notebook": here["notebook"]}
        made = replace(wanted, of=of.get(wanted.scope, ""))
        is_kept = chat.budgets.set(made)
        if made.scope != "month":  # and is that of a notebook that is known again
            is_kept &= chat.archive is not None and chat.archive.remember_cell()
        if not is_kept:
            lines.append(text("budget.here_only", chat.language))
    held = chat.budgets.all(**here)
    if not held:
        return text("budget.none", chat.language)
    if any(each.scope == "chat" for each in held):
        lines.insert(0, text("budget.of_chat", chat.language))
    return "\n".join([*(_budget_line(chat, each) for each in held), *lines])


def _budget_line(chat: Chat, held: budgets.Budget) -> str:
    spent = chat.ledger.spent(held.scope, held.of, scripted=False)
    rehearsed = chat.ledger.spent(held.scope, held.of, scripted=True).of(held.currency)
    line = text(
        "budget.line_unpriced" if spent.unpriced else "budget.line",
        chat.language,
        scope=_scope(chat, held),
        amount=_amount(held),
        spent=exact_money(spent.of(held.currency), held.currency, chat.language),
        n=spent.unpriced,
    )
    if not rehearsed:
        return line
    told = exact_money(rehearsed, held.currency, chat.language)
    return text("budget.line_scripted", chat.language, line=line, rehearsed=told)


def _scope(chat: Chat, held: budgets.Budget) -> str:
    return text(f"budget.scope.{held.scope}", chat.language)


def _amount(held: budgets.Budget) -> str:
    return f"{budgets.money(held.amount)} {held.currency}"


def usage(chat: Chat, rest: str, width: int) -> Sheet:
    """Show what was used and what it cost, as a table and, if wanted, as charts."""
    by, has_charts, everything = _asked(chat, rest.split())
    table = chat.usage(by, everything=everything)
    plain, html = [table.plain], [table.html]
    if has_charts and table:
        plain.append(table.chart_plain(width))
        html.append(table.chart_html())
    return Sheet("\n\n".join(plain), "\n".join(html))


def _asked(chat: Chat, words: Iterable[str]) -> tuple[str, bool, bool]:
    by, has_charts, everything = "turn", False, False
    left = iter(words)
    for word in left:
        name, equals, value = word.partition("=")
        if name == "--by":
            by = value if equals else next(left, "")
        elif word == "--plot":
            has_charts = True
        elif word == "--all":
            everything = True
        else:
            raise UsageError(text("usage_command.form", chat.language, word=word))
    return by, has_charts, everything


def price_set(chat: Chat, rest: str) -> str:
    """Set a person's own price of a model, from the next question on."""
    words = rest.split()
    if not 4 <= len(words) <= 6:
        raise UsageError(text("set_price.form", chat.language))
    model, region, asked, given, *others = words
    currency = others.pop().upper() if others and others[-1].isalpha() else None
    if len(others) > 1:
        raise UsageError(text("set_price.form", chat.language))
    home = chat.settings().home
    price = set_price(
        home,
        model,
        region,
        asked,
        given,
        others[0] if others else None,
        currency=currency,
        today=datetime.date.today(),
    )
    key = "set_price.done" if price.output_thinking is None else "set_price.done_thinking"
    amounts = {
        name: "" if amount is None else exact_money(amount, price.currency, chat.language)
        for name, amount in (
            ("input", price.input),
            ("output", price.output),
            ("thinking", price.output_thinking),
        )
    }
    path = shown_path(home / HomeFile.PRICES)
    return text(key, chat.language, model=price.id, region=price.region, path=path, **amounts)
