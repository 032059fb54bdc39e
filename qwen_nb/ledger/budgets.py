"""Budgets: how much may be spent, and whether a call could pass that.

A call is held against what it can cost at most, with what is spent and what others under
way can cost, so that no call that is sent passes a budget. What calls to the emulator
would have cost is held against a budget too, but never together with what was paid.
"""

from __future__ import annotations

import contextlib
import re
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, get_args

from qwen_nb.errors import BudgetReached, ConfigError, StoreError
from qwen_nb.ledger.ledger import Ledger, Reservation, Scope
from qwen_nb.texts import Language, text
from qwen_nb.values import EXACT, Cost

if TYPE_CHECKING:
    from qwen_nb.store import Store

__all__ = [
    "CURRENCIES",
    "Budget",
    "Budgets",
    "Off",
    "Verdict",
    "check",
    "money",
    "parse",
    "reserve",
]

CURRENCIES = ("USD", "CNY")
"""Those of the price list."""

_SCOPES: tuple[Scope, ...] = get_args(Scope)


@dataclass(frozen=True, slots=True)
class Budget:
    """How much may be spent.

    Parameters
    ----------
    amount : Decimal
        The most.
    currency : str
        `USD` or `CNY`.
    scope : str
        By what: `chat` (a conversation), `notebook`, `month`.
    of : str
        The id of the conversation or the notebook; empty for a month.
    """

    amount: Decimal
    currency: str
    scope: Scope = "chat"
    of: str = ""


@dataclass(frozen=True, slots=True)
class Off:
    """Budgets are lifted: those of a scope, or every one that holds here."""

    scope: Scope | None = None


# -- the command's words ---------------------------------------------------------------------

_SIGNS = {
    "$": "USD", "us$": "USD", "usd": "USD", "美元": "USD", "美金": "USD",
    "¥": "CNY", "￥": "CNY", "cny": "CNY", "rmb": "CNY", "元": "CNY", "人民币": "CNY",
}  # fmt: skip
_SIGN = "|".join(sorted(map(re.escape, _SIGNS), key=len, reverse=True))
_NUMBER = re.compile(r"\d+(?:\.\d*)?|\.\d+", re.ASCII)
_MONEY = re.compile(rf"({_SIGN})?\s*(\S+?)\s*({_SIGN})?", re.IGNORECASE)
_OTHER_MONEY = re.compile(r"[\d.]+\s*([^\s\d]\S*)", re.ASCII)


def parse(words: Sequence[str]) -> Budget | Off | None:
    """Read `AMOUNT CURRENCY [chat|notebook|month]` or `off [chat|notebook|month]`.

    The currency may stand before or after the amount, with or without a space, as a code
    or a sign: `5 USD`, `5usd`, `$5`, `5美元`, `¥5`, `5元`.

    Returns
    -------
    Budget, Off or None
        None for no words at all.

    Raises
    ------
    ConfigError
        When they say nothing of the kind.
    """
    given = [word.strip() for word in words if word.strip()]
    if not given:
        return None
    last = given[-1].lower()
    scope = next((each for each in _SCOPES if each == last), None)
    rest = given if scope is None else given[:-1]
    if [word.lower() for word in rest] == ["off"]:
        return Off(scope)
    told = " ".join(rest)
    found = _MONEY.fullmatch(told)
    signs = [sign.lower() for sign in (found[1], found[3]) if sign] if found else []
    if found is None or not signs:
        other = _OTHER_MONEY.fullmatch(told)
        if other is not None:
            raise _no_currency(other[1])
        raise ConfigError("error.budget_words", words=" ".join(given))
    if not _NUMBER.fullmatch(found[2]):
        raise ConfigError("error.budget_amount", amount=found[2])
    currencies = {_SIGNS[sign] for sign in signs}
    if len(currencies) > 1:
        raise _no_currency(" ".join(signs))
    return Budget(Decimal(found[2]), currencies.pop(), scope or "chat")


def _no_currency(told: str) -> ConfigError:
    return ConfigError("error.budget_money", currency=told, known=", ".join(CURRENCIES))


# -- those that hold -------------------------------------------------------------------------


class Budgets:
    """The budgets of this person. They may be used from any thread.

    Parameters
    ----------
    store : callable, optional
        Returns the store, or None where there is none now; see `Ledger`. What cannot be
        kept there holds in this process.
    """

    def __init__(self, store: Callable[[], Store | None] | None = None) -> None:
        self._store = store or (lambda: None)
        self._lock = threading.Lock()
        # None: lifted here, whatever the store says
        self._here: dict[tuple[str, str, str], Decimal | None] = {}

    def set(self, budget: Budget) -> bool:
        """Let a budget hold from now on, in place of the one of its scope and currency.

        Returns
        -------
        bool
            Whether it is kept beyond this process.
        """
        key = budget.scope, budget.of, budget.currency
        return self._keep(key, budget.amount)

    def off(
        self, scope: Scope | None = None, *, conversation: str = "", notebook: str = ""
    ) -> tuple[Budget, ...]:
        """Lift the budgets of a scope, or all that hold for a call; return them."""
        lifted = [
            budget
            for budget in self.all(conversation=conversation, notebook=notebook)
            if scope in (None, budget.scope)
        ]
        for budget in lifted:
            self._keep((budget.scope, budget.of, budget.currency), None)
        return tuple(lifted)

    def all(self, *, conversation: str = "", notebook: str = "") -> tuple[Budget, ...]:
        """Return the budgets that hold for a call, the narrowest first."""
        known: dict[tuple[str, str, str], Decimal | None] = {}
        store = self._opened()
        if store is not None:
            with contextlib.suppress(StoreError):
                known.update(store.budgets.all())
        with self._lock:
            known |= self._here
        wanted = {"chat": conversation, "notebook": notebook, "month": ""}
        found = [
            Budget(amount, currency, scope, of)
            for scope in _SCOPES
            for (name, of, currency), amount in sorted(known.items())
            if name == scope and of == wanted[scope] and amount is not None
        ]
        return tuple(found)

    def _keep(self, key: tuple[str, str, str], amount: Decimal | None) -> bool:
        scope, of, currency = key
        # What belongs to no conversation or notebook belongs to this process.
        store = self._opened() if of or scope == "month" else None
        kept = False
        if store is not None:
            try:
                store.budgets.set(scope, of, currency, amount)
                kept = True
            except (StoreError, RuntimeError):  # or closed meanwhile
                pass
        with self._lock:
            if kept:
                self._here.pop(key, None)
            else:
                self._here[key] = amount
        return kept

    def _opened(self) -> Store | None:
        try:
            return self._store()
        except StoreError:
            return None


# -- a call that is about to be sent -----------------------------------------------------------

Reason: TypeAlias = Literal["within", "reached", "unpriced", "currency"]
"""`within`: it cannot pass a budget. `reached`: it could. `unpriced`: nobody knows what it
can cost. `currency`: it is paid in one in which nothing is allowed."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a call could pass a budget.

    Parameters
    ----------
    reason : str
        See `Reason`.
    budget : Budget, optional
        The one it could pass; None for `within`.
    spent : Decimal
        What is spent of it, with the most that calls under way can cost.
    bound : Cost, optional
        The most the call can cost.
    unpriced : int
        How many calls of the scope have no known cost, and are not in `spent`.
    scripted : bool
        The emulator answers.
    """

    reason: Reason = "within"
    budget: Budget | None = None
    spent: Decimal = Decimal(0)
    bound: Cost | None = None
    unpriced: int = 0
    scripted: bool = False

    @property
    def may_send(self) -> bool:
        """Whether it can be sent without asking."""
        return self.reason == "within"

    def error(self, *, model: str = "", region: str = "") -> BudgetReached:
        """Return what is raised where nobody can be asked, or the answer is no.

        Parameters
        ----------
        model, region : str
            Whose price would have to be set.
        """
        key = f"error.budget_{self.reason}"
        if self.reason == "reached" and self.scripted:
            key = "error.budget_would_reach"
        facts = self._facts()
        if self.reason == "unpriced":
            facts |= {"model": model or "ID", "region": region or "REGION"}
        return BudgetReached(key, **facts)

    def asked(self, language: Language) -> str:
        """Return the question whether to send it all the same."""
        facts = self._facts()
        facts["scope"] = text(f"budget.scope.{facts['scope']}", language)
        told = text(f"budget.ask.{self.reason}", language, **facts)
        if not self.unpriced:
            return told
        return f"{text('budget.unpriced', language, n=self.unpriced)} {told}"

    def _facts(self) -> dict[str, Any]:
        if self.budget is None:
            raise ValueError("no budget is in the way")
        return {
            "scope": self.budget.scope,
            "amount": money(self.budget.amount),
            "currency": self.budget.currency,
            "spent": money(self.spent),
            "unpriced": self.unpriced,
            "bound": None if self.bound is None else money(self.bound.amount),
            "paid_in": None if self.bound is None else self.bound.currency,
        }


def check(
    budgets: Iterable[Budget],
    ledger: Ledger,
    bound: Cost | None,
    *,
    scripted: bool = False,
    now: float | None = None,
) -> Verdict:
    """Return whether a call could pass one of the budgets that hold for it.

    Parameters
    ----------
    budgets : iterable of Budget
        As `Budgets.all` returns them for the call.
    ledger : Ledger
        Knows what is spent and under way.
    bound : Cost, optional
        The most the call can cost; None where that is not known.
    scripted : bool
        The emulator answers: held against what its answers would have cost only.
    now : float, optional
        Seconds since 1970; says which month it is.
    """
    by_scope: dict[tuple[Scope, str], list[Budget]] = {}
    for budget in budgets:
        by_scope.setdefault((budget.scope, budget.of), []).append(budget)
    for (scope, of), several in by_scope.items():
        reason, budget = _in_the_way(several, bound)
        spent = ledger.spent(scope, of, scripted=scripted, now=now)
        away = ledger.reserved(scope, of, scripted=scripted)
        taken = EXACT.add(spent.of(budget.currency), away.get(budget.currency, Decimal(0)))
        if bound is not None and (
            bound.amount == 0  # what costs nothing passes nothing, in any currency
            or (reason == "reached" and EXACT.add(taken, bound.amount) <= budget.amount)
        ):
            continue
        return Verdict(reason, budget, taken, bound, spent.unpriced, scripted)
    return Verdict(bound=bound, scripted=scripted)


def _in_the_way(several: Sequence[Budget], bound: Cost | None) -> tuple[Reason, Budget]:
    """Return which budget of one scope a call is held against, and what it would break."""
    if bound is None:
        return "unpriced", several[0]
    for budget in several:
        if budget.currency == bound.currency:
            return "reached", budget
    return "currency", several[0]


def reserve(
    budgets: Iterable[Budget],
    ledger: Ledger,
    bound: Cost | None,
    *,
    conversation: str = "",
    notebook: str = "",
    scripted: bool = False,
    now: float | None = None,
) -> Reservation | Verdict:
    """Check a call and, where it may be sent, reserve the most it can cost in one step.

    So no two calls of this process take the same rest of a budget at once; of another
    kernel's, what has ended counts. See `check` and `Ledger.reserve`; where a person is
    asked and agrees, the latter is called alone.

    Returns
    -------
    Reservation or Verdict
        What is held, until its owner gives it back; or why the call may not be sent.
    """
    with ledger.held():
        verdict = check(budgets, ledger, bound, scripted=scripted, now=now)
        if not verdict.may_send:
            return verdict
        return ledger.reserve(
            bound, conversation=conversation, notebook=notebook, scripted=scripted
        )


def money(amount: Decimal) -> str:
    """Return an amount with all its digits and no more, without an exponent."""
    told = format(amount, "f")
    return told.rstrip("0").rstrip(".") if "." in told else told
