"""Makes the calls that a plan needs, one after another."""

from collections.abc import Callable

from qwen_nb.context.needs import Found, preparing
from qwen_nb.context.plans import Plan
from qwen_nb.context.retrieval import RetrievalNeed
from qwen_nb.context.summary import Summary, SummaryNeed
from qwen_nb.errors import QwenError


def prepare(
    ask: Callable[..., Plan],
    summarise: Callable[[SummaryNeed], Summary | None],
    find: Callable[[RetrievalNeed], tuple[str, ...]],
) -> Plan:
    """Plan a question, making the calls that it needs; see `preparing`.

    Parameters
    ----------
    ask : callable
        See `preparing`.
    summarise, find : callable
        Make the calls, count and store what they bring. A `QwenError` of the first
        leaves the older turns out, with a note.
    """
    steps = preparing(ask)
    try:
        need = next(steps)
        while True:
            brought: Found
            try:
                brought = summarise(need) if isinstance(need, SummaryNeed) else find(need)
            except QwenError as error:
                brought = error
            need = steps.send(brought)
    except StopIteration as end:
        planned: Plan = end.value
        return planned
