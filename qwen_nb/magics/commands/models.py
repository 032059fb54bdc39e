"""The command about models: what is known of them, and a person's own prices."""

from __future__ import annotations

import datetime

from qwen_nb.catalogue import set_price as set_own_price
from qwen_nb.chat import Chat
from qwen_nb.files import HomeFile
from qwen_nb.magics import LineError
from qwen_nb.render import exact_money, plain_table
from qwen_nb.settings import shown_path
from qwen_nb.texts import text


def models(chat: Chat, words: str = "", *, set_price: bool = False) -> str:
    """List the models whose id, family, vendor or mode has all the words; or set a price."""
    if set_price:
        return _price_set(chat, words.split())
    today = datetime.date.today()
    rows = chat.catalogue().table(words, language=chat.language, today=today)
    if not rows:
        raise LineError("models.none", filter=words)
    return plain_table(list(rows[0]), [list(row.values()) for row in rows])


def _price_set(chat: Chat, words: list[str]) -> str:
    """Set a person's own price of a model, from the next question on."""
    if not 4 <= len(words) <= 6:
        raise LineError("set_price.form")
    model, region, asked, given, *others = words
    currency = others.pop().upper() if others and others[-1].isalpha() else None
    if len(others) > 1:
        raise LineError("set_price.form")
    home = chat.settings().home
    price = set_own_price(
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
