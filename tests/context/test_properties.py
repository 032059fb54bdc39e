"""Random conversations: every plan is one that a strict server takes, and fits."""

import json
from collections.abc import Sequence
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from qwen_nb.catalogue.catalogue import Catalogue
from qwen_nb.context.planning import Plan, plan, prepare
from qwen_nb.context.retrieval import RetrievalNeed
from qwen_nb.context.sizes import Memory
from qwen_nb.context.summary import Summary, SummaryNeed
from qwen_nb.conversation.rounds import Past, message_tokens
from qwen_nb.emulator.history import read_messages
from qwen_nb.emulator.models import models
from qwen_nb.errors import ConfigError
from qwen_nb.values import ChatOptions, Message, Reply, ToolCall, Turn
from qwen_nb.values.policy import Policy
from qwen_nb.values.usage import Usage
from qwen_nb.wire.dialects.openai import OpenAIDialect

MODEL = Catalogue.load().find("qwen-plus")
OPTIONS = ChatOptions(model="qwen-plus")

REASONS = ["stop", "length", "stopped", "cut", "failed", "blocked", "tool_calls"]
texts = st.integers(0, 900).map(lambda n: ("word " * n)[:n])


@st.composite
def tool_rounds(draw: st.DrawFn) -> tuple[Message, ...]:
    """Calls and results, some of them missing, doubled, broken or in disorder."""
    said: list[Message] = []
    for number in range(draw(st.integers(0, 2))):
        ids = [f"c{number}{at}" for at in range(draw(st.integers(1, 3)))]
        arguments = draw(st.sampled_from(['{"a": 1}', "", '{"a"']))
        calls = tuple(ToolCall(id_, "f", arguments) for id_ in ids)
        said.append(Message("assistant", draw(texts), calls, thinking="hm"))
        results = draw(st.lists(st.sampled_from([*ids, "other"]), max_size=4))
        if draw(st.booleans()):
            results = ids[::-1]
        said += [Message("tool", "42", tool_call_id=id_) for id_ in results]
    return tuple(said)


@st.composite
def pasts(draw: st.DrawFn, number: int) -> Past:
    answer = draw(texts)
    usage = draw(
        st.sampled_from([None, Usage(), Usage(input=10, output=len(answer) // 4, thinking=0)])
    )
    reply = Reply(
        answer=answer,
        thinking=draw(st.sampled_from(["", "hm " * 50])),
        finish_reason=draw(st.sampled_from(REASONS)),  # type: ignore[arg-type]
        usage=usage,
        scripted=draw(st.integers(0, 9)) == 0,
    )
    said = draw(tool_rounds())
    prompt = f"q{number} " + draw(texts)
    return Past(f"v{number}", Turn(prompt, reply), said, older=draw(st.booleans()))


@st.composite
def histories(draw: st.DrawFn) -> list[Past]:
    return [draw(pasts(number)) for number in range(draw(st.integers(0, 12)))]


policies = st.sampled_from(
    [
        Policy(),
        Policy("truncate", 0),
        Policy("truncate", 3),
        Policy("retrieve", 2),
        Policy("off"),
    ]
)


def strictly(messages: Sequence[Message]) -> None:
    """Hold a list to all that servers ask of one."""
    assert messages[-1].role in ("user", "tool")
    waiting: list[str] = []
    expects = {"user"}
    for message in messages:
        if message.role == "system":
            continue
        assert message.role in expects, [one.role for one in messages]
        if message.role == "user":
            expects = {"assistant"}
        elif message.role == "tool":
            assert message.tool_call_id == waiting.pop(0)  # in the order of the calls
            # a turn that was stopped among its calls has results and no answer
            expects = {"tool"} if waiting else {"assistant", "user"}
        else:
            waiting = [call.id for call in message.tool_calls]
            for call in message.tool_calls:
                json.loads(call.arguments or "{}")
            expects = {"tool"} if waiting else {"user", "assistant"}
        assert message.content or message.tool_calls
    assert not waiting


def emulator_takes(messages: Sequence[Message]) -> None:
    from qwen_nb.values import ChatRequest, Server

    call = OpenAIDialect().encode(ChatRequest("qwen-plus", tuple(messages)), Server(name="s"))
    assert call.body is not None
    read_messages(json.loads(json.dumps(call.body["messages"])), models()["qwen-plus"])


def settled(
    turns: list[Past],
    policy: Policy,
    limit: int | None,
    summaries: list[Summary],
    fails: bool,
    memory: Memory,
) -> Plan:
    def ask(summaries_: tuple[Summary, ...] = (), **more: object) -> Plan:
        return plan(
            turns, "And now?", MODEL, policy, limit, options=OPTIONS, memory=memory,
            summaries=(*summaries, *summaries_), **more,  # type: ignore[arg-type]
        )  # fmt: skip

    def summarise(need: SummaryNeed) -> Summary | None:
        size = sum(map(message_tokens, need.request.messages))
        assert limit is not None
        assert size <= limit or size <= 0.4 * limit + 500  # the instruction itself
        strictly(need.request.messages)
        most = need.request.options.max_tokens
        assert most is not None
        reply = Reply(answer="" if fails else "s" * 4 * most, usage=Usage(output=most, input=9))
        made = need.made(replace(reply, usage=replace(reply.usage, thinking=0)))  # type: ignore[type-var]
        if made:
            summaries.append(made)
        return made

    def find(need: RetrievalNeed) -> tuple[str, ...]:
        return need.ids[::-2][: need.k]

    return prepare(lambda summaries, **more: ask(summaries, **more), summarise, find)


@settings(max_examples=250, deadline=None)
@given(
    histories(), histories(), policies, st.one_of(st.none(), st.integers(150, 3_000)),
    st.booleans(),
)  # fmt: skip
def test_every_plan_is_well_formed_and_fits(
    turns: list[Past], other: list[Past], policy: Policy, limit: int | None, fails: bool
) -> None:
    model_limit = limit or MODEL.max_input or 10**6
    summaries: list[Summary] = []
    memory = Memory()
    # as it grows, and again with some of the turns asked anew
    changed = [one if at % 3 else replace(one, id=f"w{at}") for at, one in enumerate(turns)]
    for history in (turns[: len(turns) // 2], turns, changed, [*other, *turns]):
        history = [replace(one, id=f"{one.id}.{at}") for at, one in enumerate(history)]
        try:
            planned = settled(history, policy, limit, summaries, fails, memory)
        except ConfigError as error:
            assert error.key in ("error.question_too_long", "error.turn_too_long")
            assert policy.kind != "off"
            continue
        strictly(planned.messages)
        emulator_takes(planned.messages)
        assert planned.tokens <= model_limit or policy.kind == "off"
        ids = [one.id for one in history]
        assert sorted(planned.sent, key=ids.index) == list(planned.sent)
        assert set(planned.sent).isdisjoint(planned.left_out)
        assert {*planned.sent, *planned.left_out} == set(ids)
        # a round is there whole or not at all
        said = "\n".join(str(message.content) for message in planned.messages)
        for one in history:
            prompt = one.turn.prompt
            if one.id in planned.sent:
                assert prompt.strip() in said
        if policy.kind in ("auto", "truncate", "off"):
            whole = [m for m in planned.messages if m.role == "user"][:-1]
            assert len(whole) == len(planned.sent)
            if planned.sent:  # what is sent is the end of what could be
                sendable = [
                    id_ for id_ in ids
                    if planned.left_out.get(id_) not in ("unanswered", "scripted")
                ]  # fmt: skip
                assert tuple(sendable[-len(planned.sent) :]) == planned.sent
        assert all(not message.thinking for message in planned.messages)
