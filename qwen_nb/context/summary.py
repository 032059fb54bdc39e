"""The older part of a conversation as a summary that the model itself wrote.

A summary stands for the first rounds of a conversation, all of them up to some point, and
remembers by a digest which versions those were: if one of them changes, is asked again or
undone, the digests differ, and the originals are sent again. A later summary is made from
an earlier one and the rounds since (docs/protocol.md §6.2).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from hashlib import blake2b
from typing import Any, Self

from qwen_nb.catalogue import Model
from qwen_nb.conversation import Round, text_of, without_switches
from qwen_nb.texts import Language, text
from qwen_nb.values import ChatOptions, ChatRequest, Message, Reply, estimate_tokens

_SHARE = 8
"""A summary takes at most this part of the limit,"""
_MOST = 1_024
_LEAST = 64
"""and at most and at least so many tokens."""

_THOUGHT = 1_024
"""Budget of a model that cannot be told not to think."""

_PROMPT = 400
"""More than the tokens of the instruction around what is summarised."""

_MOST_CALLS = 4
"""Where the older part is longer than so many calls can read, long rounds are shortened."""

_CUT = 8
"""Tokens that the marks of a cut, and the lines between two rounds, take themselves."""

_CHINESE = 0.15
"""The share of wide characters from which a conversation counts as Chinese."""


@dataclass(frozen=True, slots=True)
class Summary:
    """What the model wrote, and the versions of turns that it stands for.

    Parameters
    ----------
    text : str
        The summary.
    count : int
        How many rounds it stands for, from the first.
    digest : str
        Ids and contents of all those, in order.
    covers : tuple of str
        The ids of those that the previous summary did not cover.
    after : str
        The digest of the previous summary that it was made from, or empty.
    tokens : int, optional
        Its length as the server told it.
    model : str
        Who wrote it.
    scripted : bool
        The emulator wrote it.
    """

    text: str
    count: int
    digest: str
    covers: tuple[str, ...]
    after: str = ""
    tokens: int | None = None
    model: str = ""
    scripted: bool = False

    def as_json(self) -> dict[str, Any]:
        """Return it as an object that JSON can hold."""
        return asdict(self) | {"covers": list(self.covers)}

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> Self:
        """Return what `as_json` told; names that are not known are left out."""
        known = {each.name for each in fields(cls)}
        given = {key: value for key, value in told.items() if key in known}
        return cls(**given | {"covers": tuple(given["covers"])})

    @property
    def size(self) -> int:
        """Its tokens, as the server told or estimated."""
        return estimate_tokens(self.text) if self.tokens is None else self.tokens


@dataclass(frozen=True, slots=True)
class SummaryNeed:
    """A summary that is wanted before the question can be asked.

    Parameters
    ----------
    request : ChatRequest
        The call that makes it: thinking off where that is possible, output bounded.
    count, digest, covers, after
        What it will stand for; see `Summary`.
    ids : tuple of str
        All rounds it will stand for, in order.
    """

    request: ChatRequest
    count: int
    digest: str
    covers: tuple[str, ...]
    after: str
    ids: tuple[str, ...]

    def made(self, reply: Reply) -> Summary | None:
        """Return the summary that a reply brought, or None where it brought none."""
        written = reply.answer.strip()
        if not written or reply.finish_reason not in ("stop", "length"):
            return None
        tokens = None
        if (usage := reply.usage) is not None and usage.output is not None:
            if usage.thinking is not None:
                tokens = usage.output - usage.thinking
            elif not reply.thinking:
                tokens = usage.output
        return Summary(
            written,
            self.count,
            self.digest,
            self.covers,
            self.after,
            tokens,
            reply.model or self.request.model,
            reply.scripted,
        )


def prefixes(rounds: Iterable[Round]) -> list[str]:
    """Return, for each number of rounds from the first on, what stands for just those."""
    found, chain = [""], b""
    for round_ in rounds:
        identity = round_.id.encode("utf-8", "surrogatepass")
        chain = blake2b(chain + round_.digest + identity, digest_size=16).digest()
        found.append(chain.hex())
    return found


def still_holding(summaries: Iterable[Summary], rounds: Sequence[Round]) -> list[Summary]:
    """Return the summaries that stand for the first of these rounds, shortest reach first."""
    known = prefixes(rounds)
    held = [one for one in summaries if one.count < len(known) and one.count > 0]
    return sorted(
        (one for one in held if known[one.count] == one.digest), key=lambda one: one.count
    )


def summary_tokens(limit: int) -> int:
    """Return how long a summary may be in a conversation with this limit."""
    return max(min(limit // _SHARE, _MOST), min(_LEAST, limit // 4))


def language_of(rounds: Iterable[Round]) -> Language:
    """Return the language a conversation is in, from its share of wide characters."""
    return _language(
        text_of(message.content) for round_ in rounds for message in round_.messages
    )


def _language(texts: Iterable[str]) -> Language:
    length = wide = 0
    for said in texts:
        length += len(said)
        wide += (len(said.encode("utf-8", "surrogatepass")) - len(said)) // 2
    return "zh" if wide > _CHINESE * length else "en"


def head_of(summary: Summary, *, soft_switch: bool) -> str:
    """Return how a summary is said to the model: the beginning of the first question."""
    said = without_switches(summary.text) if soft_switch else summary.text
    return text("context.summary.head", _language([said]), summary=said, n=summary.count)


def summary_need(
    model: Model,
    name: str,
    rounds: Sequence[Round],
    upto: int,
    base: Summary | None,
    limit: int,
    ratio: float,
) -> SummaryNeed:
    """Return the call that summarises the rounds up to `upto`, as many as fit into one.

    Parameters
    ----------
    model, name
        What is known of the model, and how it is asked for.
    rounds : sequence of Round
        The whole history.
    upto : int
        How many rounds, from the first, are to be covered in the end.
    base : Summary, optional
        What already stands for the first of them.
    limit : int
        Tokens the model takes in.
    ratio : float
        By how much estimates are too low.
    """
    start = base.count if base else 0
    language = language_of(rounds[start:upto])
    most = summary_tokens(limit)
    if model.max_output is not None:
        most = min(most, model.max_output)
    soft = bool(model.soft_switch)
    so_far = (without_switches(base.text) if soft else base.text) if base else ""
    room = limit * 0.9 / ratio - _PROMPT - estimate_tokens(so_far)
    room = max(room, limit * 0.4 / ratio)
    told = [transcript(round_, language, soft_switch=soft) for round_ in rounds[start:upto]]
    total = sum(estimate_tokens(one) + _CUT for one in told)
    squeeze = min(1.0, _MOST_CALLS * room / total) if total else 1.0
    taken: list[str] = []
    used = 0.0
    for one in told:
        tokens = estimate_tokens(one) + _CUT
        share = min(tokens * squeeze, room)
        if share < tokens:
            one = _shortened(one, max(share - _CUT, 0) / tokens)
            tokens = estimate_tokens(one) + _CUT  # a few words are always left
        if taken and used + tokens > room:
            break
        taken.append(one)
        used += tokens
    end = start + len(taken)
    key = "context.summary.more" if base else "context.summary.prompt"
    words = math.ceil(most * 0.6)
    prompt = text(key, language, so_far=so_far, rounds="\n\n".join(taken), n=words)
    options = ChatOptions(model=name, thinking=_thinking(model), max_tokens=most)
    return SummaryNeed(
        ChatRequest(name, (Message("user", prompt),), options),
        end,
        prefixes(rounds[:end])[-1],
        tuple(round_.id for round_ in rounds[start:end]),
        base.digest if base else "",
        tuple(round_.id for round_ in rounds[:end]),
    )


def _thinking(model: Model) -> bool | int | None:
    """Return the switch that makes a model think as little as it can be told to."""
    if model.takes_thinking_keys is False:
        return None
    if model.mode in ("hybrid_on", "hybrid_off"):
        return False
    return _THOUGHT if model.mode == "thinking_only" and model.thinking_budget else None


def transcript(round_: Round, language: Language, *, soft_switch: bool) -> str:
    """Return a round as a transcript."""
    lines = []
    for message in round_.messages:
        said = text_of(message.content)
        if soft_switch:
            said = without_switches(said)
        if said or not message.tool_calls:
            lines.append(text(f"context.said.{message.role}", language, said=said))
        lines += (
            text(
                "context.said.call",
                language,
                name=call.name,
                arguments=call.arguments or "{}",
            )
            for call in message.tool_calls
        )
    return "\n".join(lines)


def _shortened(said: str, share: float) -> str:
    """Return the beginning and the end of a text, about so much of it."""
    keep = max(int(len(said) * share * 0.98) // 2, 20)
    return said if 2 * keep >= len(said) else f"{said[:keep]}\n[…]\n{said[-keep:]}"
