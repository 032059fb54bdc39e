"""The OpenAI-compatible dialect, from the server's side: answers into bytes.

Framing as in docs/protocol.md §4.2, tool calls as in §4.4, error bodies as in §5.1. Ids and
times come from the request alone, so that the same request gets the same bytes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from qwen_nb.emulator.answers import Answer, Counts, Fragment, Piece
from qwen_nb.emulator.question import Call, Question, Refused
from qwen_nb.emulator.wire import Frame, encoded

_EPOCH = 1_735_689_600  # `created` lies in the year 2025, wherever the hash puts it
_YEAR = 31_536_000


def frames(question: Question, answer: Answer, request_id: str) -> Iterator[Frame]:
    """Yield the events of a streamed answer, one token each."""
    tail = {
        "object": "chat.completion.chunk",
        "usage": None,
        "created": _created(request_id),
        "system_fingerprint": None,
        "model": question.model.id,
        "id": f"chatcmpl-{request_id}",
    }
    start = _usage(Counts(answer.counts.prompt, answer.counts.cached, 0, 0))
    opening = {"content": None, "role": "assistant", "reasoning_content": ""}
    if not question.thinking:
        opening = {"content": "", "role": "assistant"}
    yield Frame("open", {"choices": [_choice(opening)], **tail}, start)
    for at, piece in enumerate(answer.pieces()):
        # without thinking the key is absent from the first two chunks and null afterwards
        delta = _delta(piece, is_bare=at == 0 and not question.thinking)
        yield Frame(piece.phase, {"choices": [_choice(delta)], **tail}, _usage(piece.counts))
    usage = _usage(answer.counts)
    last = {"content": "", "reasoning_content": None}
    yield Frame("finish", {"choices": [_choice(last, answer.finish_reason)], **tail}, usage)
    if question.include_usage:
        yield Frame("usage", {"choices": [], **tail, "usage": usage}, usage)
    yield Frame("done", {}, usage)


def framed(frame: Frame, number: int) -> bytes:
    """Return an event as bytes."""
    return b"data: " + (encoded(frame.payload) if frame.payload else b"[DONE]") + b"\n\n"


def _choice(delta: dict[str, Any], finish_reason: str | None = None) -> dict[str, Any]:
    return {"delta": delta, "finish_reason": finish_reason, "index": 0, "logprobs": None}


def _delta(piece: Piece, *, is_bare: bool) -> dict[str, Any]:
    if piece.fragment is not None:
        return {"content": None, "tool_calls": [_fragment(piece.fragment)]}
    if piece.phase == "thinking":
        return {"content": None, "reasoning_content": piece.text}
    return {"content": piece.text, **({} if is_bare else {"reasoning_content": None})}


def _fragment(fragment: Fragment) -> dict[str, Any]:
    if fragment.is_first:
        return _call(fragment.index, fragment.call)
    return {
        "index": fragment.index,
        "id": "",
        "type": "function",
        "function": {"arguments": fragment.call.arguments},
    }


def _call(index: int, call: Call) -> dict[str, Any]:
    return {
        "index": index,
        "id": call.id,
        "type": "function",
        "function": {"name": call.name, "arguments": call.arguments},
    }


def completion(question: Question, answer: Answer, request_id: str) -> dict[str, Any]:
    """Return the body of an answer in one piece."""
    message: dict[str, Any] = {"role": "assistant", "content": "".join(answer.answer)}
    if question.thinking:
        message["reasoning_content"] = "".join(answer.thinking)
    if answer.calls:
        message["tool_calls"] = [_call(at, call) for at, call in enumerate(answer.calls)]
    return {
        "choices": [
            {
                "message": message,
                "finish_reason": answer.finish_reason,
                "index": 0,
                "logprobs": None,
            }
        ],
        "object": "chat.completion",
        "usage": _usage(answer.counts),
        "created": _created(request_id),
        "system_fingerprint": None,
        "model": question.model.id,
        "id": f"chatcmpl-{request_id}",
    }


def _usage(counts: Counts) -> dict[str, Any]:
    details = {"cached_tokens": counts.cached}
    if counts.attached:
        details["image_tokens"] = counts.attached
        details["text_tokens"] = counts.prompt - counts.attached
    return {
        "prompt_tokens": counts.prompt,
        "completion_tokens": counts.completion,
        "total_tokens": counts.prompt + counts.completion,
        "completion_tokens_details": {"reasoning_tokens": counts.thinking},
        "prompt_tokens_details": details,
    }


def _created(request_id: str) -> int:
    return _EPOCH + int(request_id[:8], 16) % _YEAR


def listing(ids: Iterable[str]) -> dict[str, Any]:
    """Return the body of the model list."""
    return {
        "object": "list",
        "data": [
            {"id": id_, "object": "model", "created": _EPOCH, "owned_by": "emulator"}
            for id_ in ids
        ],
    }


def error(refused: Refused, request_id: str) -> dict[str, Any]:
    """Return the body of an error; it says that the emulator speaks, after the wording."""
    return {
        "error": {
            "message": f"{refused} (qwen_nb emulator)",
            "type": "invalid_request_error",
            "param": None,
            "code": refused.code,
        },
        "request_id": request_id,
    }


def error_event(refused: Refused, request_id: str, *, named: bool = False) -> bytes:
    """Return an error as an event (docs/protocol.md §4.6); some servers name the event too."""
    name = b"event: error\n" if named else b""
    return name + b"data: " + encoded(error(refused, request_id)) + b"\n\n"
