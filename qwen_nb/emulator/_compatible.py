"""The OpenAI-compatible dialect, from the server's side: answers into bytes.

Framing as in protocol.md §4.2, error bodies as in §5.1. Ids and times come from the
request alone, so that the same request gets the same bytes.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from hashlib import sha256
from typing import Any

from qwen_nb.emulator._answers import Answer
from qwen_nb.emulator._rules import Question, Refused

__all__ = ["completion", "encoded", "error", "identity", "listing", "stream"]

_EPOCH = 1_735_689_600  # `created` lies in the year 2025, wherever the hash puts it
_YEAR = 31_536_000


def identity(raw: bytes) -> str:
    """Return the request id for a body: a pure function of what it means as JSON."""
    with suppress(ValueError):
        raw = json.dumps(json.loads(raw), sort_keys=True).encode()
    digits = sha256(raw).hexdigest()
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:32]))


def encoded(value: Mapping[str, Any]) -> bytes:
    """Return a JSON text as the service writes it: UTF-8, nothing escaped."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    # half a surrogate pair, mirrored from a prompt, is no UTF-8
    return text.encode("utf-8", "replace")


def stream(question: Question, answer: Answer, request_id: str) -> Iterator[bytes]:
    """Yield the events of a streamed answer, one token each."""
    tail = {
        "object": "chat.completion.chunk",
        "usage": None,
        "created": _created(request_id),
        "system_fingerprint": None,
        "model": question.model.id,
        "id": f"chatcmpl-{request_id}",
    }
    for delta in _deltas(question, answer):
        yield _event({"choices": [_choice(delta, None)], **tail})
    last = {"content": "", "reasoning_content": None}
    yield _event({"choices": [_choice(last, answer.finish_reason)], **tail})
    if question.include_usage:
        yield _event({"choices": [], **tail, "usage": _usage(answer)})
    yield b"data: [DONE]\n\n"


def _event(chunk: Mapping[str, Any]) -> bytes:
    return b"data: " + encoded(chunk) + b"\n\n"


def _choice(delta: Mapping[str, Any], finish_reason: str | None) -> dict[str, Any]:
    return {"delta": delta, "finish_reason": finish_reason, "index": 0, "logprobs": None}


def _deltas(question: Question, answer: Answer) -> Iterator[dict[str, Any]]:
    if question.thinking:
        yield {"content": None, "role": "assistant", "reasoning_content": ""}
        for piece in answer.thinking:
            yield {"content": None, "reasoning_content": piece}
        for piece in answer.answer:
            yield {"content": piece, "reasoning_content": None}
        return
    # without thinking the key is absent from the first two chunks and null afterwards
    yield {"content": "", "role": "assistant"}
    for at, piece in enumerate(answer.answer):
        yield {"content": piece, "reasoning_content": None} if at else {"content": piece}


def completion(question: Question, answer: Answer, request_id: str) -> dict[str, Any]:
    """Return the body of an answer in one piece."""
    message = {"role": "assistant", "content": "".join(answer.answer)}
    if question.thinking:
        message["reasoning_content"] = "".join(answer.thinking)
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
        "usage": _usage(answer),
        "created": _created(request_id),
        "system_fingerprint": None,
        "model": question.model.id,
        "id": f"chatcmpl-{request_id}",
    }


def _usage(answer: Answer) -> dict[str, Any]:
    counts = answer.counts
    return {
        "prompt_tokens": counts.prompt,
        "completion_tokens": counts.completion,
        "total_tokens": counts.prompt + counts.completion,
        "completion_tokens_details": {"reasoning_tokens": counts.thinking},
        "prompt_tokens_details": {"cached_tokens": counts.cached},
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
