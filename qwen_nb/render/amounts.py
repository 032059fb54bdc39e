"""Amounts of money in figures: never a zero for what is not zero, never an exponent."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal, localcontext

from qwen_nb.texts import Language, text, visible

_SIGNS = {"USD": "$", "CNY": "¥"}
_DIGITS = 2  # that count, below 1: `0.0015`
_CENTS = 2
_BELOW_A_CENT = 4


def money(amount: Decimal, currency: str, language: Language = "en") -> str:
    """Return an amount as a person reads it, rounded.

    From one unit on it has two decimals; below, two digits that count, and below a
    cent at least four decimals.

    Parameters
    ----------
    amount : Decimal
        Finite.
    currency : str
        `USD` and `CNY` get their sign, any other its own name.
    language : {"en", "zh"}
        The language of our own words.

    Examples
    --------
    >>> money(Decimal("0.0015072"), "USD")
    '$0.0015'
    >>> money(Decimal("1234.5"), "CNY")
    '¥1,234.50'
    """
    return _named(_rounded(amount), amount < 0, currency, language)


def exact_money(amount: Decimal, currency: str, language: Language = "en") -> str:
    """Return an amount to its last digit, as arithmetic needs it."""
    figures = f"{amount.copy_abs():,f}"
    if "." in figures:
        figures = figures.rstrip("0").rstrip(".")
    return _named(figures or "0", amount < 0, currency, language)


def spoken_money(amount: Decimal, currency: str, language: Language = "en") -> str:
    """Return an amount as `money` does, with the currency's name for its sign.

    For a reader aloud, and for one text of several amounts: the MathJax of a page takes
    two dollar signs for the edges of a formula.
    """
    return _spelled(_rounded(amount), amount < 0, currency, language)


def _rounded(amount: Decimal) -> str:
    places = _CENTS
    if amount.copy_abs() < 1:
        # `adjusted` is the place of the first digit that counts: -3 in 0.0015
        places = max(_CENTS, _DIGITS - 1 - amount.adjusted())
    if amount.copy_abs() < Decimal("0.01"):
        places = max(places, _BELOW_A_CENT)
    with localcontext() as context:
        context.rounding = ROUND_HALF_UP
        return f"{amount.copy_abs():,.{places}f}" if amount else "0"


def _named(figures: str, negative: bool, currency: str, language: Language) -> str:
    if sign := _SIGNS.get(currency):
        return f"{'-' if negative else ''}{sign}{figures}"
    return _spelled(figures, negative, currency, language)


def _spelled(figures: str, negative: bool, currency: str, language: Language) -> str:
    minus = "-" if negative else ""
    name = " ".join(visible(currency).split())
    return text("usage.money", language, amount=minus + figures, currency=name).strip()
