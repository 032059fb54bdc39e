"""The most that a question can cost, before it is sent.

The input is known but for what no server has counted yet; the output is bounded by
`max_tokens` and the thinking budget, else by what the model can give (docs/protocol.md
§10.13).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from qwen_nb.asking.request import Ready
from qwen_nb.catalogue import Catalogue
from qwen_nb.context import EMBEDDING_MODEL, SummaryNeed, most_input, most_tokens
from qwen_nb.values import Bound, ChatOptions, Cost


def bound_of(ready: Ready, catalogue: Catalogue, form: str = "") -> Bound:
    """Return the bound of a question that is ready to be sent.

    Parameters
    ----------
    ready : Ready
        The question.
    catalogue : Catalogue
        The prices, and what models give at most.
    form : str
        What is sent beside it so that the answer has a form; see `Forming.words`.
    """
    region, needs = ready.server.region, ready.plan.needs
    options = replace(ready.options, model=ready.options.model or ready.request.model)
    asked = most_input(ready.plan)
    if asked is not None:
        asked += _size(options.params.get("tools"))
        asked += len(form.encode("utf-8", "surrogatepass"))
    output = _most_output(catalogue, options)
    cost = _cost(catalogue, options, region, asked, output)
    if needs is None or cost is None:
        return Bound(asked, output, cost)
    if isinstance(needs, SummaryNeed):
        of, request = needs.request.options, needs.request
        first = _cost(
            catalogue,
            replace(of, model=request.model),
            region,
            most_tokens(request.messages),
            _most_output(catalogue, replace(of, model=request.model)),
        )
    else:
        written = (needs.question, *(each for _, each in needs.texts))
        size = sum(len(each.encode("utf-8", "surrogatepass")) for each in written)
        first = catalogue.bound(EMBEDDING_MODEL, region, size, 0, may_think=False)
    if first is None or first.currency != cost.currency:
        return Bound(asked, output, None)
    return Bound(asked, output, replace(cost, parts=(*first.parts, *cost.parts)))


def _most_output(catalogue: Catalogue, options: ChatOptions) -> int | None:
    most = catalogue.most_output(
        options.model or "", thinking=options.thinking, max_tokens=options.max_tokens
    )
    answers = options.params.get("n", 1)
    if most is None or not isinstance(answers, int):
        return most
    return most * max(answers, 1)


def _cost(
    catalogue: Catalogue, options: ChatOptions, region: str, asked: int | None, most: int | None
) -> Cost | None:
    if asked is None or most is None:
        return None
    may_think = options.thinking is not False
    return catalogue.bound(options.model or "", region, asked, most, may_think=may_think)


def _size(tools: Mapping[str, Any] | None) -> int:
    return len(json.dumps(tools, ensure_ascii=False, default=str).encode()) if tools else 0
