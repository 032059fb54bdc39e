"""How many tokens a history has: told by the server where it was sent, else estimated.

No endpoint counts tokens, but each reply says how long its request was; with the answer's
own tokens (output without thinking) that is the size of the history so far, and only new
text is estimated (docs/protocol.md §6.3). The estimate is corrected by how far it was off in
this conversation, since languages and tokenizers differ.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from itertools import accumulate, takewhile

from qwen_nb.conversation import Past, Round, digest_of, message_tokens, round_of
from qwen_nb.values import Message

_MOST_RATIO = 8.0
_CLOSE = 2.0


class Memory:
    """What one conversation's plans have in common, kept while the program runs.

    Nothing in it is needed for a right plan: without it more is estimated. Two parts: the
    rounds already made of turns, and the sizes the server has told.
    """

    def __init__(self) -> None:
        self._rounds: dict[tuple[str, bool], tuple[Past, int, Round | None]] = {}
        self._told: dict[bytes, int] = {}
        self._weights: dict[tuple[str, bytes], int] = {}
        self._ratio: dict[str, float] = {}
        self._chained: tuple[Sequence[Round], list[bytes]] = (), [b""]

    def round_of(self, past: Past, *, keep_thinking: bool, at: int) -> Round | None:
        """Return what is sent for a turn, made once for each version of it."""
        key = past.id, keep_thinking
        known = self._rounds.get(key)
        if known is not None and known[:2] == (past, at):
            return known[2]
        made = round_of(past, keep_thinking=keep_thinking, at=at)
        self._rounds[key] = past, at, made
        return made

    def chains(self, seed: bytes, rounds: Sequence[Round]) -> list[bytes]:
        """Return what stands for the first of the rounds, for none of them to all.

        The rounds of one question are those of the one before, and a few more.
        """
        before, known = self._chained
        same = 0
        if known[0] == seed:
            pairs = zip(before, rounds, strict=False)
            same = sum(1 for _ in takewhile(lambda pair: pair[0] is pair[1], pairs))
        chains = known[: same + 1] if same else [seed]
        for round_ in rounds[same:]:
            chains.append(linked(chains[-1], round_.digest))
        self._chained = tuple(rounds), chains
        return chains

    def ratio(self, model: str) -> float:
        """Return by how much an estimate is to be raised; never below one."""
        return self._ratio.get(model, 1.0)

    def learn(
        self,
        weighed: Weighed,
        ended: Sequence[Message],
        told: int | None,
        answer_tokens: int | None,
    ) -> None:
        """Keep what a reply told about its request.

        Parameters
        ----------
        weighed : Weighed
            The request's size as it was planned.
        ended : sequence of Message
            The round as it will be sent from now on, the answer last.
        told : int, optional
            Tokens of the input.
        answer_tokens : int, optional
            Tokens of that answer.
        """
        if told is None:
            return
        model = weighed.model
        if weighed.raw:
            off = told / weighed.raw
            self._ratio[model] = min(max(self.ratio(model), off), _MOST_RATIO)
        if answer_tokens is None:
            return
        digest = digest_of(ended)
        chain = linked(weighed.chains[-1], digest)
        self._told[chain] = told + answer_tokens
        before = self._told.get(weighed.chains[-1])
        if before is not None:
            weight = told + answer_tokens - before
            if weight > 0:
                self._weights[model, digest] = weight

    def underestimated(self, model: str, estimate: int, most: int) -> None:
        """Keep that a request estimated at so many tokens was longer than `most`."""
        if estimate:
            ratio = max(self.ratio(model), 1.05 * (most + 1) / estimate)
            self._ratio[model] = min(ratio, _MOST_RATIO)

    def too_long(self, weighed: Weighed, most: int) -> None:
        """Keep that a server found the request longer than `most`."""
        self._told[linked(weighed.chains[-1], digest_of(weighed.question))] = most + 1
        self.underestimated(weighed.model, weighed.raw, most)


class Weighed:
    """The size of a list: what stands first, rounds, then the question.

    Parameters
    ----------
    memory : Memory
        What is known of sizes.
    model : str
        Whose tokens are counted.
    head : sequence of Message
        System messages.
    extra : str
        What else is part of the input: descriptions of tools, a summary.
    rounds : sequence of Round
        What is sent of the history.
    question : sequence of Message
        The question, and what was said since.
    is_all : bool
        These are all rounds that there are, so that a told size of that many is theirs.

    Attributes
    ----------
    tokens : int
        The size, exact where the server has told.
    question_tokens, last_tokens : int
        The size of the question, and of the newest round.
    told : int
        How many tokens at the beginning the server has told; 0 where it has told nothing.
    untold : int
        How many messages at the end they do not cover; -1 where it has told nothing.
    raw : int
        The uncorrected estimate of everything.
    """

    def __init__(
        self,
        memory: Memory,
        model: str,
        head: Sequence[Message],
        extra: str,
        rounds: Sequence[Round],
        question: Sequence[Message],
        *,
        is_all: bool = True,
    ) -> None:
        self.model = model
        self.extra = extra
        self.question = tuple(question)
        ratio = memory.ratio(model)
        first = Message("system", extra)
        seed = digest_of((Message("system", model), first, *head))
        self.chains = memory.chains(seed, rounds)
        self._weights = [_weight(memory, model, round_, ratio) for round_ in rounds]
        asked = sum(map(message_tokens, question))
        base = sum(map(message_tokens, head)) + (message_tokens(first) if extra else 0)
        self.raw = base + asked + sum(sum(round_.estimates) for round_ in rounds)
        self.question_tokens = round(ratio * asked)
        self.head_tokens = round(ratio * base)
        self.last_tokens = self._weights[-1] if rounds else 0
        known, start = self._known(memory, rounds, is_all=is_all)
        self.told, self.untold = 0, -1
        if start:
            behind = sum(len(round_.messages) for round_ in rounds[start:])
            self.told, self.untold = known, behind + len(self.question)
        self.tokens = known + sum(self._weights[start:]) + self.question_tokens
        told = memory._told.get(linked(self.chains[-1], digest_of(self.question)))
        if told is not None:  # this very request was refused as too long
            self.tokens = max(self.tokens, told)

    def after(self, start: int) -> int:
        """Return the size of the rounds from `start` on, without anything else."""
        return sum(self._weights[start:])

    def weight(self, at: int) -> int:
        """Return the size of one round."""
        return self._weights[at]

    def _known(
        self, memory: Memory, rounds: Sequence[Round], *, is_all: bool
    ) -> tuple[int, int]:
        """Return the size of as many rounds as the server has told, and their number."""
        estimated = self.head_tokens
        sums = list(accumulate(self._weights, initial=estimated))
        for end in range(len(rounds), 0, -1):
            told = memory._told.get(self.chains[end])
            if told is None and is_all:
                told = rounds[end - 1].sent_with
                # from an earlier session; not believed where it cannot be right
                if told is not None and not sums[end] / _CLOSE <= told <= sums[end] * _CLOSE:
                    told = None
            if told is not None:
                return told, end
        return estimated, 0


def _weight(memory: Memory, model: str, round_: Round, ratio: float) -> int:
    told = memory._weights.get((model, round_.digest))
    if told is not None:
        return told
    others, answer = round_.estimates
    exact = round_.answer_tokens
    return round(ratio * (others if exact is not None else others + answer)) + (exact or 0)


def linked(chain: bytes, digest: bytes) -> bytes:
    """Return sixteen bytes that stand for all before and this."""
    return blake2b(chain + digest, digest_size=16).digest()
