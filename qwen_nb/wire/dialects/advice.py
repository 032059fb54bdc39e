"""Which known message of the service gets which advice (docs/protocol.md §5.2, §5.3).

Matched loosely, as parts of the words or of the code in any case, since spelling and
figures vary by release; the first row that matches wins, so the narrow ones come first.
The advice is a text id; its words are in `texts/wire.py`.
"""

from __future__ import annotations

WORDS: tuple[tuple[str, str], ...] = (
    # thinking and streaming
    ("must be set to false for non-streaming", "stream"),
    ("enable_thinking only support stream", "stream"),
    ("enable thinking can not be support when stream=false", "stream"),
    ("only support stream mode", "stream"),
    ("does not support http call", "stream"),
    ("'audio' output only support with stream", "stream"),
    ("thinking_budget parameter must be", "budget"),
    ("enable_thinking parameter is restricted to true", "always_thinks"),
    ("incremental_output parameter", "incremental"),
    ('result_format parameter must be "message"', "result_format"),
    ("json mode response is not supported when enable_thinking", "json_thinking"),
    ("must contain the word 'json'", "json_word"),
    ("tool_choice is one of the strings", "tool_choice"),
    # limits and ranges
    ("range of input length should be", "too_long"),
    ("range of max_tokens should be", "max_tokens"),
    ("temperature should be in", "range"),
    ("range of top_p should be", "range"),
    ("repetition_penalty should be", "range"),
    ("presence_penalty should be", "range"),
    ("range of n should be", "range"),
    ("range of seed should be", "range"),
    ("batch size is invalid", "batch_size"),
    # tools and history
    ("tool names are not allowed to be", "tool_name"),
    ('messages with role "tool" must be a response', "tool_round"),
    ("repetitive tool calls detected", "tool_loop"),
    ("the tool call is not supported", "no_tools"),
    ("does not support enable_search", "no_search"),
    ("list index out of range", "last_message"),
    ("expecting ',' delimiter", "bad_arguments"),
    # what is sent
    ("input content must be a string", "text_only"),
    ("unexpected item type in content", "bad_part"),
    ("content field is a required field", "no_content"),
    ("is too short - 'messages'", "no_messages"),
    ('either "prompt" or "messages" must exist', "no_messages"),
    ("current language settings are not supported", "languages"),
    ("file parsing in progress", "file_parsing"),
    ("url error", "route"),
    ("model not exist", "no_model"),
    # moderation
    ("inappropriate content", "moderation"),
    ("datainspectionfailed", "moderation"),
    # quotas: the wording tells them apart, the code does not
    ("free allocated quota exceeded", "free_tier"),
)
"""Parts of a message, lower case, with the name of its advice."""

CODES: tuple[tuple[str, str], ...] = (
    ("data_inspection", "moderation"),
    ("datainspection", "moderation"),
    ("arrearage", "arrears"),
    ("billoverdue", "arrears"),
    ("commoditynotpurchased", "not_purchased"),
    ("invalidurl", "wrong_path"),
    ("apiconnectionerror", "wrong_path"),
    ("badrequest.toolarge", "too_large"),
    ("invalidfile", "file"),
    ("badrequest", "file"),
    ("freetieronly", "free_tier"),
    ("workspacenotfound", "no_workspace"),
    ("workspace.accessdenied", "model_access"),
    ("model.accessdenied", "model_access"),
    ("app.accessdenied", "model_access"),
    ("model_access_denied", "model_access"),
    ("modelnotfound", "no_model"),
    ("model_not_found", "no_model"),
    ("model_not_supported", "not_compatible"),
    ("burst", "burst"),
    ("ratequota", "requests"),
    ("limit_requests", "requests"),
    ("allocationquota", "tokens_a_minute"),
    ("insufficient_quota", "tokens_a_minute"),
    ("requesttimeout", "timed_out"),
    ("request_timeout", "timed_out"),
    ("internalerror.timeout", "overloaded"),
    ("modelservingerror", "overloaded"),
    ("modelunavailable", "overloaded"),
)
"""Parts of a code, lower case, with the name of its advice."""

STUDIO_WORDS: tuple[tuple[str, str], ...] = (
    ("invalid access token or token expired", "plan_key"),
    ("invalid api-key provided", "key"),
    ("incorrect api key provided", "key"),
    ("not authorized", "workspace_key"),
    ("good standing", "arrears"),
)
STUDIO_CODES: tuple[tuple[str, str], ...] = (
    ("invalidapikey", "key"),
    ("invalid_api_key", "key"),
    ("not authorized", "workspace_key"),
    ("accessdenied.unpurchased", "not_activated"),
    ("accessdenied", "not_activated"),
    ("access_denied", "not_activated"),
    ("throttling", "requests"),
    ("conflict", "overloaded"),
    ("notfound", "wrong_path"),
    ("invalidparameter", "parameter"),
    ("invalid_parameter_error", "parameter"),
    ("internalerror", "internal"),
    ("internal_error", "internal"),
    ("systemerror", "internal"),
    ("modelservicefailed", "internal"),
)
"""Rows that mean this only at Model Studio: every server has keys and accounts."""


def advice_for(code: str, words: str, *, is_model_studio: bool) -> str | None:
    """Return the id of the advice for a server's message, if it is a known one."""
    rows: list[tuple[str, tuple[tuple[str, str], ...]]] = [
        (words.lower(), WORDS),
        (code.lower(), CODES),
    ]
    if is_model_studio:
        rows += [(words.lower(), STUDIO_WORDS), (code.lower(), STUDIO_CODES)]
    for said, table in rows:
        for part, name in table:
            if part in said:
                return f"advice.{name}"
    return None
