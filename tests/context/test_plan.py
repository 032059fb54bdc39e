import json
import random
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from qwen_nb.catalogue.catalogue import Catalogue
from qwen_nb.catalogue.rows import Model
from qwen_nb.context.limits import Limits, limit_in, limit_of
from qwen_nb.context.needs import learn
from qwen_nb.context.planning import plan
from qwen_nb.context.plans import Plan
from qwen_nb.context.retrieval import EMBEDDING_MODEL, InMemory, RetrievalNeed, nearest
from qwen_nb.context.sizes import Memory
from qwen_nb.context.summary import Summary, SummaryNeed
from qwen_nb.conversation.rounds import Past
from qwen_nb.errors import BadRequest, ConfigError
from qwen_nb.values import (
    ChatOptions,
    ChatRequest,
    Content,
    Message,
    Reply,
    Server,
    ToolCall,
    Turn,
)
from qwen_nb.values.policy import Policy
from qwen_nb.values.usage import Usage
from qwen_nb.wire.dialects.openai import OpenAIDialect

CATALOGUE = Catalogue.load()
CALL = ToolCall("c1", "f", '{"a": 1}')
CALLS = Message("assistant", "", (CALL,), thinking="which tool?")
RESULT = Message("tool", "42", tool_call_id="c1")


def past(number: int, prompt: str = "", **reply: Any) -> Past:
    told = {"answer": f"answer {number}", "thinking": "hm", "finish_reason": "stop"} | reply
    return Past(f"v{number}", Turn(prompt or f"question {number}", Reply(**told)))


def planned(
    turns: Sequence[Past], question: Content = "And now?", model: str = "qwen-plus",
    policy: str = "auto", learned: int | None = None, *, system: str | None = None,
    thinking: bool | None = None, params: dict[str, Any] | None = None, **more: Any,
) -> Plan:  # fmt: skip
    options = ChatOptions(model=model, system=system, thinking=thinking, params=params or {})
    facts = CATALOGUE.find(model)
    return plan(turns, question, facts, Policy.read(policy), learned, options=options, **more)


def spoken(found: Plan) -> list[tuple[str, Any]]:
    return [(message.role, message.content) for message in found.messages]


def keys(found: Plan) -> list[str]:
    return [note.key for note in found.notes]


def test_only_answers_go_back_and_no_system_message_is_added() -> None:
    found = planned([past(1), past(2, finish_reason="cut")])
    assert spoken(found) == [
        ("user", "question 1"), ("assistant", "answer 1"),
        ("user", "question 2"), ("assistant", "answer 2"),
        ("user", "And now?"),
    ]  # fmt: skip
    assert not any(message.thinking for message in found.messages)
    assert found.sent == ("v1", "v2")
    assert found.notes == ()


@pytest.mark.parametrize(
    "reply", [{"answer": ""}, {"finish_reason": "failed"}, {"finish_reason": "blocked"}]
)
def test_half_a_pair_is_left_out(reply: dict[str, Any]) -> None:
    found = planned([past(1, **reply), past(2)])
    assert found.sent == ("v2",)
    assert found.left_out == {"v1": "unanswered"}


def test_thinking_goes_back_where_it_is_preserved() -> None:
    on = {"preserve_thinking": True}
    assert planned([past(1)], model="qwen3.7-max", params=on).messages[1].thinking == "hm"
    assert planned([past(1)], model="somebody/else", params=on).messages[1].thinking == "hm"
    assert not planned([past(1)], model="qwen-plus", params=on).messages[1].thinking
    assert not planned([past(1)], model="qwen3.7-max").messages[1].thinking


def test_a_tool_round_is_sent_whole() -> None:
    turn = replace(past(1), said=(CALLS, RESULT))
    found = planned([turn])
    assert [m.role for m in found.messages] == [
        "user", "assistant", "tool", "assistant", "user"
    ]  # fmt: skip
    assert found.messages[1].tool_calls == (CALL,)
    assert not found.messages[1].thinking  # it is finished


@pytest.mark.parametrize(
    "said",
    [
        (CALLS,),
        (CALLS, replace(RESULT, tool_call_id="c2")),
        (CALLS, RESULT, replace(RESULT, tool_call_id="c2")),
        (RESULT,),
        (replace(CALLS, tool_calls=(CALL, CALL)), RESULT),
        (replace(CALLS, tool_calls=(replace(CALL, arguments='{"a'),)), RESULT),
    ],
)
def test_calls_without_their_results_are_left_out_together(said: tuple[Message, ...]) -> None:
    found = planned([replace(past(1), said=said)])
    assert [m.role for m in found.messages] == ["user", "assistant", "user"]


def test_thinking_stays_in_the_round_that_is_open() -> None:
    found = planned([], said=(CALLS, RESULT))
    assert found.messages[1].thinking == "which tool?"
    assert found.messages[-1] == RESULT


def test_what_the_emulator_said_does_not_go_to_a_real_server() -> None:
    turns = [past(1, scripted=True), past(2, scripted=True, answer=""), past(3)]
    found = planned(turns)
    assert found.sent == ("v3",)
    assert found.left_out == {"v1": "scripted", "v2": "scripted"}
    assert [(n.key, n.facts) for n in found.notes] == [("note.scripted_left_out", {"n": 1})]
    assert planned(turns, to_emulator=True).sent == ("v1", "v3")


def test_a_single_turn_model_gets_no_history() -> None:
    found = planned([past(1)], model="qwen-mt-plus")
    assert spoken(found) == [("user", "And now?")]
    assert keys(found) == ["context.note.single_turn"]
    assert planned([], model="qwen-mt-plus").notes == ()


@pytest.mark.parametrize(
    ("model", "thinking", "noted"),
    [
        ("qwen3-32b", None, True), ("qwen3-32b", False, False), ("qwq-plus", None, True),
        ("qwen3.7-max", None, False), ("qwen-plus", True, True),
    ],
)  # fmt: skip
def test_a_system_message_is_advised_against_once(
    model: str, thinking: bool | None, noted: bool
) -> None:
    found = planned([], model=model, system="Be brief.", thinking=thinking)
    assert ("rule.note.system_discouraged" in keys(found)) == noted
    again = planned([], model=model, system="Be brief.", thinking=thinking, told=found.once)
    assert keys(again) == []
    assert found.messages[0] == Message("system", "Be brief.")


def test_a_given_system_message_gives_way() -> None:
    before = [Message("system", "old"), Message("user", "u"), Message("assistant", "a")]
    assert spoken(planned([], before=before, system="new"))[0] == ("system", "new")
    assert spoken(planned([], before=before))[:3] == [
        ("system", "old"), ("user", "u"), ("assistant", "a"),
    ]  # fmt: skip


# -- soft switches ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("prompts", "question", "policy", "last"),
    [
        (["a /no_think", "b"], "c", "truncate 1", "c /no_think"),
        (["a/no_think", "b"], "c", "auto", "c"),
        (["a /no_think", "b"], "c /think", "truncate 1", "c /think"),
        (["a /think", "b /no_think"], "c", "truncate 1", "c"),
        (["a /think", "b /no_think", "d"], "c", "truncate 1", "c /no_think"),
        (["a /no_think", "b"], "c", "off", "c"),
    ],
)
def test_a_soft_switch_that_falls_off_is_remembered(
    prompts: list[str], question: str, policy: str, last: str
) -> None:
    turns = [past(at, prompt) for at, prompt in enumerate(prompts)]
    found = planned(turns, question, "qwen3-32b", policy)
    assert found.messages[-1].content == last


def test_other_models_read_a_switch_as_words() -> None:
    turns = [past(1, "a /no_think"), past(2)]
    assert planned(turns, "c", "qwen-plus", "truncate 1").messages[-1].content == "c"


def test_a_quoted_switch_does_not_work_and_the_latest_one_does() -> None:
    turns = [past(1, "a /no_think"), past(2, "b /think"), past(3, "d")]
    found = planned(turns, "c", "qwen3-32b", "retrieve 2", found=("v1", "v3"))
    said = str(found.messages[-1].content)
    assert said.count("/") - said.count("</") == 1
    assert said.endswith("/think\n\nc")
    assert planned(turns, "c", "qwen3-32b", "retrieve 2").needs is not None


# -- limits ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("facts", "learned", "limit"),
    [
        ({"max_input": 100, "context": 500}, None, 100),
        ({"max_input": 100}, 70, 70),
        ({"context": 500, "max_cot": 100, "max_output": 50}, None, 350),
        ({"context": 500, "max_output": 50}, None, 450),
        ({"context": 500}, None, None),
        ({"context": 100, "max_cot": 80, "max_output": 50}, None, None),
        ({}, None, None),
    ],
)
def test_the_limit(facts: dict[str, int], learned: int | None, limit: int | None) -> None:
    assert limit_of(Model(id="m", **facts), learned) == limit  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("told", "limit"),
    [
        ("400: invalid_parameter_error: Range of input length should be [1, 98304]", 98_304),
        ("<400> InternalError: range of input length should be [1,6000] (emulator)", 6_000),
        ("This model's maximum context length is 4096 tokens. However, you requested", 4_096),
        ("Range of max_tokens should be [1, 8192]", None),
    ],
)
def test_the_servers_error_teaches_a_limit(told: str, limit: int | None) -> None:
    assert limit_in(BadRequest("error.refused", status=400, server="s", told=told)) == limit


def test_a_learned_limit_is_kept_for_that_server_and_model(tmp_path: Path) -> None:
    here, there = (
        Server(name="a", base_url="http://a/v1"),
        Server(name="b", base_url="http://b"),
    )
    Limits(tmp_path / "home").learn(here, "m", 700)
    limits = Limits(tmp_path / "home")
    assert limits.of(here, "m") == 700
    assert limits.of(there, "m") is limits.of(here, "other") is None
    limits.learn(there, "m", 5)
    assert (limits.of(here, "m"), limits.of(there, "m")) == (700, 5)
    (tmp_path / "home" / "limits.json").write_text("{broken")
    assert limits.of(here, "m") is None


@pytest.mark.parametrize("told", ["auto", "off", "truncate 3", "retrieve 2"])
def test_a_policy_is_read_as_it_is_written(told: str) -> None:
    assert str(Policy.read(told.upper())) == told


@pytest.mark.parametrize(
    "told", ["", "truncate", "truncate x", "retrieve 0", "auto 3", "all", 3]
)
def test_what_is_no_policy_is_refused(told: object) -> None:
    with pytest.raises(ValueError):
        Policy.read(told)


# -- summaries ------------------------------------------------------------------------------


def need_of(found: Plan) -> SummaryNeed:
    assert isinstance(found.needs, SummaryNeed)
    return found.needs


LONG = "one two three four five six seven eight nine ten " * 8


@pytest.mark.parametrize(
    ("model", "thinking"),
    [
        ("qwen-plus", False), ("qwen3-32b", False), ("qwq-plus", None), ("qwen-max", None),
        ("qwen3.7-max-preview", 1024), ("somebody/else", None),
    ],
)  # fmt: skip
def test_a_summary_is_asked_for_with_as_little_thinking_as_can_be(
    model: str, thinking: object
) -> None:
    turns = [past(at, LONG) for at in range(8)]
    need = need_of(planned(turns, model=model, learned=1_000))
    options = need.request.options
    assert options.thinking == thinking
    assert options.max_tokens == 125
    assert options.system is None
    assert need.count in (4, 5)
    assert need.ids == tuple(f"v{at}" for at in range(need.count))


def test_the_newest_turn_is_never_summarised() -> None:
    turns = [past(1), past(2), past(3, LONG * 7)]
    assert need_of(planned(turns, learned=1_000)).ids == ("v1", "v2")
    turns = [past(1), past(2), past(3, LONG * 3)]  # also where it would fit into the call
    assert need_of(planned(turns, LONG * 4, learned=1_000)).ids == ("v1", "v2")
    with pytest.raises(ConfigError) as caught:
        planned([*turns, past(4, LONG * 11)], learned=1_000)
    assert caught.value.key == "error.turn_too_long"  # and no summary is made in vain


def test_a_summary_stands_for_just_those_versions_and_no_others() -> None:
    turns = [past(at, LONG) for at in range(8)]
    need = need_of(planned(turns, learned=1_000))
    made = need.made(Reply(answer="They counted.", usage=Usage(input=9, output=5, thinking=2)))
    assert made is not None
    assert made.tokens == 3
    assert Summary.from_json(json.loads(json.dumps(made.as_json()))) == made
    found = planned(turns, learned=1_000, summaries=[made])
    assert found.summary == made
    assert found.sent == tuple(f"v{at}" for at in range(made.count, 8))
    assert found.left_out == {f"v{at}": "summarised" for at in range(made.count)}
    assert "They counted." in str(found.messages[0].content)
    assert str(found.messages[0].content).endswith(LONG)
    newer = [replace(turns[0], id="w0"), *turns[1:]]
    changed = [replace(turns[0], turn=replace(turns[0].turn, prompt="x")), *turns[1:]]
    for others in (newer, changed, turns[1:], turns[::-1]):
        other = planned(others, learned=1_000, summaries=[made])
        assert other.summary is None
    # undone back to where everything fits: the originals
    assert planned(turns[:3], learned=1_000, summaries=[made]).summary is None
    assert planned(turns, learned=100_000, summaries=[made]).summary is None


def test_a_summary_that_the_emulator_wrote_does_not_go_to_a_real_server() -> None:
    turns = [past(at, LONG) for at in range(8)]
    made = need_of(planned(turns, learned=1_000)).made(Reply(answer="x", scripted=True))
    assert made is not None
    more = {"learned": 1_000, "summaries": [made]}
    assert planned(turns, **more, to_emulator=True).summary == made
    assert need_of(planned(turns, **more)).after == ""


def test_a_summary_is_in_the_conversations_language() -> None:
    turns = [past(at, "河水流过一座旧磨坊。" * 20) for at in range(8)]
    prompt = str(need_of(planned(turns, learned=1_000)).request.messages[0].content)
    assert prompt.startswith("请总结")
    assert "用户:河水" in prompt


def test_a_switch_under_a_summary_works_on_and_none_inside_it() -> None:
    turns = [past(at, f"{LONG} {switch}") for at, switch in enumerate(["/no_think"] + [""] * 7)]
    need = need_of(planned(turns, model="qwen3-32b", learned=1_000))
    assert "/no_think" not in str(need.request.messages[0].content)
    made = need.made(Reply(answer="They said /think twice."))
    assert made is not None
    found = planned(turns, model="qwen3-32b", learned=1_000, summaries=[made])
    said = [str(message.content) for message in found.messages]
    assert "\n".join(said).count("/no_think") == 1
    assert "/think" not in "\n".join(said)
    assert "/no_think" in said[0]


def test_a_much_longer_history_takes_a_few_calls_not_one_for_each_part() -> None:
    turns = [past(at, LONG * 3) for at in range(120)]  # about thirty times the limit
    summaries: list[Summary] = []
    while (found := planned(turns, learned=1_000, summaries=summaries)).needs is not None:
        made = need_of(found).made(Reply(answer="s" * 500))
        assert made is not None
        summaries.append(made)
    assert found.sent[-1] == "v119"
    assert found.tokens <= 1_000
    assert len(summaries) < 20


@pytest.mark.parametrize("reply", [Reply(answer=" "), Reply(answer="x", finish_reason="cut")])
def test_what_is_no_summary_leaves_the_older_turns_out(reply: Reply) -> None:
    turns = [past(at, LONG) for at in range(8)]
    assert need_of(planned(turns, learned=1_000)).made(reply) is None
    found = planned(turns, learned=1_000, can_summarise=False)
    assert found.needs is None
    assert "v7" in found.sent
    assert found.left_out["v0"] == "left_out"
    assert keys(found) == ["context.note.left_out"]


def test_the_size_is_what_the_last_reply_said() -> None:
    memory = Memory()
    turns = [past(1)]
    first = planned([], "question 1", memory=memory)
    usage = Usage(input=5_000, output=700, thinking=600)
    learn(memory, first, replace(turns[0].turn.reply, usage=usage))
    found = planned(turns, "x" * 400, memory=memory)
    assert found.tokens > 5_100
    assert planned(turns, "x" * 400).tokens < 200  # nobody has told


def test_an_earlier_sessions_usage_tells_the_size() -> None:
    usage = Usage(input=30, output=40, thinking=20)
    turns = [replace(past(1), turn=replace(past(1).turn, reply=replace(
        past(1).turn.reply, usage=usage, turns_sent=0)))]  # fmt: skip
    assert planned(turns, "xxxx").tokens == 30 + 20 + 6
    stale = [replace(turns[0], older=True)]
    assert planned(stale, "xxxx").tokens != 30 + 20 + 6


# -- retrieval --------------------------------------------------------------------------------


def test_300_vectors_of_1024_are_compared() -> None:
    """The order is that of the cosine, whatever the lengths of the vectors."""
    figures = random.Random(7)
    asked = [figures.gauss(0, 1) for _ in range(1_024)]
    made = {f"text {n}": [figures.gauss(0, 1) for _ in asked] for n in range(300)}
    # these point nearly where the question points, and are short and long
    made["text 17"] = [0.001 * value + figures.gauss(0, 1e-5) for value in asked]
    made["text 205"] = [900 * value + figures.gauss(0, 90) for value in asked]
    made["text 99"] = [-value for value in asked]
    made["text 3"] = [0.0] * 1_024
    need = RetrievalNeed(
        "asked",
        tuple((f"digest {n}", f"text {n}") for n in range(300)),
        tuple(f"id {n}" for n in range(300)),
        300,
    )
    calls: list[tuple[str, ...]] = []

    def embed(texts: Sequence[str]) -> list[list[float]]:
        calls.append(tuple(texts))
        return [made.get(text, asked) for text in texts]

    vectors = InMemory()
    found = nearest(need, embed, vectors)
    assert found[:2] == ("id 17", "id 205")
    assert found[-1] == "id 99"
    assert "id 3" not in found  # nothing is near zeros
    assert len(found) == 299
    assert nearest(need, embed, vectors) == found
    assert [len(texts) for texts in calls] == [301, 1]


def test_vectors_of_other_dimensions_are_near_nothing() -> None:
    need = RetrievalNeed("asked", (("a", "old"), ("b", "new")), ("v1", "v2"), 2)
    vectors = InMemory()
    vectors.put(EMBEDDING_MODEL, {("v1", "a"): [1.0, 0.0]})
    assert nearest(need, lambda texts: [[1.0, 0.0, 0.0] for _ in texts], vectors) == ("v2",)


def test_another_number_of_vectors_than_texts_is_an_error() -> None:
    need = RetrievalNeed("asked", (("a", "one"),), ("v1",), 1)
    with pytest.raises(ConfigError, match="number of vectors"):
        nearest(need, lambda texts: [[1.0]], InMemory())


def test_a_tool_round_is_quoted_whole() -> None:
    turns = [replace(past(1), said=(CALLS, RESULT)), past(2)]
    found = planned(turns, policy="retrieve 1", found=("v1",))
    (message,) = found.messages
    said = str(message.content)
    at = [said.index(part) for part in ("question 1", '{"a": 1}', "42", "answer 1", "And now?")]
    assert at == sorted(at)
    assert "question 2" not in said


# -- the two-hundredth question ----------------------------------------------------------------


def least(turns: Sequence[Past], question: str) -> bytes:
    messages = []
    for one in turns:
        messages.append({"role": "user", "content": one.turn.prompt})
        messages.append({"role": "assistant", "content": one.turn.reply.answer})
    body = {
        "model": "qwen-plus",
        "messages": [*messages, {"role": "user", "content": question}],
        "stream": True,
    }
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()


def test_the_200th_request_has_no_bytes_to_spare() -> None:
    turns = [past(at, LONG, answer=LONG) for at in range(199)]
    request = ChatRequest("qwen-plus", planned(turns).messages, ChatOptions(thinking=True))
    body = OpenAIDialect().encode(request, Server(name="s", model_studio=True)).body
    sent = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
    assert len(sent) <= 1.02 * len(least(turns, "And now?"))


@pytest.mark.perf
def test_planning_costs_little_and_grows_in_a_line() -> None:
    memory = Memory()
    turns = [past(at, LONG * 2, answer=LONG * 4, thinking="") for at in range(800)]

    def planning(count: int) -> float:
        history = turns[:count]
        begin = time.process_time()
        for _ in range(10):
            found = planned(history, "And now?", memory=memory)
        assert len(found.sent) == count
        return time.process_time() - begin

    def dumping(count: int) -> float:
        begin = time.process_time()
        for _ in range(10):
            least(turns[:count], "And now?")
        return time.process_time() - begin

    planning(800)
    planning(200)  # the rounds are made once
    pairs = [(planning(200), planning(800), dumping(200)) for _ in range(7)]
    short, long, dumps = (min(each) for each in zip(*pairs, strict=True))
    assert long / short < 8, f"{long / short:.1f}"
    assert short / dumps < 2, f"{short / dumps:.2f}"
