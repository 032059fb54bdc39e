"""Plain values: what is asked, what comes, what it took.

The public home of what a program names in its own code: `Display` with `Opening` and `Frame`
(for a display of one's own), `ChatOptions`, `Usage`, and the events of `Chat.stream`:
`Started`, `ThinkingDelta`, `AnswerDelta`, `ToolCallStarted`, `ToolArgumentsDelta`,
`ToolResult`, `UsageReport`, `Finished`, `Retrying`.

Standard library only at the top of each file; Markdown and pandas inside functions.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from qwen_nb.values.api_messages import messages_from, tool_call_list
    from qwen_nb.values.code_blocks import CodeBlock, markdown_parser, spans_of_prompt
    from qwen_nb.values.display import Display, Frame, Opening, State
    from qwen_nb.values.entry import Change, Entry, EntryState, Slot, new_id
    from qwen_nb.values.events import (
        AnswerDelta,
        Event,
        Finished,
        FinishReason,
        Retrying,
        Started,
        ThinkingDelta,
        ToolArgumentsDelta,
        ToolCallStarted,
        ToolResult,
        UsageReport,
    )
    from qwen_nb.values.formulas import HARMFUL_TEX, is_plain_mathematics
    from qwen_nb.values.lines import columns, excerpt, one_line
    from qwen_nb.values.messages import CallRecord, Content, Message, ToolCall, estimate_tokens
    from qwen_nb.values.notes import Note
    from qwen_nb.values.options import ChatOptions, ChatRequest
    from qwen_nb.values.policy import Policy
    from qwen_nb.values.question import AskFields, OptionFields, Preview, Question, options_of
    from qwen_nb.values.reply import Reply, ReplyBuilder, Timing
    from qwen_nb.values.secrets import HAS_PASSWORD, is_secret, names_a_secret, secret_spans
    from qwen_nb.values.server import Server
    from qwen_nb.values.tables import frame_of, rows_of
    from qwen_nb.values.turn import Turn
    from qwen_nb.values.turn_json import (
        TURN_TEXTS,
        carried,
        data_of_turn,
        turn_from,
        turn_of_data,
    )
    from qwen_nb.values.typed_json import Malformed, data_of, json_of, reader
    from qwen_nb.values.usage import (
        EXACT,
        Bound,
        By,
        Call,
        CallKind,
        Cost,
        CostPart,
        LedgerRow,
        Usage,
        Which,
        cost_of_all,
        usage_of_all,
    )

_NAMES = {
    "api_messages": "messages_from tool_call_list",
    "code_blocks": "CodeBlock markdown_parser spans_of_prompt",
    "display": "Display Frame Opening State",
    "entry": "Change Entry EntryState Slot new_id",
    "events": (
        "AnswerDelta Event FinishReason Finished Retrying Started ThinkingDelta "
        "ToolArgumentsDelta ToolCallStarted ToolResult UsageReport"
    ),
    "formulas": "HARMFUL_TEX is_plain_mathematics",
    "lines": "columns excerpt one_line",
    "messages": "CallRecord Content Message ToolCall estimate_tokens",
    "notes": "Note",
    "options": "ChatOptions ChatRequest",
    "policy": "Policy",
    "question": "AskFields OptionFields Preview Question options_of",
    "reply": "Reply ReplyBuilder Timing",
    "secrets": "HAS_PASSWORD is_secret names_a_secret secret_spans",
    "server": "Server",
    "tables": "frame_of rows_of",
    "turn": "Turn",
    "turn_json": "TURN_TEXTS carried data_of_turn turn_from turn_of_data",
    "typed_json": "Malformed data_of json_of reader",
    "usage": (
        "Bound By Call CallKind Cost CostPart EXACT LedgerRow Usage Which cost_of_all "
        "usage_of_all"
    ),
}
"""What other rooms may use, by the file where it lives."""

_HOMES = {name: file for file, names in _NAMES.items() for name in names.split()}

__all__ = [*_HOMES]


if not TYPE_CHECKING:  # or no name would be unknown to a type checker

    def __getattr__(name: str) -> Any:
        """Fetch a name when it is first used: a load imports what it needs and no more."""
        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
