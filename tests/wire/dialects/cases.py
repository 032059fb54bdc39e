"""One table of what comes over the wire and what it means: (dialect, bytes, events).

`rows` names the rows of the protocol reference a case covers: sections as `4.2 …`,
the traps of its checklist as `trap N`.
"""

import json
from dataclasses import dataclass, field
from typing import Any

from qwen_nb import AuthFailed, BadRequest, ContentRefused, RateLimited, ServerFailed
from qwen_nb.errors import BadEvent
from qwen_nb.values import Server
from qwen_nb.values.events import (
    AnswerDelta,
    Finished,
    Started,
    ThinkingDelta,
    ToolArgumentsDelta,
    ToolCallStarted,
    UsageReport,
)
from qwen_nb.values.usage import Usage

from ._reading import SERVER, Outcome, Raised, Unfinished

DONE = b"data: [DONE]\n\n"
START = Started("m", "r-1")
NATIVE_START = Started("", "r-1")


@dataclass(frozen=True)
class Case:
    dialect: str
    data: bytes
    events: Outcome
    rows: tuple[str, ...]
    server: Server = field(default=SERVER)


def event(frame: Any, prefix: str = "data: ") -> bytes:
    return f"{prefix}{json.dumps(frame, ensure_ascii=False)}\n\n".encode()


def chunk(delta: Any, finish: Any = None, **more: Any) -> dict[str, Any]:
    choice = {"delta": delta, "finish_reason": finish, "index": 0}
    return {"choices": [choice], "model": "m", "id": "chatcmpl-r-1", "usage": None, **more}


def compat(*deltas: Any, finish: str | None = "stop", end: bytes = DONE) -> bytes:
    frames = [delta if "choices" in delta else chunk(delta) for delta in deltas]
    if finish:
        frames.append(chunk({"content": ""}, finish))
    return b"".join(map(event, frames)) + end


def frame(message: Any, finish: Any = "null", **more: Any) -> dict[str, Any]:
    choice = {"message": {"role": "assistant", **message}, "finish_reason": finish}
    return {"output": {"choices": [choice]}, "request_id": "r-1", **more}


def native_event(told: Any, number: int = 1, name: str = "result", status: int = 200) -> bytes:
    data = json.dumps(told, ensure_ascii=False)
    return f"id:{number}\nevent:{name}\n:HTTP_STATUS/{status}\ndata:{data}\n\n".encode()


EMPTY = {"content": "", "reasoning_content": ""}


def native(*messages: Any, finish: Any = "stop", last: Any = EMPTY) -> bytes:
    frames = [one if "output" in one else frame(EMPTY | one) for one in messages]
    if finish:
        frames.append(frame(last, finish))
    return b"".join(native_event(told, at) for at, told in enumerate(frames, 1))


def fragment(**told: Any) -> dict[str, Any]:
    """Return one fragment of a tool call; name and arguments go into its function."""
    function = {key: told.pop(key) for key in ("name", "arguments") if key in told}
    return {"type": "function", "function": function, **told}


def call(*fragments: Any) -> dict[str, Any]:
    return {"content": "", "tool_calls": list(fragments)}


T, A, D = ThinkingDelta, AnswerDelta, ToolArgumentsDelta
STOP, CALLS = Finished("stop"), Finished("tool_calls")
COUNTS = {"prompt_tokens": 10, "completion_tokens": 20, "total_tokens": 30}
USAGE = UsageReport(Usage(input=10, output=20, total=30))
NATIVE_COUNTS = {"input_tokens": 11, "output_tokens": 3, "total_tokens": 14}
NATIVE_USAGE = UsageReport(Usage(input=11, output=3, total=14))


def trailing(usage: Any) -> dict[str, Any]:
    return {"choices": [], "usage": usage, "model": "m", "id": "chatcmpl-r-1"}


def simple(answer: str = "Hi") -> Outcome:
    return [START, A(answer), STOP]


ONE_ANSWER = compat({"content": "Hi"})
NATIVE_ANSWER = native({"content": "Hi"})

INLINE = Server(name="inline", inline_think=True)
ORPHAN = Server(name="orphan", inline_think=True, missing_opener=True)

CASES: dict[str, Case] = {}


def add(name: str, dialect: str, data: bytes, events: Outcome, *rows: str, **more: Any) -> None:
    assert name not in CASES
    CASES[name] = Case(dialect, data, events, rows, **more)


# -- §4.1, the framing ---------------------------------------------------------------

for ends, spelled in {"LF": b"\n", "CRLF": b"\r\n", "CR": b"\r"}.items():
    add(f"lines end with {ends}", "openai",
        compat({"content": "嗯,好🙂"}).replace(b"\n", spelled),
        simple("嗯,好🙂"), "4.1.1")  # fmt: skip
    add(f"native lines end with {ends}", "dashscope",
        native({"content": "嗯,好🙂"}).replace(b"\n", spelled),
        [NATIVE_START, A("嗯,好🙂"), STOP], "4.1.1")  # fmt: skip
add("no space after the colon", "openai", ONE_ANSWER.replace(b"data: ", b"data:"), simple(),
    "4.1.2")  # fmt: skip
add("native with a space after the colon", "dashscope",
    NATIVE_ANSWER.replace(b"data:", b"data: "), [NATIVE_START, A("Hi"), STOP],
    "4.1.2")  # fmt: skip
add("comments in between", "openai",
    b": OPENROUTER PROCESSING\n\n: keep-alive\n\n" + ONE_ANSWER.replace(b"\n\n", b"\n\n:\n\n"),
    simple(), "4.1.3", "trap 23")  # fmt: skip
add("native comments are no status", "dashscope",
    NATIVE_ANSWER.replace(b"STATUS/200", b"STATUS/400"), [NATIVE_START, A("Hi"), STOP],
    "4.1.3", "trap 4")  # fmt: skip
PRETTY = json.dumps(chunk({"content": "Hi"}), indent=1).replace("\n", "\ndata: ")
add("several data lines", "openai", f"data: {PRETTY}\n\n".encode() + compat(), simple(),
    "4.1.4")  # fmt: skip
for at in (1, 2, 14, 30, 57):
    whole = json.dumps(chunk({"content": "嗯"}), ensure_ascii=False)
    add(f"a JSON text cut at {at}", "openai",
        f"data: {whole[:at]}\n\ndata: {whole[at:]}\n\n".encode() + compat(),
        simple("嗯"), "4.1.4")  # fmt: skip
    whole = json.dumps(frame({"content": "嗯"}), ensure_ascii=False)
    add(f"a native JSON text cut at {at}", "dashscope",
        f"data:{whole[:at]}\n\ndata:{whole[at:]}\n\n".encode() + native(),
        [NATIVE_START, A("嗯"), STOP], "4.1.4")  # fmt: skip
HALF = b'data: {"choices":[{"delta":{"content":"H\n\n'
add("half a JSON text and a whole one", "openai", HALF + ONE_ANSWER, [Raised(BadEvent)],
    "4.1.4")  # fmt: skip
add("half a JSON text and the end", "openai", HALF, [Unfinished()], "4.1.4", "4.1.6")
add("no JSON", "openai", b"data: {'a': 1}\n\n", [Raised(BadEvent)], "4.1.4")
add("native no JSON", "dashscope", b"data:[1]\n\n", [Raised(BadEvent)], "4.1.4")
add("no terminator", "openai", compat({"content": "Hi"}, end=b""), simple(), "4.1.5")
add("native has no terminator", "dashscope", NATIVE_ANSWER, [NATIVE_START, A("Hi"), STOP],
    "4.1.5", "trap 4")  # fmt: skip
add("the last empty line is missing", "dashscope", NATIVE_ANSWER.rstrip(),
    [NATIVE_START, A("Hi"), STOP], "4.1.5")  # fmt: skip
add("closed before a finish", "openai", compat({"content": "Hi"}, finish=None, end=b""),
    [START, A("Hi"), Unfinished()], "4.1.6")  # fmt: skip
add("done before a finish", "openai", compat({"content": "Hi"}, finish=None),
    [START, A("Hi"), Unfinished()], "4.1.6")  # fmt: skip
add("native closed before a finish", "dashscope", native({"content": "Hi"}, finish=None),
    [NATIVE_START, A("Hi"), Unfinished()], "4.1.6")  # fmt: skip
add("another order of keys", "openai",
    b'data: {"id":"chatcmpl-r-1","choices":[{"finish_reason":null,"new":[],"delta":'
    b'{"x":{},"content":"Hi"}}],"timings":{"a":1},"model":"m"}\n\n' + compat(),
    simple(), "4.1.7")  # fmt: skip

# -- §4.2, the compatible stream -----------------------------------------------------

add("thinking, then the answer", "openai",
    compat(
        {"content": None, "role": "assistant", "reasoning_content": ""},
        {"content": None, "reasoning_content": "Hm"},
        {"content": "I", "reasoning_content": None},
        {"content": " am", "reasoning_content": ""},
        chunk({"content": "", "reasoning_content": None}, "stop"),
        trailing(COUNTS), finish=None,
    ),
    [START, T("Hm"), A("I"), A(" am"), STOP, USAGE],
    "4.2 first", "4.2 thinking", "4.2 answering", "4.2 last choice", "4.2 usage", "trap 1",
    "trap 2")  # fmt: skip
add("reasoning absent", "openai",
    compat({"content": "", "role": "assistant"}, {"content": "I"},
           {"content": " am", "reasoning_content": None}),
    [START, A("I"), A(" am"), STOP], "4.2 no reasoning", "trap 1")  # fmt: skip
add("both in one chunk", "openai", compat({"content": "I", "reasoning_content": "Hm"}),
    [START, T("Hm"), A("I"), STOP], "4.2 both")  # fmt: skip
add("no usage", "openai", ONE_ANSWER, simple(), "4.2 usage", "trap 3")
add("usage on every chunk is overwritten", "openai",
    compat(chunk({"content": "Hi"}, usage={"prompt_tokens": 10, "completion_tokens": 1}),
           chunk({"content": "!"}, "stop", usage=COUNTS), finish=None),
    [START, A("Hi"), UsageReport(Usage(input=10, output=1)), A("!"), STOP, USAGE],
    "4.2 usage", "trap 3")  # fmt: skip
add("usage details", "openai",
    compat({"content": "Hi"}, end=event(trailing(COUNTS | {
        "completion_tokens_details": {"reasoning_tokens": 7, "text_tokens": 13},
        "prompt_tokens_details": {"cached_tokens": 4, "cache_creation_input_tokens": 2},
    })) + DONE),
    [START, A("Hi"), STOP,
     UsageReport(Usage(input=10, output=20, total=30, thinking=7, cached=4, cache_created=2,
                       output_parts={"text": 13}))],
    "4.2 usage", "trap 14")  # fmt: skip
add("usage with null details", "openai",
    compat({"content": "Hi"}, end=event(trailing(COUNTS | {
        "completion_tokens_details": {"reasoning_tokens": None}, "prompt_tokens_details": None,
    })) + DONE),
    [START, A("Hi"), STOP, USAGE], "4.2 usage")  # fmt: skip
add("a whole reply, not streamed", "openai",
    event({"model": "m", "id": "chatcmpl-r-1", "usage": COUNTS, "choices": [
        {"message": {"content": "I", "reasoning_content": "Hm"}, "finish_reason": "stop"}]}),
    [START, T("Hm"), A("I"), STOP, USAGE], "2.1", "trap 12")  # fmt: skip
add("a translation that repeats itself", "openai",
    compat(*({"choices": [{"delta": {"content": text}}], "model": "qwen-mt-plus", "id": "r-1"}
             for text in ("The ", "The weather ", "The weather is ", "The weather is good."))),
    [Started("qwen-mt-plus", "r-1"), A("The "), A("weather is good."), STOP],
    "7.4")  # fmt: skip
add("a translation in pieces", "openai",
    compat(*({"choices": [{"delta": {"content": text}}], "model": "qwen-mt-lite", "id": "r-1"}
             for text in ("ha", "ha", "!"))),
    [Started("qwen-mt-lite", "r-1"), A("ha"), A("ha!"), STOP], "7.4")  # fmt: skip

# -- §8, how other servers spell thinking --------------------------------------------

add("reasoning under its other name", "openai", compat({"reasoning": "Hm"}, {"content": "I"}),
    [START, T("Hm"), A("I"), STOP], "8 reader", "trap 22")  # fmt: skip
DETAILS = [{"type": "reasoning.text", "text": "Hm"},
           {"type": "reasoning.encrypted", "data": "x"},
           {"type": "reasoning.summary", "summary": "!"}]  # fmt: skip
add("the same reasoning thrice", "openai",
    compat({"reasoning_content": "Hm!", "reasoning": "Hm!", "reasoning_details": DETAILS},
           {"reasoning": "Hm!", "reasoning_details": DETAILS}, {"content": "I"}),
    [START, T("Hm!"), T("Hm!"), A("I"), STOP], "8 reader", "trap 22")  # fmt: skip
add("reasoning in details only", "openai", compat({"reasoning_details": DETAILS}),
    [START, T("Hm!"), STOP], "8 reader", "trap 22")  # fmt: skip
add("reasoning that is an object", "openai",
    compat({"reasoning": {"effort": "high"}, "reasoning_details": DETAILS}),
    [START, T("Hm!"), STOP], "8 reader")  # fmt: skip
add("tags of a server that has none are text", "openai",
    compat({"content": "<think>Hm</think>I"}), simple("<think>Hm</think>I"),
    "8 raw")  # fmt: skip
add("inline tags", "openai",
    compat({"content": "<thi"}, {"content": "nk>\nHm"}, {"content": "</"},
           {"content": "think>\n"}, {"content": "\nI"}),
    [START, T("Hm"), A("I"), STOP], "8 raw", server=INLINE)  # fmt: skip
add("an opener that is missing", "openai",
    compat({"content": "Hm"}, {"content": "!\n</think>\n\nI"}),
    [START, T("Hm!\n"), A("I"), STOP], "8 raw", server=ORPHAN)  # fmt: skip
add("no tag where the opener may be missing", "openai", compat({"content": "I"}),
    [START, A("I"), STOP], "8 raw", server=ORPHAN)  # fmt: skip
add("half a tag at the end", "openai",
    compat({"content": "1 <"}, finish=None, end=b""), [START, A("1 "), A("<"), Unfinished()],
    "8 raw", server=INLINE)  # fmt: skip

# -- §4.3, the native stream ---------------------------------------------------------

add("native thinking, then the answer", "dashscope",
    native({"reasoning_content": "Well"}, {"reasoning_content": ", "}, {"content": "I"},
           {"content": " am"}),
    [NATIVE_START, T("Well"), T(", "), A("I"), A(" am"), STOP],
    "4.3 object", "4.3 empty side", "4.3 finish", "trap 4")  # fmt: skip
for name, unfinished in {"null": None, "empty": "", "the text null": "null"}.items():
    add(f"native, not finished: {name}", "dashscope",
        native(frame({"content": "Hi"}, unfinished), finish=None),
        [NATIVE_START, A("Hi"), Unfinished()], "4.3 finish", "4.5 null", "trap 4")  # fmt: skip
add("native usage grows and is overwritten", "dashscope",
    native(frame({"content": "Hi"}, usage=NATIVE_COUNTS),
           frame(EMPTY, "stop", usage=NATIVE_COUNTS | {
               "output_tokens": 9, "output_tokens_details": {"reasoning_tokens": 4},
               "prompt_tokens_details": {"cached_tokens": 2}}), finish=None),
    [NATIVE_START, A("Hi"), NATIVE_USAGE, STOP,
     UsageReport(Usage(input=11, output=9, total=14, thinking=4, cached=2))],
    "4.3 usage", "trap 4", "trap 3")  # fmt: skip
add("the id as the Java SDK prints it", "dashscope",
    event({"output": {"choices": [{"message": {"content": "Hi"}, "finish_reason": "stop"}]},
           "requestId": "r-1"}, "data:"),
    [NATIVE_START, A("Hi"), STOP], "4.3 request_id", "4.3 SDK shape", "trap 24")  # fmt: skip
add("results as text", "dashscope",
    native({"output": {"text": "Hi", "finish_reason": "null"}, "request_id": "r-1"},
           {"output": {"text": "", "finish_reason": "stop"}, "request_id": "r-1"}, finish=None),
    [NATIVE_START, A("Hi"), STOP], "4.3 text")  # fmt: skip
WELL = "Well, the user asks"
REPEATED = ("I", "I am", "I am Qwen", "I am Qwen, ", "I am Qwen, a model")
add("native frames that repeat everything", "dashscope",
    native({"reasoning_content": "Well"}, {"reasoning_content": "Well, the"},
           {"reasoning_content": "Well, the user"}, {"reasoning_content": WELL},
           *({"reasoning_content": WELL, "content": text} for text in REPEATED),
           last={"reasoning_content": WELL, "content": REPEATED[-1]}),
    [NATIVE_START, T("Well"), T(", the user asks"), A("I"), A(" am"), A(" Qwen"), A(", "),
     A("a model"), STOP],
    "4.3 cumulative", "trap 5")  # fmt: skip
add("native frames that repeat an answer without thinking", "dashscope",
    native(*({"content": text} for text in REPEATED), last={"content": REPEATED[-1]}),
    [NATIVE_START, A("I"), A(" am Qwen, a model"), STOP],
    "4.3 cumulative", "trap 5")  # fmt: skip
add("a short answer repeated", "dashscope", native({"content": "Hi"}, last={"content": "Hi"}),
    [NATIVE_START, A("Hi"), STOP], "4.3 cumulative", "trap 5")  # fmt: skip
add("pieces that only look repeated", "dashscope",
    native({"content": "ha"}, {"content": "ha"}, {"content": "haha"}),
    [NATIVE_START, A("ha"), A("hahaha"), STOP], "4.3 cumulative", "trap 5")  # fmt: skip
add("thinking that looks repeated says nothing of the answer", "dashscope",
    native({"reasoning_content": "H"}, {"reasoning_content": "Ha"}, {"content": "I"},
           {"content": " am"}),
    [NATIVE_START, T("H"), T("a"), A("I"), A(" am"), STOP],
    "4.3 cumulative", "trap 5")  # fmt: skip
add("multimodal frames", "dashscope",
    native(frame({"content": [], "reasoning_content": "Hm"}),
           frame({"content": [{"text": "A "}]}),
           frame({"content": [{"text": "c"}, {"text": "at"}, {"image": "x"}]}), finish=None)
    + native_event(frame({"content": []}, "stop")),
    [NATIVE_START, T("Hm"), A("A "), A("cat"), STOP],
    "4.3 multimodal", "1.3", "trap 7")  # fmt: skip
add("native whole reply, not streamed", "dashscope",
    event(frame({"content": "I", "reasoning_content": "Hm"}, "stop", usage=NATIVE_COUNTS)),
    [NATIVE_START, T("Hm"), A("I"), STOP, NATIVE_USAGE], "4.3 not streamed")  # fmt: skip
add("sources of a search", "dashscope",
    native(frame({"content": "Hi"}), {"output": {"choices": [], "search_info": {
        "search_results": [{"index": 1}]}}, "usage": NATIVE_COUNTS}),
    [NATIVE_START, A("Hi"), NATIVE_USAGE, STOP], "4.3 search")  # fmt: skip

# -- §4.4, tool calls: every variant in both dialects -----------------------------------

ONE = [ToolCallStarted(0, "c-1", "f"), D(0, '{"a": '), D(0, "1}")]
TWO = [ToolCallStarted(0, "c-1", "f"), D(0, "{1"), ToolCallStarted(1, "c-2", "g"), D(1, "{2"),
       D(0, "}"), D(1, "}")]  # fmt: skip
GROUPS: dict[str, tuple[list[Any], list[Any], str]] = {}


def calls(name: str, steps: list[Any], events: list[Any], row: str) -> None:
    GROUPS[name] = steps, events, row
    deltas = [call(*(step if isinstance(step, list) else [step])) for step in steps]
    add(f"tools: {name}", "openai", compat(*deltas, finish="tool_calls"),
        [START, *events, CALLS], row, "trap 9")  # fmt: skip
    add(f"native tools: {name}", "dashscope", native(*deltas, finish="tool_calls"),
        [NATIVE_START, *events, CALLS], row, "trap 9")  # fmt: skip


FIRST = fragment(index=0, id="c-1", name="f", arguments='{"a": ')
for shown, more in {"empty": {"id": ""}, "null": {"id": None}, "absent": {}}.items():
    calls(f"continued with an id that is {shown}",
          [FIRST, fragment(index=0, arguments="1}", **more)], ONE, "4.4 id")  # fmt: skip
    calls(f"without index, continued with an id that is {shown}",
          [fragment(id="c-1", name="f", arguments='{"a": '), fragment(arguments="1}", **more)],
          ONE, "4.4 no index")  # fmt: skip
for shown, name in {"empty": "", "null": None, "repeated": "f"}.items():
    calls(f"continued with a name that is {shown}",
          [FIRST, fragment(index=0, id="", name=name, arguments="1}")], ONE,
          "4.4 name")  # fmt: skip
calls("a name in two pieces",
      [fragment(index=0, id="c-1", name="get_"), fragment(index=0, name="weather"),
       fragment(index=0, arguments="{}")],
      [ToolCallStarted(0, "c-1", "get_"), ToolCallStarted(0, "c-1", "get_weather"), D(0, "{}")],
      "4.4 name")  # fmt: skip
calls("another name after arguments",
      [FIRST, fragment(index=0, name="g", arguments="1}")], ONE, "4.4 name")  # fmt: skip
calls("two calls of one list, their arguments as texts",
      [[fragment(name="f", arguments="{}"), fragment(name="f", arguments="[]")]],
      [ToolCallStarted(0, "", "f"), D(0, "{}"), ToolCallStarted(1, "", "f"), D(1, "[]")],
      "4.4 no id")  # fmt: skip
calls("arguments null at first",
      [fragment(index=0, id="c-1", name="f", arguments=None),
       fragment(index=0, arguments="{}")],
      [ToolCallStarted(0, "c-1", "f"), D(0, "{}")], "4.4 null arguments")  # fmt: skip
calls("one index for two calls",
      [fragment(index=0, id="c-1", name="f", arguments="{}"),
       fragment(index=0, id="c-2", name="g", arguments="{"), fragment(index=0, arguments="}")],
      [ToolCallStarted(0, "c-1", "f"), D(0, "{}"), ToolCallStarted(1, "c-2", "g"), D(1, "{"),
       D(1, "}")],
      "4.4 one index")  # fmt: skip
calls("the id repeated in each fragment",
      [FIRST, fragment(index=0, id="c-1", arguments="1}")], ONE, "4.4 full id")  # fmt: skip
calls("the id repeated, an index for each fragment",
      [FIRST, fragment(index=1, id="c-1", arguments="1}")], ONE, "4.4 full id")  # fmt: skip
calls("two calls interleaved by index",
      [fragment(index=0, id="c-1", name="f", arguments="{1"),
       fragment(index=1, id="c-2", name="g", arguments="{2"),
       fragment(index=0, id="", arguments="}"), fragment(index=1, arguments="}")],
      TWO, "4.4 interleaved")  # fmt: skip
calls("two calls interleaved by id",
      [fragment(id="c-1", name="f", arguments="{1"),
       fragment(id="c-2", name="g", arguments="{2"),
       fragment(id="c-1", arguments="}"), fragment(id="c-2", arguments="}")],
      TWO, "4.4 interleaved")  # fmt: skip
calls("arguments as an object",
      [fragment(index=0, id="c-1", name="f", arguments={"城市": "杭州"})],
      [ToolCallStarted(0, "c-1", "f"), D(0, '{"城市": "杭州"}')], "4.4 object")  # fmt: skip
calls("no arguments", [fragment(index=0, id="c-1", name="f", arguments="")],
      [ToolCallStarted(0, "c-1", "f")], "4.4 no arguments")  # fmt: skip
calls("no id at all",
      [fragment(index=0, name="f", arguments="{"), fragment(index=0, arguments="}")],
      [ToolCallStarted(0, "", "f"), D(0, "{"), D(0, "}")], "4.4 no id")  # fmt: skip
calls("two calls without ids",
      [fragment(index=0, name="f", arguments="{"), fragment(index=1, name="f", arguments="[]"),
       fragment(index=0, arguments="}")],
      [ToolCallStarted(0, "", "f"), D(0, "{"), ToolCallStarted(1, "", "f"), D(1, "[]"),
       D(0, "}")],
      "4.4 no id")  # fmt: skip
calls("two calls of one list without anything",
      [[fragment(name="f", arguments={"a": 1}), fragment(name="f", arguments={"a": 2})]],
      [ToolCallStarted(0, "", "f"), D(0, '{"a": 1}'), ToolCallStarted(1, "", "f"),
       D(1, '{"a": 2}')],
      "4.4 no id")  # fmt: skip
calls("an id that comes late",
      [fragment(index=0, name="f"), fragment(index=0, id="c-1", arguments="{}")],
      [ToolCallStarted(0, "", "f"), ToolCallStarted(0, "c-1", "f"), D(0, "{}")],
      "4.4 id")  # fmt: skip
calls("a whole call in one chunk", [fragment(index=0, id="c-1", name="f", arguments="{}")],
      [ToolCallStarted(0, "c-1", "f"), D(0, "{}")], "4.4 whole")  # fmt: skip
add("calls, and the finish says stop", "openai",
    compat(call(fragment(index=0, id="c-1", name="f", arguments="{}"))),
    [START, ToolCallStarted(0, "c-1", "f"), D(0, "{}"), CALLS], "4.4 finish")  # fmt: skip
add("calls cut at the length", "openai",
    compat(call(fragment(index=0, id="c-1", name="f", arguments="{")), finish="length"),
    [START, ToolCallStarted(0, "c-1", "f"), D(0, "{"), Finished("length")],
    "4.4 length")  # fmt: skip
add("native calls, and the finish says stop", "dashscope",
    native(call(fragment(id="c-1", name="f", arguments="{}"))),
    [NATIVE_START, ToolCallStarted(0, "c-1", "f"), D(0, "{}"), CALLS],
    "4.4 finish")  # fmt: skip
LOOK = "I look it up."
add("native calls repeated in each frame", "dashscope",
    native(*({"content": LOOK[:end]} for end in (2, 9, 11, 13)),
           *({"content": LOOK, **{"tool_calls": [fragment(id="c-1", name="f", arguments=text)]}}
             for text in ("{", '{"a": ', '{"a": 1}')),
           finish="tool_calls",
           last={"content": LOOK, "tool_calls": [
               fragment(id="c-1", name="f", arguments='{"a": 1}')]}),
    [NATIVE_START, A("I "), A("look it up."), ToolCallStarted(0, "c-1", "f"), D(0, "{"),
     D(0, '"a": '), D(0, "1}"), CALLS],
    "4.4 cumulative", "trap 5")  # fmt: skip

# -- §4.5, how it ended -----------------------------------------------------------------

for told, reason in {"stop": "stop", "length": "length", "tool_calls": "tool_calls",
                     "content_filter": "blocked", "error": "failed"}.items():  # fmt: skip
    ended = Finished(reason)  # type: ignore[arg-type]
    add(f"finish {told}", "openai", compat({"content": "Hi"}, finish=told),
        [START, A("Hi"), ended], f"4.5 {told}")  # fmt: skip
    add(f"native finish {told}", "dashscope", native({"content": "Hi"}, finish=told),
        [NATIVE_START, A("Hi"), ended], f"4.5 {told}")  # fmt: skip
add("cut at the thinking budget", "dashscope",
    native({"reasoning_content": "Hm"}, frame({"content": "!"}), finish=None)
    + native_event(frame(EMPTY, "stop", usage={
        "input_tokens": 11, "output_tokens": 138, "total_tokens": 149,
        "output_tokens_details": {"reasoning_tokens": 50}})),
    [NATIVE_START, T("Hm"), A("!"), STOP,
     UsageReport(Usage(input=11, output=138, total=149, thinking=50))],
    "4.5 stop", "trap 13")  # fmt: skip

# -- §4.6, errors on status 200 ------------------------------------------------------------

FAULT = {"code": "internal_error", "message": "Oops", "type": "server_error", "param": None}
BEGUN = event(chunk({"content": "Hi"}))
for name, end in {"closed": b"", "done": DONE}.items():
    add(f"an error object, {name}", "openai",
        BEGUN + event({"error": FAULT, "id": "chatcmpl-r-1", "request_id": "r-1"}) + end,
        [START, A("Hi"), Raised(ServerFailed, "internal_error")],
        "4.6 compat", "trap 8")  # fmt: skip
add("an error event", "openai", BEGUN + b"event: error\n" + event(FAULT),
    [START, A("Hi"), Raised(ServerFailed, "internal_error")],
    "4.6 compat", "trap 8")  # fmt: skip
add("an error of another server, by number", "openai",
    BEGUN + event(chunk({"content": ""}, "error", error={"code": 429, "message": "slow down"})),
    [START, A("Hi"), Raised(RateLimited, "429")], "4.6 compat", "trap 8")  # fmt: skip
NATIVE_BEGUN = native({"content": "Hi"}, finish=None)


def told(code: str, message: str) -> dict[str, str]:
    return {"code": code, "message": message, "request_id": "r-1"}


add("a native error event", "dashscope",
    NATIVE_BEGUN + native_event(told("InternalError", "Oops"), 2, "error", 500),
    [NATIVE_START, A("Hi"), Raised(ServerFailed, "InternalError")],
    "4.6 native", "trap 8")  # fmt: skip
add("a native error without a code", "dashscope",
    NATIVE_BEGUN + native_event({"message": "Oops", "request_id": "r-1"}, 2, "error", 500),
    [NATIVE_START, A("Hi"), Raised(ServerFailed)], "4.6 native", "trap 8")  # fmt: skip
add("a native error without its name", "dashscope",
    NATIVE_BEGUN + native_event(told("InvalidParameter", "no"), 2),
    [NATIVE_START, A("Hi"), Raised(BadRequest, "InvalidParameter")],
    "4.6 native", "trap 8")  # fmt: skip
add("native moderation in mid-stream", "dashscope",
    NATIVE_BEGUN + native_event(told(
        "DataInspectionFailed", "Output data may contain inappropriate content."), 2, "error"),
    [NATIVE_START, A("Hi"), Raised(ContentRefused, "DataInspectionFailed")],
    "4.6 native", "5.3 moderation")  # fmt: skip
add("the wrong route, on status 200", "dashscope",
    native_event(told("InvalidParameter", "url error, please check url!"), 1, "error", 400),
    [Raised(BadRequest, "InvalidParameter")],
    "4.6 native", "1.3", "trap 6", "trap 8")  # fmt: skip
add("a wrong key, on status 200", "dashscope", event(told("InvalidApiKey", "no")),
    [Raised(AuthFailed, "InvalidApiKey")], "4.6 200 JSON", "trap 8")  # fmt: skip
add("a throttle, on status 200", "dashscope", event(told("Throttling.RateQuota", "slow")),
    [Raised(RateLimited, "Throttling.RateQuota")], "4.6 200 JSON", "trap 8")  # fmt: skip
add("a code beside an output is no error", "dashscope",
    native(frame({"content": "Hi"}, code="Success")), [NATIVE_START, A("Hi"), STOP],
    "4.6 native")  # fmt: skip
