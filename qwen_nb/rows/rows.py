"""What many questions brought: a list of their values, and what is known beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from qwen_nb.asking import UsageTable
from qwen_nb.errors import ConfigError
from qwen_nb.ledger import Ledger
from qwen_nb.render import money
from qwen_nb.texts import Language, text
from qwen_nb.values import EXACT, Reply, frame_of, rows_of


class Rows(list[Any]):
    """The values of `map`, in the order of the items.

    A value is a `Reply`, or what the answer says where `json=` was given; an error stands
    in its row's place, and None where a run that was broken off did not come to.

    Attributes
    ----------
    replies : tuple
        The `Reply` of each row; None where there is none.
    errors : dict
        The errors, by the row's number from 0.
    cost : dict
        What the answers cost when they were asked, by currency (`Decimal`), as far as that
        is known; also of those that were kept from an earlier call.
    kept : int
        How many answers an earlier call had brought, and nobody asked again.
    notes : tuple of str
        Remarks, ready to show.
    """

    def __init__(
        self,
        values: Sequence[Any],
        replies: Sequence[Reply | None],
        errors: Mapping[int, BaseException],
        *,
        kept: int,
        notes: tuple[str, ...],
        ledger: Ledger,
        conversation: str,
        language: Language,
    ) -> None:
        super().__init__(values)
        self.replies = tuple(replies)
        self.errors = dict(errors)
        self.kept = kept
        self.notes = notes
        self.cost = _cost(self.replies, self.errors)
        self._ledger, self._conversation, self._language = ledger, conversation, language

    @property
    def answered(self) -> int:
        """How many rows have an answer."""
        return sum(reply is not None for reply in self.replies)

    def usage(self, by: str = "model") -> UsageTable:
        """Return what this call took, without what was kept: see `Chat.usage`.

        Parameters
        ----------
        by : str
            model, day, region.

        Raises
        ------
        ConfigError
            For any other `by`.
        """
        if by not in ("model", "day", "region"):
            error = ConfigError("error.usage_by", value=by, names="model, day, region")
            error.language = self._language
            raise error
        ledger, here = self._ledger, self._conversation
        rows = ledger.rows(by, conversation=here)  # type: ignore[arg-type]
        return UsageTable(rows, ledger.calls(conversation=here), self._language)

    def frame(self) -> Any:
        """Return a pandas DataFrame with a row for each item, in their order.

        Values that are mappings, dataclasses or pydantic models become columns; replies
        give their texts, tokens and cost; `error` holds the message where a row failed.

        Raises
        ------
        ConfigError
            Where pandas is not installed.
        """
        told = [self._columns(number, value) for number, value in enumerate(self)]
        try:
            frame = frame_of(told)
        except ConfigError as error:
            error.language = self._language
            raise
        if "error" in frame.columns:  # last, and there only if anything failed
            frame = frame[[*(name for name in frame.columns if name != "error"), "error"]]
        return frame

    def _columns(self, number: int, value: Any) -> dict[str, Any]:
        if number in self.errors:
            return {"error": f"{type(self.errors[number]).__name__}: {self.errors[number]}"}
        if isinstance(value, Reply):
            return _of_reply(value)
        if value is None:
            return {}
        return rows_of([value])[0]

    def summary(self) -> str:
        """Return one line: rows, answers, errors and their cost, without any time."""
        language = self._language
        told = [text("map.done", language, rows=len(self), answered=self.answered)]
        if self.errors:
            told.append(text("map.failed", language, n=len(self.errors)))
        if left := len(self) - self.answered - len(self.errors):
            told.append(text("map.open", language, n=left))
        line = ", ".join(told)
        if self.cost:
            scripted = any(reply is not None and reply.scripted for reply in self.replies)
            cost = " + ".join(
                money(amount, currency, language) for currency, amount in self.cost.items()
            )
            key = "map.would_cost" if scripted else "map.costs"
            line += f" · {text(key, language, cost=cost)}"
        return line

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {self.summary()}>"


def _of_reply(reply: Reply) -> dict[str, Any]:
    usage, cost = reply.usage, reply.cost
    return {
        "answer": reply.answer,
        "thinking": reply.thinking,
        "finish_reason": reply.finish_reason,
        "model": reply.model,
        "input": usage.input if usage else None,
        "output": usage.output if usage else None,
        "cost": cost.amount if cost else None,
        "currency": cost.currency if cost else None,
    }


def _cost(
    replies: Sequence[Reply | None], errors: Mapping[int, BaseException]
) -> dict[str, Decimal]:
    came = [*replies, *(getattr(error, "reply", None) for error in errors.values())]
    amounts: dict[str, Decimal] = {}
    for reply in came:
        if reply is not None and reply.cost is not None:
            known = amounts.get(reply.cost.currency, Decimal(0))
            amounts[reply.cost.currency] = EXACT.add(known, reply.cost.amount)
    return dict(sorted(amounts.items()))
