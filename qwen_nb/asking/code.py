"""The last request as code that runs: curl, the openai SDK, the dashscope SDK.

The key never stands in it; its place is taken by the variable it is usually found in. What
the embedded emulator was asked becomes a program for the region that it stands for: its own
address and key end with the kernel.
"""

from __future__ import annotations

import json
import pprint
import shlex
from collections.abc import Mapping
from typing import Any

from qwen_nb.asking.session import Session
from qwen_nb.settings import stood_for
from qwen_nb.texts import text
from qwen_nb.values import ChatRequest, Server
from qwen_nb.wire.dialects import HttpCall, OpenAIDialect

FORMS = ("curl", "openai", "dashscope")

# What `chat.completions.create` has a name for; everything else is one of its extras.
_SDK_NAMES = frozenset(
    (
        "model", "messages", "stream", "stream_options", "temperature", "top_p", "max_tokens",
        "max_completion_tokens", "n", "seed", "stop", "presence_penalty", "frequency_penalty",
        "response_format", "tools", "tool_choice", "parallel_tool_calls", "logprobs",
        "top_logprobs", "modalities", "audio", "reasoning_effort",
    )
)  # fmt: skip


def last_request(
    session: Session, request: ChatRequest | None, named: str | None, form: str
) -> str | None:
    """Return a request in one of `FORMS`.

    Parameters
    ----------
    session : Session
        Where it was asked.
    request : ChatRequest, optional
        What was asked last.
    named : str, optional
        The server that was named for it.
    form : str
        Which form.

    Returns
    -------
    str or None
        None when nothing was asked yet, or the server does not speak that form's protocol.
    """
    if request is None:
        return None
    server = session.server(named, started=False)
    if not server.scripted:
        return _as(form, session, request, server)
    region = stood_for(session.settings, session.catalogue)
    code = _as(form, session, request, region)
    asks = text("code.asks_region", session.language, server=region.name)
    return None if code is None else f"# {asks}\n{code}"


def _as(form: str, session: Session, request: ChatRequest, server: Server) -> str | None:
    if form == "dashscope":
        native = session.line.native.encode(request, server)
        return as_dashscope(server, native) if server.native_url else None
    call = OpenAIDialect().encode(request, server)
    return as_openai(server, call) if form == "openai" else as_curl(server, call)


def as_curl(server: Server, call: HttpCall) -> str:
    """Return the call as a curl command for a POSIX shell."""
    lines = [f"curl -sS -N -X {call.method} {shlex.quote(server.base_url + call.path)}"]
    if _has_key(server):
        lines.append(f'-H "Authorization: Bearer ${_variable(server)}"')
    lines.append('-H "Content-Type: application/json"')
    lines += [f"-H {shlex.quote(f'{name}: {value}')}" for name, value in call.headers.items()]
    body = json.dumps(call.body, ensure_ascii=False, indent=2)
    lines.append(f"-d {shlex.quote(body)}")
    return " \\\n  ".join(lines)


def as_openai(server: Server, call: HttpCall) -> str:
    """Return a call of the OpenAI-compatible protocol as a program for the openai SDK."""
    body = dict(call.body or {})
    extra = {name: body.pop(name) for name in list(body) if name not in _SDK_NAMES}
    arguments = "".join(f"    {name}={_literal(value, 4)},\n" for name, value in body.items())
    if extra:
        arguments += f"    extra_body={_literal(extra, 4)},\n"
    return f"""\
import os

from openai import OpenAI

client = OpenAI(base_url={server.base_url!r}, api_key={_key(server)})
stream = client.chat.completions.create(
{arguments})
thinking = answer = ""
usage = None
for chunk in stream:
    usage = chunk.usage or usage
    if chunk.choices:
        delta = chunk.choices[0].delta
        thinking += getattr(delta, "reasoning_content", None) or ""
        answer += delta.content or ""
print(thinking, answer, usage, sep="\\n\\n")
"""


def as_dashscope(server: Server, call: HttpCall) -> str:
    """Return a call of the native protocol as a program for the dashscope SDK."""
    body = call.body or {}
    several = "multimodal" in call.path
    kind = "MultiModalConversation" if several else "Generation"
    options: Mapping[str, Any] = body.get("parameters", {})
    arguments = "".join(
        f"    {name}={_literal(value, 4)},\n" for name, value in options.items()
    )
    content = "message.content or []" if several else "[{'text': message.content}]"
    return f"""\
import os

import dashscope

dashscope.base_http_api_url = {server.native_url!r}
stream = dashscope.{kind}.call(
    api_key={_key(server)},
    model={body.get("model")!r},
    messages={_literal(body.get("input", {}).get("messages"), 4)},
    stream=True,
{arguments})
thinking = answer = ""
usage = None
for response in stream:
    if response.status_code != 200:
        raise SystemExit(f"{{response.status_code}} {{response.code}}: {{response.message}}")
    message = response.output.choices[0].message
    usage = response.usage
    thinking += message.get("reasoning_content") or ""
    for part in {content}:
        answer += part.get("text") or ""
print(thinking, answer, usage, sep="\\n\\n")
"""


def _variable(server: Server) -> str:
    origin = server.key_origin
    return origin if origin.isidentifier() and origin.isupper() else "DASHSCOPE_API_KEY"


def _key(server: Server) -> str:
    return f"os.environ[{_variable(server)!r}]" if _has_key(server) else "'none'"


def _has_key(server: Server) -> bool:
    return server.key is not None or server.model_studio  # which takes nobody without one


def _literal(value: Any, indent: int) -> str:
    lines = pprint.pformat(value, width=92 - indent, sort_dicts=False).splitlines()
    return ("\n" + " " * indent).join(lines)
