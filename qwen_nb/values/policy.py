"""How a long history is treated."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, Self


@dataclass(frozen=True, slots=True)
class Policy:
    """How a long history is treated: the setting `context`.

    Parameters
    ----------
    kind : str
        `auto`: whole, with a summary in place of the older half where it gets long.
        `truncate`: the last `n` turns. `retrieve`: the `n` most similar turns, quoted.
        `off`: everything, as it is.
    n : int
        How many turns.
    """

    kind: Literal["auto", "truncate", "retrieve", "off"] = "auto"
    n: int = 0

    @classmethod
    def read(cls, told: Any) -> Self:
        """Return the policy that a person wrote.

        Raises
        ------
        ValueError
            When it is none.
        """
        kind, *rest = str(told).lower().split() or [""]
        if kind in ("auto", "off") and not rest:
            return cls("auto" if kind == "auto" else "off")
        if kind in ("truncate", "retrieve") and len(rest) == 1 and rest[0].isdecimal():
            n = int(rest[0])
            if kind == "truncate":
                return cls("truncate", n)
            if n > 0:
                return cls("retrieve", n)
        raise ValueError(told)

    def __str__(self) -> str:
        return self.kind if self.kind in ("auto", "off") else f"{self.kind} {self.n}"
