"""The DashScope native dialect, from the server's side: answers into bytes.

Framing as in docs/protocol.md §4.3, tool calls as in §4.4, error bodies as in §5.1: no space
after the colon, the string "null" while unfinished, usage so far in every event.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from qwen_nb.emulator.answers import Answer, Counts, Piece
from qwen_nb.emulator.question import Call, Question, Refused
from qwen_nb.emulator.wire import Frame, encoded

# the codes that are not spelled alike in the two dialects (docs/protocol.md §5.2)
_CODES = {
    "invalid_parameter_error": "InvalidParameter",
    "invalid_api_key": "InvalidApiKey",
    "model_not_found": "ModelNotFound",
    "internal_error": "InternalError",
    "not_found": "NotFound",
}


def frames(question: Question, answer: Answer, request_id: str) -> Iterator[Frame]:
    """Yield the events of a streamed answer, one token each."""
    thinking, text = "", ""
    calls: dict[int, dict[str, Any]] = {}
    left = sum(1 for _ in answer.pieces())
    for piece in answer.pieces():
        left -= 1
        thinking += piece.text if piece.phase == "thinking" else ""
        text += piece.text if piece.phase == "answer" else ""
        fresh = _fragments(piece)
        _merge(calls, fresh)
        finish = "tool_calls" if answer.calls and not left else "null"
        if question.incremental:
            is_thinking = piece.phase == "thinking"
            said = (piece.text, "") if is_thinking else ("", piece.text)
            output = _output(question, *said, fresh, finish)
        else:
            output = _output(question, thinking, text, [*calls.values()], finish)
        phase = piece.phase if finish == "null" else "finish"
        yield _frame(phase, output, piece.counts, request_id)
    if answer.calls:
        return
    said = ("", "") if question.incremental else (thinking, text)
    output = _output(question, *said, [], answer.finish_reason)
    yield _frame("finish", output, answer.counts, request_id)


def framed(frame: Frame, number: int) -> bytes:
    """Return an event as bytes."""
    head = f"id:{number}\nevent:result\n:HTTP_STATUS/200\ndata:"
    return head.encode() + encoded(frame.payload) + b"\n\n"


def _frame(phase: str, output: dict[str, Any], counts: Counts, request_id: str) -> Frame:
    usage = _usage(counts)
    return Frame(phase, {"output": output, "usage": usage, "request_id": request_id}, usage)


def _output(
    question: Question, thinking: str, text: str, calls: list[dict[str, Any]], finish: str
) -> dict[str, Any]:
    if not question.message_format:
        return {"text": text, "finish_reason": finish}
    content: Any = text
    if question.manner == "multimodal":
        content = [{"text": text}] if text else []
    message = {"content": content, "reasoning_content": thinking, "role": "assistant"}
    if not (question.thinking or question.silenced):
        del message["reasoning_content"]
    if calls:
        message["tool_calls"] = calls
    return {"choices": [{"message": message, "finish_reason": finish}]}


def _fragments(piece: Piece) -> list[dict[str, Any]]:
    if piece.fragment is None:
        return []
    index, call = piece.fragment.index, piece.fragment.call
    if piece.fragment.is_first:
        return [_call(index, call)]
    function = {"arguments": call.arguments}
    return [{"index": index, "type": "function", "id": "", "function": function}]


def _merge(calls: dict[int, dict[str, Any]], fresh: list[dict[str, Any]]) -> None:
    """Add a fragment to the calls so far, for streams that repeat everything."""
    for fragment in fresh:
        known = calls.setdefault(fragment["index"], fragment)
        if known is not fragment:
            arguments = known["function"]["arguments"] + fragment["function"]["arguments"]
            function = {**known["function"], "arguments": arguments}
            calls[fragment["index"]] = {**known, "function": function}


def _call(index: int, call: Call) -> dict[str, Any]:
    function = {"name": call.name, "arguments": call.arguments}
    return {"index": index, "type": "function", "id": call.id, "function": function}


def completion(question: Question, answer: Answer, request_id: str) -> dict[str, Any]:
    """Return the body of an answer in one piece: like one event, finished."""
    calls = [_call(at, call) for at, call in enumerate(answer.calls)]
    thinking, text = "".join(answer.thinking), "".join(answer.answer)
    output = _output(question, thinking, text, calls, answer.finish_reason)
    return {"output": output, "usage": _usage(answer.counts), "request_id": request_id}


def _usage(counts: Counts) -> dict[str, Any]:
    usage: dict[str, Any] = {
        "total_tokens": counts.prompt + counts.completion,
        "input_tokens": counts.prompt,
        "output_tokens": counts.completion,
        "output_tokens_details": {"reasoning_tokens": counts.thinking},
        "prompt_tokens_details": {"cached_tokens": counts.cached},
    }
    if counts.attached:
        text = counts.prompt - counts.attached
        details = {"image_tokens": counts.attached, "text_tokens": text}
        usage["input_tokens_details"] = details
    return usage


def error(refused: Refused, request_id: str) -> dict[str, Any]:
    """Return the body of an error; it says that the emulator speaks, after the wording."""
    return {
        "code": refused.native_code or _CODES.get(refused.code, refused.code),
        "message": f"{refused.native} (qwen_nb emulator)",
        "request_id": request_id,
    }


def error_event(refused: Refused, request_id: str, *, named: bool = True) -> bytes:
    """Return an error as an event (docs/protocol.md §4.6); it always has its name here."""
    head = f"id:1\nevent:error\n:HTTP_STATUS/{refused.native_status}\ndata:"
    return head.encode() + encoded(error(refused, request_id)) + b"\n\n"
