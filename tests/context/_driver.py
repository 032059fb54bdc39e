"""Asks real questions over HTTP the way a chat does, with nothing shown or stored."""

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from qwen_nb.catalogue.catalogue import Catalogue
from qwen_nb.context.limits import Limits, limit_in
from qwen_nb.context.needs import learn, learn_refusal
from qwen_nb.context.planning import plan
from qwen_nb.context.plans import Plan
from qwen_nb.context.retrieval import EMBEDDING_MODEL, InMemory, Vectors, nearest
from qwen_nb.context.sizes import Memory
from qwen_nb.context.summary import Summary, SummaryNeed
from qwen_nb.conversation.rounds import Past
from qwen_nb.emulator.server import Emulator
from qwen_nb.errors import QwenError
from qwen_nb.values import ChatOptions, ChatRequest, Reply, ReplyBuilder, Server, Turn
from qwen_nb.values.policy import Policy
from qwen_nb.values.usage import Usage
from qwen_nb.wire import stream
from qwen_nb.wire.dialects.openai import OpenAIDialect
from qwen_nb.wire.embeddings import embed
from qwen_nb.wire.http import HttpTransport
from tests.context._preparing import prepare

AUTO = Policy()
PLAIN = ChatOptions(thinking=False)


@dataclass
class Talk:
    """A conversation with the emulator."""

    emulator: Emulator
    home: Path
    model: str = "qwen-plus"
    policy: Policy = AUTO
    knows: bool = True
    options: ChatOptions = PLAIN
    pasts: list[Past] = field(default_factory=list)
    summaries: list[Summary] = field(default_factory=list)
    plans: list[Plan] = field(default_factory=list)
    vectors: Vectors = field(default_factory=InMemory)
    summary_calls: int = 0
    embedding_calls: int = 0
    usages: list[Usage] = field(default_factory=list)
    refused: int = 0

    def __post_init__(self) -> None:
        self.server = Server(
            name="emulator",
            base_url=self.emulator.openai_base_url,
            key=self.emulator.key,
            model_studio=True,
        )
        self.transport = HttpTransport(self.server)
        self.limits = Limits(self.home)
        self.memory = Memory()
        self.facts = Catalogue.load().find(self.model)
        if self.knows and self.model in self.emulator.max_input:
            self.facts = replace(self.facts, max_input=self.emulator.max_input[self.model])
        self._numbers = 0

    def close(self) -> None:
        self.transport.close()

    def ask(
        self, question: str, *, in_place_of: int | None = None, fails: bool = False
    ) -> Reply:
        """Ask, and keep the turn, in the place of an earlier one if it is given."""
        before = self.pasts if in_place_of is None else self.pasts[:in_place_of]
        for attempt in (1, 2):
            planned = self.planned(question, before)
            request = ChatRequest(self.model, planned.messages, self._options())
            try:
                reply = self._reply(request, len(planned.sent))
                break
            except QwenError as error:
                limit = limit_in(error)
                if limit is None or attempt == 2:
                    raise
                self.refused += 1
                self.limits.learn(self.server, self.model, limit)
                self.memory.too_long(planned.weighed, limit)
        learn(self.memory, planned, reply)
        self.plans.append(planned)
        self._numbers += 1
        past = Past(f"v{self._numbers}", Turn(question, reply, self._options()))
        if in_place_of is None:
            self.pasts.append(past)
        else:
            self.pasts[in_place_of] = past
        return reply

    def planned(self, question: str, before: list[Past]) -> Plan:
        def ask(summaries: tuple[Summary, ...], told: frozenset[str], **more: Any) -> Plan:
            return plan(
                before,
                question,
                self.facts,
                self.policy,
                self.limits.of(self.server, self.model),
                options=self._options(),
                to_emulator=True,
                summaries=(*self.summaries, *summaries),
                told=told,
                memory=self.memory,
                **more,
            )

        return prepare(ask, self._summarise, self._find)

    def _options(self) -> ChatOptions:
        return ChatOptions(model=self.model).over(self.options)

    def _summarise(self, need: SummaryNeed) -> Summary | None:
        self.summary_calls += 1
        try:
            summary = need.made(self._reply(need.request, 0))
        except QwenError as error:
            learn_refusal(self.memory, need, error)
            raise
        if summary is not None:
            self.summaries.append(summary)
        return summary

    def _find(self, need: Any) -> tuple[str, ...]:
        def vectors(texts: Any) -> Any:
            self.embedding_calls += 1
            exchange = self.transport.exchange
            return embed(texts, EMBEDDING_MODEL, exchange, self.server, self.usages.append)

        return nearest(need, vectors, self.vectors)

    def _reply(self, request: ChatRequest, sent: int) -> Reply:
        exchange = self.transport.exchange()
        builder = ReplyBuilder()
        try:
            for event in stream.stream(request, exchange, OpenAIDialect(), self.server):
                builder.add(event)
        finally:
            exchange.close()
        return builder.reply(model=request.model, turns_sent=sent, scripted=True)
