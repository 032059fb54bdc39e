"""`%qwen_nb usage`, `budget` and `models --set-price`, as a person types them."""

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas
import pytest
from IPython.core.error import UsageError

import qwen_nb
from qwen_nb import ConfigError
from qwen_nb.__main__ import main
from qwen_nb.emulator.server import Emulator
from qwen_nb.texts import text

Notebook = Any
Said = Callable[[str], str]


@pytest.fixture
def said(notebook: Notebook, settled: Emulator) -> Said:
    """Run a command; return what it showed as text."""

    def said(line: str) -> str:
        ran = notebook.run(f"%qwen_nb {line}")
        assert ran.error is None, ran.error
        out: str = ran.out
        return out.rstrip("\n")

    return said


@pytest.fixture
def refused(notebook: Notebook, settled: Emulator) -> Callable[..., str]:
    def refused(line: str, kind: type[Exception] = UsageError) -> str:
        error = notebook.run(f"%qwen_nb {line}").error
        assert isinstance(error, kind), error
        return str(error)

    return refused


def cells(table: str) -> list[list[str]]:
    lines = [line.split() for line in table.splitlines()]
    return [line for line in lines[2:] if line and line[0].isdigit()]


def test_a_price_is_set_and_holds_from_the_next_question_on(
    notebook: Notebook, said: Said, tmp_path: Path
) -> None:
    notebook.run("%qwen -q one")
    assert "models --set-price" in said("usage")
    done = said("models --set-price qwen-plus 127.0.0.1 1 2 4 CNY")
    assert all(word in done for word in ("¥1", "¥2", "¥4", "prices.csv"))
    notebook.run("%qwen -q --no-think two")
    notebook.run("%qwen -q --think two")
    usages = [row for row in qwen_nb.usage() if row["cost"] is not None]
    for row, price in zip(usages, (2, 4), strict=True):
        paid = Decimal(row["input"] - row["cached"]) + row["output"] * price
        assert row["cost"] == (paid + row["cached"]) / 1_000_000
        assert (row["currency"], row["unpriced"]) == ("CNY", 0)
    told = said("models qwen-plus")
    assert "127.0.0.1" in told


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("models --set-price qwen-plus", UsageError),
        ("models --set-price qwen-plus sg 1 2 3 4 5 6", UsageError),
        ("models --set-price qwen-plus sg 1 2 3 4", UsageError),
        ("models --set-price qwen-plus sg -1 2", ConfigError),
        ("models --set-price qwen-plus sg cheap 2", ConfigError),
        ("models --set-price qwen-plus sg NaN 2", ConfigError),
        ("usage --by colour", ConfigError),
        ("usage colour", UsageError),
        ("usage --by", UsageError),
        ("budget much", ConfigError),
        ("budget -5 USD", ConfigError),
        ("budget 5 EUR", ConfigError),
        ("budget 5", ConfigError),
    ],
)
@pytest.mark.parametrize("language", ["en", "zh"])
def test_what_is_not_understood_is_one_clear_line(
    said: Said, refused: Any, line: str, kind: Any, language: str, tmp_path: Path
) -> None:
    said(f"config lang {language}")
    told = refused(line, kind)
    assert "\n" not in told
    assert any("\u4e00" <= sign <= "\u9fff" for sign in told) == (language == "zh")
    assert not (tmp_path / "home" / "prices.csv").exists()
    assert said("budget") == text("budget.none", language)


def test_usage_adds_up_what_is_asked_for(
    notebook: Notebook, said: Said, settled: Emulator
) -> None:
    notebook.run("%qwen -q one\n%qwen -q two\n%qwen -q -c other -m qwen-flash three")
    (first, second) = cells(said("usage"))
    recorded = [record.usage for record in settled.journal]
    for row, usage in zip((first, second), recorded, strict=False):
        assert row[1:3] == ["1", str(usage["prompt_tokens"])]
        assert row[4] == str(usage["completion_tokens"])
    by_model = said("usage --by model")
    assert "qwen-plus" in by_model
    assert "qwen-flash" in by_model
    assert "other" in said("usage --by=chat")
    assert len(cells(said("usage --all"))) == 3
    for by in ("day", "notebook", "region"):
        assert f"{sum(usage['prompt_tokens'] for usage in recorded)}" in said(
            f"usage --by {by}"
        )
    rows = qwen_nb.usage("model")
    assert {row["model"]: row["calls"] for row in rows} == {"qwen-plus": 2, "qwen-flash": 1}
    assert repr(rows) == by_model


def test_usage_is_drawn_where_it_is_wanted(notebook: Notebook, said: Said) -> None:
    assert "█" not in said("usage --plot")  # there is nothing to draw
    notebook.run("%qwen -q one\n%qwen -q two")
    plain = said("usage")
    drawn = said("usage --plot")
    assert drawn.startswith(plain)
    assert "█" in drawn
    assert "█" not in plain


def test_pandas_takes_the_rows(notebook: Notebook, said: Said) -> None:
    notebook.run("%qwen -q one\n%qwen -q two")
    frame = pandas.DataFrame(qwen_nb.usage())
    assert list(frame["turn"]) == ["1", "2"]
    assert frame["input"].sum() == sum(row["input"] for row in qwen_nb.usage())


def test_a_budget_is_set_shown_and_lifted(notebook: Notebook, said: Said) -> None:
    assert said("budget") == text("budget.none")
    said("models --set-price qwen-plus 127.0.0.1 1 2 4 USD")
    assert "this conversation: $0 of 5 USD spent" in said("budget 5 USD")
    assert "this month: $0 of 100 USD spent" in said("budget $100 month")
    assert text("budget.here_only") not in said("budget 100 USD month")
    assert text("budget.of_chat") in said("budget")
    notebook.run("%qwen -q one")
    (cost,) = [row["cost"] for row in qwen_nb.usage()]
    assert f"this conversation: ${cost} of 5 USD spent" in said("budget")
    assert "this conversation: $0 of 1 USD" not in said("budget 1 USD")
    ran = notebook.run("%qwen_nb budget 0.00001 USD\n%qwen -q two")
    assert isinstance(ran.error, qwen_nb.BudgetReached)
    assert "5 USD" not in said("budget off chat")
    assert "100 USD" in said("budget")
    assert text("budget.of_chat") not in said("budget")
    said("budget off")
    assert notebook.run("%qwen -q two").error is None


def test_the_shell_shows_it_too(
    notebook: Notebook, said: Said, capsys: pytest.CaptureFixture[str]
) -> None:
    notebook.run("%qwen -q one\n%qwen -q two")
    expected = said("usage --by model --all")
    capsys.readouterr()
    assert main(["usage", "--by", "model"]) == 0
    assert capsys.readouterr().out.strip() == expected
    assert main(["usage", "--by", "day", "--plot"]) == 0
    assert "█" in capsys.readouterr().out


def test_a_dry_run_tells_the_most_it_can_cost(notebook: Notebook, said: Said) -> None:
    said("models --set-price qwen-plus 127.0.0.1 1 2 4 USD")

    def bound(line: str) -> str:
        told: str = notebook.run(f"%qwen --dry-run {line}").out.split("\n")[1]
        return told

    # 1 000 of answer, 200 of thinking, 16 for the tags, at 4 per million (or without
    # thinking at 2), and at 1 the question's one byte with what the template puts around it
    assert bound("--think 200 --max-tokens 1000 x").startswith("at most $0.0049: up to ")
    assert bound("--no-think --max-tokens 1000 x").startswith("at most $0.0021: up to ")
    assert bound("x") > bound("--max-tokens 100 x")
    assert "nothing bounds the output" in bound("-m unheard-of x")
