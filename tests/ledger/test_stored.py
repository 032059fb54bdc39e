import contextlib
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest
from _calls import NOON, call, cost
from _folders import let_everybody_in

from qwen_nb.errors import StoreError
from qwen_nb.ledger.budgets import Budget, Budgets, Verdict, reserve
from qwen_nb.ledger.ledger import Ledger
from qwen_nb.store.calls import row_of
from qwen_nb.store.store import Store

Opens = Callable[..., Store]


def test_calls_are_there_after_a_restart(open_store: Opens) -> None:
    store = open_store()
    made = [
        call(at=NOON + at, amount=f"0.{at}", conversation="c", notebook="n", turn=at)
        for at in range(3)
    ]
    before = Ledger(lambda: store)
    for each in reversed(made):
        before.add(each)
    store.close()
    again = open_store()
    # before anything else: nothing has to be asked or added first
    spent = Ledger(lambda: again).spent("notebook", "n", scripted=False)
    assert spent.amounts == {"USD": Decimal("0.3")}
    after = Ledger(lambda: again)
    assert after.calls() == made
    assert after.rows("turn") == before.rows("turn")
    assert after.spent("chat", "c", scripted=False).of("USD") == Decimal("0.3")


def test_what_belongs_to_no_conversation_belongs_to_this_process(open_store: Opens) -> None:
    store = open_store()
    one, other = Ledger(lambda: store), Ledger(lambda: store)
    one.add(call())
    other.add(call())
    assert len(one.calls(conversation="")) == 1
    assert one.spent("chat", "", scripted=False).of("USD") == Decimal("0.5")


ADD = """
import sys
from pathlib import Path
from _calls import call
from qwen_nb.ledger.ledger import Ledger
from qwen_nb.store.store import Store
store = Store(Path(sys.argv[1]), busy_s=120)
ledger = Ledger(lambda: store)
print("ready", flush=True)
sys.stdin.readline()
for at in range(500):
    ledger.add(call(at=float(at), amount="0.0001", conversation=sys.argv[2]))
assert store.flush()
assert store.take_problem() is None
store.close()
"""


def test_two_processes_add_at_once(open_store: Opens, path: Path) -> None:
    store = open_store()
    tests = Path(__file__).parents[1]
    started = [
        subprocess.Popen(
            [sys.executable, "-c", ADD, str(path), name],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            text=True, env={"PYTHONPATH": str(tests), "PATH": "", "HOME": str(path.parent)},
        )
        for name in "xy"
    ]  # fmt: skip
    for process in started:
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
    for process in started:
        assert process.stdin
        process.stdin.write("\n")
        process.stdin.flush()
    for process in started:
        _, error = process.communicate(timeout=240)
        assert (process.returncode, error) == (0, "")
    ledger = Ledger(lambda: store)
    assert ledger.spent("chat", "x", scripted=False).of("USD") == Decimal("0.05")
    (row,) = ledger.rows("model")
    assert (row.calls, row.cost) == (1000, Decimal("0.1"))


def test_threads_lose_nothing(store: Store) -> None:
    ledger = Ledger(lambda: store)

    def add() -> None:
        for _ in range(50):
            ledger.add(call())
            assert ledger.rows("model")[0].calls

    threads = [threading.Thread(target=add) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert ledger.rows("model")[0].calls == 400
    assert store.flush()
    assert ledger.rows("model")[0].calls == len(ledger.calls()) == 400


def test_threads_with_a_store_never_pass_a_budget(open_store: Opens) -> None:
    store = open_store()
    ledger, budget = Ledger(lambda: store), Budget(Decimal(1), "USD", "notebook", "n")
    ids: list[str] = []

    def work(name: int) -> None:
        for at in range(12):
            found = reserve([budget], ledger, cost("0.03"), conversation="c", notebook="n")
            if isinstance(found, Verdict):
                continue
            with contextlib.suppress(OSError), found:
                made = call(at=NOON + at, amount="0.02", conversation="c", notebook="n")
                found.settle(made, is_kept=bool(at % 4))  # some are replayed
                ids.append(found.id)
                if (name + at) % 3 == 0:
                    raise OSError

    threads = [threading.Thread(target=work, args=(name,)) for name in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert store.flush()
    (row,) = ledger.rows("notebook", notebook="n")
    assert (row.calls, row.cost) == (len(ids), len(ids) * Decimal("0.02"))
    assert Decimal("0.9") < row.cost <= 1
    assert ledger.reserved("month", scripted=False) == {}
    assert {row[0] for row in store.read("SELECT id FROM calls")} < set(ids)


def test_no_store_yet(open_store: Opens) -> None:
    held: list[Store] = []
    ledger = Ledger(lambda: held[0] if held else None)
    ledger.add(call(amount="1"))
    held.append(open_store())
    assert ledger.rows("model")[0].cost == 1
    ledger.add(call(amount="2"))  # takes what waits along
    assert held[0].flush()
    assert [each.cost and each.cost.amount for each in Ledger(lambda: held[0]).calls()] == [
        1,
        2,
    ]
    assert ledger.rows("model")[0].cost == 3


def test_a_store_that_was_closed(open_store: Opens) -> None:
    held = [open_store()]
    ledger = Ledger(lambda: held[0])
    ledger.add(call(amount="1"))
    held[0].close()
    ledger.add(call(amount="2"))  # not written, and no error
    assert ledger.rows("model")[0].calls == 2
    held[0] = open_store()
    ledger.add(call(amount="4"))
    assert held[0].flush()
    assert Ledger(lambda: held[0]).rows("model")[0].cost == 7


def test_a_store_that_cannot_be_opened() -> None:
    def refused() -> Store:
        raise StoreError("error.store_damaged", path="store", reason="r")

    ledger = Ledger(refused)
    ledger.add(call(amount="1"))
    assert ledger.rows("model")[0].cost == 1
    budgets = Budgets(refused)
    assert not budgets.set(Budget(Decimal(1), "USD", "month"))
    assert budgets.all() == (Budget(Decimal(1), "USD", "month"),)


def test_a_full_disk(store: Store) -> None:
    ledger = Ledger(lambda: store)
    ledger.add(call(amount="1"))
    assert store.flush()
    (pages,) = store.read("PRAGMA page_count")[0]
    set_pages = "PRAGMA max_page_count = {}"
    store._writer.write_now(lambda db: db.execute(set_pages.format(pages)).fetchall())
    for _ in range(200):
        ledger.add(call(amount="1", path="p" * 1000))
    assert not store.flush()
    assert ledger.rows("model")[0].cost == 201
    assert ledger.spent("month", scripted=False, now=NOON).of("USD") == 201
    store._writer._database.execute(set_pages.format(2**30)).fetchall()
    ledger.add(call(amount="1"))
    assert store.flush()
    assert ledger.rows("model")[0].cost == Ledger(lambda: store).rows("model")[0].cost == 202


def test_a_file_that_is_damaged_meanwhile(store: Store, path: Path) -> None:
    ledger = Ledger(lambda: store)
    ledger.add(call(amount="1"))
    assert store.flush()
    path.write_bytes(b"no database any more " * 1000)
    ledger.add(call(amount="2"))
    assert ledger.rows("model")[0].cost == 3
    assert ledger.spent("month", scripted=False, now=NOON).of("USD") == 3


READ_ONLY = """
import os, sys
from pathlib import Path
from _calls import call
from decimal import Decimal
from qwen_nb.ledger.budgets import Budget, Budgets
from qwen_nb.ledger.ledger import Ledger
from qwen_nb.store.store import Store
if os.getuid() == 0:  # to whom everything is writable
    os.setuid(65534)
store = Store(Path(sys.argv[1]))
ledger, budgets = Ledger(lambda: store), Budgets(lambda: store)
ledger.add(call(amount="2"))
print(store.flush(), store.take_problem().key, ledger.rows("model")[0].cost.normalize())
print(budgets.set(Budget(Decimal(3), "USD", "month")), len(budgets.all()))
store.close()
"""


def test_a_store_that_is_read_only(open_store: Opens) -> None:
    store = open_store()
    Ledger(lambda: store).add(call(amount="1"))
    store.close()
    folder, path = store.path.parent, store.path
    path.chmod(0o444)
    folder.chmod(0o555)
    let_everybody_in(folder.parent)
    code = [sys.executable, "-c", READ_ONLY, str(path)]
    tests = Path(__file__).parents[1]
    told = subprocess.run(
        code, capture_output=True, text=True,
        env={"PYTHONPATH": str(tests), "PATH": "", "HOME": str(folder)},
    )  # fmt: skip
    folder.chmod(0o755)
    assert told.stderr == ""
    assert told.stdout.splitlines() == ["False error.store_readonly 3", "False 1"]


def test_adding_waits_for_no_disk(open_store: Opens, path: Path) -> None:
    store = open_store(busy_s=30)
    ledger = Ledger(lambda: store)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    ledger.add(call(amount="1"))  # returns although nothing can be written
    assert not store.flush(0.05)
    assert ledger.rows("model")[0].cost == 1
    other.execute("ROLLBACK")
    other.close()
    deadline = time.monotonic() + 20
    while not store.flush(0.1) and time.monotonic() < deadline:
        pass
    assert ledger.rows("model")[0].cost == 1


def test_budgets_are_there_after_a_restart(open_store: Opens) -> None:
    store = open_store()
    budgets = Budgets(lambda: store)
    five = Budget(Decimal("5.00"), "USD", "chat", "c")
    yuan, all_month = (
        Budget(Decimal(9), "CNY", "notebook", "n"),
        Budget(Decimal(7), "USD", "month"),
    )
    for each in (five, yuan, all_month):
        assert budgets.set(each)
    store.close()
    again = open_store()
    after = Budgets(lambda: again)
    assert after.all(conversation="c", notebook="n") == (five, yuan, all_month)
    assert after.all(conversation="other") == (all_month,)
    six = Budget(Decimal(6), "USD", "chat", "c")
    after.set(six)
    assert after.off("month", conversation="c") == (all_month,)
    assert after.all(conversation="c", notebook="n") == (six, yuan)
    assert after.off(conversation="c", notebook="n") == (six, yuan)
    assert after.all(conversation="c", notebook="n") == ()


def test_a_budget_of_no_conversation_is_not_stored(open_store: Opens) -> None:
    store = open_store()
    here = Budgets(lambda: store)
    budget = Budget(Decimal(1), "USD")
    assert not here.set(budget)
    assert here.all() == (budget,)
    assert Budgets(lambda: store).all() == ()


def test_a_budget_is_lifted_here_though_the_store_is_locked(
    open_store: Opens, path: Path
) -> None:
    store = open_store(busy_s=0.1)
    budgets = Budgets(lambda: store)
    budgets.set(Budget(Decimal(1), "USD", "month"))
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    budgets.off("month")
    assert budgets.all() == ()
    other.execute("ROLLBACK")
    other.close()
    assert len(Budgets(lambda: store).all()) == 1


@pytest.mark.perf
def test_a_hundred_thousand_calls(store: Store) -> None:
    made = [
        row_of(
            f"{at}", call(at=NOON + at * 60, amount=f"0.00{at}", conversation=f"{at % 1000}")
        )
        for at in range(100_000)
    ]
    store.calls.add(made, lambda: None)
    assert store.flush()
    ledger = Ledger(lambda: store)

    def took(job: Callable[[], object]) -> float:
        begun = time.perf_counter()
        job()
        return time.perf_counter() - begun

    plain = min(took(lambda: store.read("SELECT * FROM calls")) for _ in range(3))
    assert min(took(lambda: ledger.rows("day")) for _ in range(3)) < 5 * plain
    assert (
        min(took(lambda: ledger.rows("turn", conversation="7")) for _ in range(3)) < plain / 5
    )
