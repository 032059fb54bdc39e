"""The commands about what was used and what may be: the table, the budget."""

from __future__ import annotations

from dataclasses import replace

from qwen_nb.chat import Chat
from qwen_nb.ledger import budgets
from qwen_nb.magics import Sheet
from qwen_nb.render import exact_money
from qwen_nb.texts import text


def budget(chat: Chat, wanted: budgets.Budget | budgets.Off | None = None) -> str:
    """Show what may be spent and what is, allow an amount, or lift that."""
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
        if made.scope != "month":
            # a notebook that only maps is known again by it
            chat.now().notebook.remember_cell()
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


def usage(
    chat: Chat, *, by: str = "turn", plot: bool = False, everything: bool = False
) -> Sheet:
    """Show what was used and what it cost, as a table and, if wanted, as charts."""
    table = chat.usage(by, everything=everything)
    if not (plot and table):
        return Sheet(lambda width: table.plain, table.html)
    return Sheet(
        lambda width: f"{table.plain}\n\n{table.chart_plain(width)}",
        f"{table.html}\n{table.chart_html()}",
    )
