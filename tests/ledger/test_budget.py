import contextlib
import re
import threading
from decimal import Decimal
from typing import Any

import pytest
from _calls import NOON, call, cost

from qwen_nb import BudgetReached, ConfigError
from qwen_nb.ledger.budgets import (
    Budget,
    Budgets,
    Off,
    Verdict,
    check,
    money,
    parse,
    reserve,
)
from qwen_nb.ledger.ledger import Ledger, Reservation
from qwen_nb.values.usage import Cost

USD5 = Budget(Decimal(5), "USD", "chat", "c")
CNY5 = Budget(Decimal(5), "CNY", "chat", "c")
MONTH = Budget(Decimal(1), "USD", "month")


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ("", None),
        ("5 USD", Budget(Decimal(5), "USD")),
        ("5usd", Budget(Decimal(5), "USD")),
        ("USD 5.50", Budget(Decimal("5.50"), "USD")),
        ("$5", Budget(Decimal(5), "USD")),
        ("$ .5", Budget(Decimal("0.5"), "USD")),
        ("$5 USD", Budget(Decimal(5), "USD")),
        ("US$5", Budget(Decimal(5), "USD")),
        ("5美元", Budget(Decimal(5), "USD")),
        ("5 美元 notebook", Budget(Decimal(5), "USD", "notebook")),
        ("5元", Budget(Decimal(5), "CNY")),
        ("¥5 month", Budget(Decimal(5), "CNY", "month")),
        ("￥5", Budget(Decimal(5), "CNY")),
        ("人民币5元", Budget(Decimal(5), "CNY")),
        ("5 cny CHAT", Budget(Decimal(5), "CNY", "chat")),
        ("0 USD", Budget(Decimal(0), "USD")),
        ("0.1 USD", Budget(Decimal("0.1"), "USD")),
        ("off", Off()),
        ("OFF month", Off("month")),
    ],
)
def test_words_are_understood(told: str, expected: object) -> None:
    assert parse(told.split()) == expected


@pytest.mark.parametrize(
    ("told", "key", "named"),
    [
        ("-5 USD", "error.budget_amount", "-5"),
        ("$-5", "error.budget_amount", "-5"),
        ("NaN USD", "error.budget_amount", "NaN"),
        ("inf USD", "error.budget_amount", "inf"),
        ("1e3 USD", "error.budget_amount", "1e3"),
        ("1,000 USD", "error.budget_amount", "1,000"),
        ("five USD", "error.budget_amount", "five"),
        ("5 EUR", "error.budget_money", "EUR"),
        ("5€", "error.budget_money", "€"),
        ("$5 CNY", "error.budget_money", "$ cny"),
        ("5", "error.budget_words", "5"),
        ("USD", "error.budget_words", "USD"),
        ("month", "error.budget_words", "month"),
        ("5 USD week", "error.budget_words", "week"),
        ("off now", "error.budget_words", "off now"),
    ],
)
def test_words_that_say_nothing_of_the_kind(told: str, key: str, named: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse(told.split())
    assert caught.value.key == key
    for language in ("en", "zh"):
        assert named in caught.value.message(language)


def ledger_with(*made: Any) -> Ledger:
    ledger = Ledger()
    for each in made:
        ledger.add(each)
    return ledger


@pytest.mark.parametrize(
    ("budgets", "spent", "bound", "reason"),
    [
        ((), None, None, "within"),
        ((USD5,), None, cost("5"), "within"),
        ((USD5,), None, cost("5.000001"), "reached"),
        ((USD5,), "4.9", cost("0.1"), "within"),
        ((USD5,), "4.9", cost("0.11"), "reached"),
        ((USD5,), "6", cost("0.01"), "reached"),
        ((USD5,), "6", cost("0"), "within"),
        ((USD5,), None, None, "unpriced"),
        ((USD5,), None, cost("0.01", "CNY"), "currency"),
        ((USD5,), None, cost("0", "CNY"), "within"),
        ((USD5, CNY5), "6", cost("0.01", "CNY"), "within"),
        ((CNY5, USD5), "6", cost("0.01", "USD"), "reached"),
        ((USD5, MONTH), "0.9", cost("0.2"), "reached"),
        ((MONTH,), "0.9", cost("0.1"), "within"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("scripted", [False, True])
def test_verdicts(
    budgets: tuple[Budget, ...],
    spent: str | None,
    bound: Cost | None,
    reason: str,
    scripted: bool,
) -> None:
    ledger = ledger_with()
    if spent is not None:
        ledger.add(call(amount=spent, conversation="c", scripted=scripted))
    # what the other kind of server took is another matter
    ledger.add(call(amount="1000", conversation="c", scripted=not scripted))
    ledger.add(call(amount="1000", currency="CNY", conversation="c", scripted=not scripted))
    verdict = check(budgets, ledger, bound, scripted=scripted, now=NOON)
    assert verdict.reason == reason
    assert verdict.may_send == (reason == "within")
    if reason == "within":
        with pytest.raises(ValueError, match="no budget"):
            verdict.error()


def test_what_has_no_price_is_told_of() -> None:
    ledger = ledger_with(
        call(amount=None, conversation="c"), call(amount="5", conversation="c")
    )
    verdict = check([USD5], ledger, cost("1"))
    assert (verdict.spent, verdict.unpriced) == (Decimal(5), 1)
    assert verdict.error().message("en").endswith("not in what is spent: 1.")
    assert "unknown cost" in verdict.asked("en")
    assert "1 次调用费用未知" in verdict.error().message("zh")


def test_another_month_is_another_budget() -> None:
    ledger = ledger_with(call(amount="1"))
    assert not check([MONTH], ledger, cost("0.1"), now=NOON).may_send
    assert check([MONTH], ledger, cost("0.1"), now=NOON + 31 * 86_400).may_send


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("scripted", [False, True])
@pytest.mark.parametrize(
    ("bound", "named"),
    [
        (
            cost("0.25"),
            ["0.25 USD", "4.9", "5 USD", "budget 10 USD", "--max-tokens", "budget off"],
        ),
        (None, ["5 USD", "models --set-price qwen-x singapore IN OUT", "0 0", "budget off"]),
        (cost("2", "CNY"), ["2 CNY", "5 USD", "budget 5 CNY", "budget off"]),
    ],
)
def test_an_error_says_how_to_go_on(
    bound: Cost | None, named: list[str], scripted: bool, language: Any
) -> None:
    ledger = ledger_with(call(amount="4.9", conversation="c", scripted=scripted))
    verdict = check([USD5], ledger, bound, scripted=scripted)
    error = verdict.error(model="qwen-x", region="singapore")
    assert isinstance(error, BudgetReached)
    assert {"scope", "amount", "currency", "spent", "bound"} <= error.facts.keys()
    told = error.message(language)
    for words in named:
        assert re.search(rf"(?<![\d.]){re.escape(words)}", told), (words, told)
    assert {"en": "Nothing was sent", "zh": "未发送任何内容"}[language] in told
    assert {"en": "this conversation", "zh": "当前会话"}[language] in told
    question = verdict.asked(language)
    assert question.endswith("[y/N] ")
    assert "5 USD" in question


# -- reservations ------------------------------------------------------------------------------


def hold(ledger: Ledger, amount: str) -> Reservation:
    found = reserve([USD5], ledger, cost(amount), conversation="c")
    assert isinstance(found, Reservation)
    return found


def reserved(ledger: Ledger) -> dict[str, Decimal]:
    return ledger.reserved("chat", "c", scripted=False)


def test_reservations_never_let_the_sum_pass() -> None:
    ledger, lock = Ledger(), threading.Lock()
    paid: list[Decimal] = []
    worst: list[Decimal] = []

    def work(name: int) -> None:
        for at in range(20):
            found = reserve([USD5], ledger, cost("0.07"), conversation="c")
            if isinstance(found, Verdict):
                continue
            with ledger.held():
                spent = ledger.spent("chat", "c", scripted=False).of("USD")
                worst.append(spent + reserved(ledger)["USD"])
            # every third is never sent: something is raised before
            with contextlib.suppress(OSError), found:
                if (name + at) % 3 == 0:
                    raise OSError
                found.settle(call(amount="0.05", conversation="c"))
                with lock:
                    paid.append(Decimal("0.05"))
            found.release()

    threads = [threading.Thread(target=work, args=(name,)) for name in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    spent = ledger.spent("chat", "c", scripted=False).of("USD")
    assert max(worst) <= 5
    assert spent == sum(paid) <= 5
    assert spent > Decimal("4.8")  # and the rest is not given away
    assert reserved(ledger) == {}


def test_a_call_under_way_is_held_against_the_budget() -> None:
    ledger = Ledger()
    first = hold(ledger, "3")
    second = reserve([USD5], ledger, cost("3"), conversation="c")
    assert isinstance(second, Verdict)
    assert (second.reason, second.spent) == ("reached", Decimal(3))
    first.release()
    hold(ledger, "3")


@pytest.mark.parametrize("error", [OSError, KeyboardInterrupt, GeneratorExit])
def test_whatever_is_raised_a_reservation_is_given_back(error: type[BaseException]) -> None:
    ledger = Ledger()
    other = hold(ledger, "1")
    with pytest.raises(error), hold(ledger, "2"):
        assert reserved(ledger) == {"USD": 3}
        raise error
    assert reserved(ledger) == {"USD": 1}
    with pytest.raises(error), other:
        other.settle(call(amount="0.5", conversation="c"))
        raise error
    assert reserved(ledger) == {}
    assert len(ledger.calls()) == 1


def test_what_is_settled_is_one_call_and_holds_nothing() -> None:
    ledger = Ledger()
    held, other = hold(ledger, "1"), hold(ledger, "2")
    made = call(amount="0.5", conversation="c")
    threads = [threading.Thread(target=held.settle, args=(made,)) for _ in range(8)]
    threads += [threading.Thread(target=held.release) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert ledger.calls() == [made]
    assert reserved(ledger) == {"USD": 2}  # another's is not touched
    other.release()
    other.settle(made)  # what was paid counts, though nothing was held any more
    assert ledger.spent("chat", "c", scripted=False).of("USD") == 1


def test_a_call_counts_as_held_or_as_spent_at_every_moment() -> None:
    ledger, done = Ledger(), threading.Event()
    seen: list[Decimal] = []

    def look() -> None:
        while not done.is_set():
            with ledger.held():
                away = reserved(ledger).get("USD", Decimal(0))
                seen.append(ledger.spent("chat", "c", scripted=False).of("USD") + away)

    held = [ledger.reserve(cost("1"), conversation="c") for _ in range(100)]
    thread = threading.Thread(target=look)
    thread.start()
    for each in held:
        each.settle(call(amount="1", conversation="c"))
    done.set()
    thread.join()
    assert set(seen) <= {Decimal(100)}


def test_the_budgets_of_a_call_are_those_of_its_scopes() -> None:
    budgets = Budgets()
    mine, other = (
        Budget(Decimal(1), "USD", "notebook", "n"),
        Budget(Decimal(2), "USD", "chat", "d"),
    )
    for each in (MONTH, mine, other, CNY5, USD5):
        budgets.set(each)
    assert budgets.all(conversation="c", notebook="n") == (CNY5, USD5, mine, MONTH)
    assert budgets.off("chat", conversation="c") == (CNY5, USD5)
    assert budgets.all(conversation="c", notebook="n") == (mine, MONTH)


@pytest.mark.parametrize(
    ("amount", "told"),
    [
        ("5", "5"),
        ("5.50", "5.5"),
        ("1E-7", "0.0000001"),
        ("1E+2", "100"),
        ("0.00", "0"),
        ("10", "10"),
    ],
)
def test_money_has_all_its_digits(amount: str, told: str) -> None:
    assert money(Decimal(amount)) == told
