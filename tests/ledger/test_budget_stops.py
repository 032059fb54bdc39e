"""A budget that is reached among many calls: the one that could pass it is not sent."""

import asyncio
import io
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from qwen_nb import BudgetReached, Chat
from qwen_nb.emulator.server import Emulator
from qwen_nb.ledger.budgets import Budget
from tests.notebooks._tools import Tools, new_notebook

CALLS = 50
CENT = Decimal("0.01")
# 300 tokens of answer and the tags at 1.2 USD per million, and the question's few bytes
SHORT: dict[str, Any] = {"thinking": False, "max_tokens": 300}


@pytest.fixture
def chat(running_emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> Iterator[Chat]:
    """Ask a server whose prices the person has set."""
    monkeypatch.setenv("QWEN_NB_BASE_URL", running_emulator.openai_base_url)
    monkeypatch.setenv("QWEN_NB_API_KEY", running_emulator.key)
    monkeypatch.setenv("QWEN_NB_MODEL", "qwen-plus")
    running_emulator.journal.clear()
    running_emulator.pace = 0
    chat = Chat()
    price(chat)
    yield chat
    chat.close()


def price(chat: Chat, given: str = "1.2", currency: str = "USD") -> None:
    home = chat.settings().home
    home.mkdir(exist_ok=True)
    row = f"qwen-plus,127.0.0.1,{currency},,0.4,{given},,user,2026-11\n"
    columns = "id,region,currency,up_to_input_tokens,in,out,out_thinking,source,date\n"
    (home / "prices.csv").write_text(columns + row)


def allow(chat: Chat, amount: Decimal, currency: str = "USD", scope: Any = "chat") -> None:
    of = {"chat": chat.kept().booked_as, "notebook": chat.notebook, "month": ""}[scope]
    chat.budgets.set(Budget(amount, currency, scope, of))


def spent(chat: Chat, scope: Any = "chat") -> Decimal:
    of = {"chat": chat.kept().booked_as, "notebook": chat.notebook, "month": ""}[scope]
    return chat.ledger.spent(scope, of, scripted=False).of("USD")


@pytest.mark.parametrize("scope", ["chat", "notebook", "month"])
def test_the_call_that_could_pass_it_is_not_sent(
    chat: Chat, running_emulator: Emulator, scope: Any
) -> None:
    allow(chat, CENT, scope=scope)
    replies = []
    with pytest.raises(BudgetReached) as refused:
        for number in range(CALLS):
            replies.append(chat.ask(f"question {number}", **SHORT))
    assert 5 < len(replies) < CALLS
    assert len(running_emulator.journal) == len(chat.turns) == len(replies)
    paid = sum(reply.cost.amount for reply in replies if reply.cost)
    assert spent(chat, scope) == paid <= CENT
    bound = Decimal(str(refused.value.facts["bound"]))
    assert paid + bound > CENT
    assert bound < CENT / 5  # it was no wild guess that stopped it
    assert all(word in str(refused.value) for word in ("0.01 USD", "Nothing was sent"))
    # nothing is lost: the person allows more, and goes on
    allow(chat, 2 * CENT, scope=scope)
    assert chat.ask("and now", **SHORT).turn == len(replies) + 1
    assert len(chat.turns) == len(replies) + 1


def test_questions_at_once_do_not_take_the_same_rest(
    chat: Chat, running_emulator: Emulator
) -> None:
    allow(chat, CENT)

    async def ask(number: int) -> Any:
        return await chat.ask_async(f"question {number}", **SHORT)

    async def ask_all() -> list[Any]:
        asked = (ask(number) for number in range(CALLS))
        return await asyncio.gather(*asked, return_exceptions=True)

    done = asyncio.run(ask_all())
    refused = [each for each in done if isinstance(each, BaseException)]
    assert refused
    assert all(isinstance(each, BudgetReached) for each in refused)
    assert len(running_emulator.journal) == CALLS - len(refused) > 5
    assert spent(chat) <= CENT
    assert chat.ledger.reserved("chat", chat.kept().booked_as, scripted=False) == {}


@pytest.mark.parametrize(
    ("currency", "amount", "reason"),
    [("CNY", "5", "paid in CNY"), (None, "5", "not known"), ("USD", "0.00001", "could cost")],
)
def test_what_cannot_be_held_against_it_is_not_sent(
    chat: Chat, running_emulator: Emulator, currency: str | None, amount: str, reason: str
) -> None:
    if currency is None:
        (chat.settings().home / "prices.csv").unlink()
    else:
        price(chat, currency=currency)
    allow(chat, Decimal(amount))
    with pytest.raises(BudgetReached, match=reason):
        chat.ask("one", **SHORT)
    assert not running_emulator.journal
    assert not chat.turns
    price(chat, given="0", currency="CNY")  # in any currency, nothing is nothing
    (chat.settings().home / "prices.csv").write_text(
        (chat.settings().home / "prices.csv").read_text().replace("0.4,0", "0,0")
    )
    assert chat.ask("one", **SHORT).turn == 1


class Person(io.StringIO):
    """Somebody at a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("answer", "sent"), [("y", 1), ("是", 1), ("", 0), ("no", 0)])
def test_whoever_can_answer_is_asked(
    chat: Chat,
    running_emulator: Emulator,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    answer: str,
    sent: int,
) -> None:
    allow(chat, Decimal("0.0001"))
    monkeypatch.setattr("sys.stdin", Person(f"{answer}\n"))
    if sent:
        chat.ask("one", **SHORT)
    else:
        with pytest.raises(BudgetReached):
            chat.ask("one", **SHORT)
    assert len(running_emulator.journal) == sent
    assert "0.0001 USD" in capsys.readouterr().out


def test_a_summary_counts_before_it_is_made(
    chat: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Emulator(pace=0, max_input={"qwen-plus": 4096}) as small:
        monkeypatch.setenv("QWEN_NB_BASE_URL", small.openai_base_url)
        monkeypatch.setenv("QWEN_NB_API_KEY", small.key)
        (chat.settings().home / "models.csv").write_text("id,max_input\nqwen-plus,4096\n")
        for number in range(4):
            chat.ask(f"{number} " + "many words " * 250, **SHORT)
        before, sent = spent(chat), len(small.journal)
        kinds = {call.kind for call in chat.ledger.calls()}
        assert kinds == {"answer"}
        allow(chat, before + Decimal("0.0012"))  # enough for the question alone
        with pytest.raises(BudgetReached):
            chat.ask("4 " + "many words " * 250, **SHORT)
        assert len(small.journal) == sent
        allow(chat, before + CENT)
        chat.ask("4 " + "many words " * 250, **SHORT)
        assert sorted(call.kind for call in chat.ledger.calls()[-2:]) == ["answer", "summary"]
        chat.close()  # before the server


@pytest.mark.kernel
@pytest.mark.notebook
def test_nobody_watches_the_loop(tmp_path: Path) -> None:
    cells = [
        "%load_ext qwen_nb",
        "%qwen_nb budget 0.01 USD notebook",
        "numbers = []\n"
        f"for number in range({CALLS}):\n"
        "    reply = %qwen -q --no-think --max-tokens 300 question {number}\n"
        "    numbers.append(reply.turn)",
        "print(len(numbers), numbers[-1])",
        "%qwen_nb budget",
        "%qwen_nb budget off",
        "%qwen -q --no-think and now\nprint(_qwen.turn)",
    ]
    notebook = new_notebook(cells)
    notebook.cells[2].metadata["tags"] = ["raises-exception"]
    ran = Tools(tmp_path).client(notebook, tmp_path / "loop.ipynb")
    *shown, stopped = ran.cells[2].outputs
    assert {each.output_type for each in shown} == {"display_data"}
    assert (stopped.output_type, stopped.ename) == ("error", "BudgetReached")
    assert len(stopped.traceback) == 1
    sent, last = ran.cells[3].outputs[0].text.split()
    assert 5 < int(sent) == int(last) < CALLS
    assert (
        "this notebook: $0 of 0.01 USD spent; the emulator's answers would have cost $0.0"
        in (ran.cells[4].outputs[0].text)
    )
    assert ran.cells[6].outputs[-1].text.strip() == str(int(sent) + 1)
