"""What the service refuses with, and the advice for it (docs/protocol.md §5)."""

import json
from typing import Any

import pytest

from qwen_nb import ApiError, AuthFailed, BadRequest, ContentRefused, RateLimited, ServerFailed
from qwen_nb.texts import TEXTS
from qwen_nb.values import Server
from qwen_nb.wire.dialects.advice import CODES, STUDIO_CODES, STUDIO_WORDS, WORDS
from qwen_nb.wire.dialects.refusals import may_retry, refusal_in

STUDIO = Server(name="Model Studio", key="sk-1", model_studio=True)
OTHER = Server(name="the server", key="sk-1")


def refused(
    status: int, code: str, words: str, *, dialect: str = "dashscope", server: Server = STUDIO
) -> ApiError:
    told = {"code": code, "message": words}
    body = told | {"request_id": "r-1"} if dialect == "dashscope" else {"error": told}
    return refusal_in(json.dumps(body).encode(), status, server)


# §5.2: status, code of either dialect, words → class, advice, whether to try again
STATUS_ROWS: list[tuple[int, str, str, type[ApiError], str | None, bool]] = [
    (400, "InvalidParameter", "x", BadRequest, "parameter", False),
    (400, "invalid_parameter_error", "x", BadRequest, "parameter", False),
    (400, "InternalError.Algo.InvalidParameter", "x", BadRequest, "parameter", False),
    (400, "DataInspectionFailed", "x", ContentRefused, "moderation", False),
    (400, "data_inspection_failed", "x", ContentRefused, "moderation", False),
    (400, "Arrearage", "good standing", BadRequest, "arrears", False),
    (400, "APIConnectionError", "x", BadRequest, "wrong_path", False),
    (400, "InvalidURL", "x", BadRequest, "wrong_path", False),
    (400, "InvalidFile.Size", "x", BadRequest, "file", False),
    (400, "BadRequest.EmptyInput", "x", BadRequest, "file", False),
    (401, "InvalidApiKey", "Invalid API-key provided.", AuthFailed, "key", False),
    (401, "invalid_api_key", "Incorrect API key provided.", AuthFailed, "key", False),
    (401, "NOT AUTHORIZED", "x", AuthFailed, "workspace_key", False),
    (401, "", "invalid access token or token expired", AuthFailed, "plan_key", False),
    (403, "AccessDenied", "x", AuthFailed, "not_activated", False),
    (403, "AccessDenied.Unpurchased", "x", AuthFailed, "not_activated", False),
    (403, "access_denied", "x", AuthFailed, "not_activated", False),
    (403, "Model.AccessDenied", "x", AuthFailed, "model_access", False),
    (403, "Workspace.AccessDenied", "x", AuthFailed, "model_access", False),
    (403, "App.AccessDenied", "x", AuthFailed, "model_access", False),
    (403, "model_access_denied", "x", AuthFailed, "model_access", False),
    (403, "AllocationQuota.FreeTierOnly", "x", AuthFailed, "free_tier", False),
    (404, "ModelNotFound", "The model xxx does not exist", BadRequest, "no_model", False),
    (404, "model_not_found", "x", BadRequest, "no_model", False),
    (404, "model_not_supported", "x", BadRequest, "not_compatible", False),
    (404, "WorkSpaceNotFound", "x", BadRequest, "no_workspace", False),
    (404, "NotFound", "x", BadRequest, "wrong_path", False),
    (413, "BadRequest.TooLarge", "x", BadRequest, "too_large", False),
    (408, "RequestTimeOut", "x", BadRequest, "timed_out", True),
    (500, "request_timeout", "x", ServerFailed, "timed_out", True),
    (409, "Conflict", "x", BadRequest, "overloaded", True),
    (429, "Throttling", "x", RateLimited, "requests", True),
    (429, "Throttling.RateQuota", "x", RateLimited, "requests", True),
    (429, "limit_requests", "x", RateLimited, "requests", True),
    (429, "Throttling.BurstRate", "x", RateLimited, "burst", True),
    (429, "limit_burst_rate", "x", RateLimited, "burst", True),
    (429, "Throttling.AllocationQuota", "Allocated quota exceeded", RateLimited,
     "tokens_a_minute", True),
    (429, "insufficient_quota", "You exceeded your current quota", RateLimited,
     "tokens_a_minute", True),
    (429, "Throttling.AllocationQuota", "Free allocated quota exceeded.", RateLimited,
     "free_tier", False),
    (429, "insufficient_quota", "month quota exceeded", RateLimited, "tokens_a_minute", False),
    (429, "CommodityNotPurchased", "x", RateLimited, "not_purchased", False),
    (429, "PrepaidBillOverdue", "x", RateLimited, "arrears", False),
    (429, "PostpaidBillOverdue", "x", RateLimited, "arrears", False),
    (500, "InternalError", "x", ServerFailed, "internal", True),
    (500, "InternalError.Algo", "list index out of range", ServerFailed, "last_message", True),
    (500, "InternalError.Algo", "Expecting ',' delimiter", ServerFailed, "bad_arguments", True),
    (500, "SystemError", "x", ServerFailed, "internal", True),
    (500, "ModelServiceFailed", "x", ServerFailed, "internal", True),
    (500, "internal_error", "x", ServerFailed, "internal", True),
    (500, "InternalError.Timeout", "x", ServerFailed, "overloaded", True),
    (500, "ModelServingError", "x", ServerFailed, "overloaded", True),
    (503, "ModelUnavailable", "x", ServerFailed, "overloaded", True),
    (500, "", "x", ServerFailed, None, True),
    (400, "", "x", BadRequest, None, False),
]  # fmt: skip


@pytest.mark.parametrize("row", STATUS_ROWS, ids=lambda row: f"{row[0]} {row[1]} {row[2]}")
@pytest.mark.parametrize("dialect", ["openai", "dashscope"])
def test_a_row_of_the_status_table(dialect: str, row: tuple[Any, ...]) -> None:
    status, code, words, kind, advice, again = row
    error = refused(status, code, words, dialect=dialect)
    assert type(error) is kind
    assert error.facts.get("advice") == (advice and f"advice.{advice}")
    assert may_retry(error) is again


# §5.3: a part of the message → advice
MESSAGE_ROWS = {
    "parameter.enable_thinking must be set to false for non-streaming calls": "stream",
    "parameter.enable_thinking only support stream call": "stream",
    "enable thinking can not be support when stream=False": "stream",
    "This model only support stream mode, please enable the stream parameter": "stream",
    "current user api does not support http call": "stream",
    "'audio' output only support with stream=true": "stream",
    "The thinking_budget parameter must be a positive integer and not greater than 9": "budget",
    "The value of the enable_thinking parameter is restricted to True.": "always_thinks",
    'The incremental_output parameter must be "true" when': "incremental",
    "The incremental_output parameter of this model cannot be set to False.": "incremental",
    'The result_format parameter must be "message" when': "result_format",
    "Range of input length should be [1, 98304]": "too_long",
    "Range of max_tokens should be [1, 8192]": "max_tokens",
    "Temperature should be in [0.0, 2.0)": "range",
    "Range of top_p should be (0.0, 1.0]": "range",
    "Repetition_penalty should be greater than 0.0": "range",
    "Presence_penalty should be in [-2.0, 2.0]": "range",
    "Range of n should be [1, 4]": "range",
    "Range of seed should be [0, 9223372036854775807]": "range",
    "Json mode response is not supported when enable_thinking is true": "json_thinking",
    "'messages' must contain the word 'json' in some form": "json_word",
    'tool_choice is one of the strings that should be ["none", "auto"]': "tool_choice",
    "Tool names are not allowed to be [search]": "tool_name",
    'Messages with role "tool" must be a response to a preceding message': "tool_round",
    "input content must be a string.": "text_only",
    "The content field is a required field.": "no_content",
    "[] is too short - 'messages'": "no_messages",
    'Either "prompt" or "messages" must exist and cannot both be none': "no_messages",
    "Model not exist.": "no_model",
    "url error, please check url!": "route",
    "This model does not support enable_search.": "no_search",
    "The tool call is not supported.": "no_tools",
    "Current language settings are not supported!": "languages",
    "Repetitive tool calls detected": "tool_loop",
    "Unexpected item type in content": "bad_part",
    "Value error, batch size is invalid, it should not be larger than 10.": "batch_size",
    "File parsing in progress, try again later.": "file_parsing",
    "Input text data may contain inappropriate content.": "moderation",
    "Output data may contain inappropriate content.": "moderation",
    "<400> InternalError.Algo.DataInspectionFailed: x": "moderation",
}


@pytest.mark.parametrize(("words", "advice"), MESSAGE_ROWS.items())
@pytest.mark.parametrize("server", [STUDIO, OTHER], ids=["Model Studio", "other"])
def test_a_known_message_has_its_advice(server: Server, words: str, advice: str) -> None:
    for spelled in (words, words.upper(), f"<400> Algo: {words}"):
        error = refused(400, "InvalidParameter", spelled, server=server)
        assert error.facts["advice"] == f"advice.{advice}"
        assert TEXTS[f"advice.{advice}"][0] in error.message("en")
        assert TEXTS[f"advice.{advice}"][1] in error.message("zh")
        assert "\n" not in str(error)


def test_a_file_that_is_still_read_is_asked_for_again() -> None:
    assert may_retry(refused(400, "x", "File parsing in progress, try again later."))


def test_every_advice_is_given_and_every_row_has_one() -> None:
    named = {name for table in (WORDS, CODES, STUDIO_WORDS, STUDIO_CODES) for _, name in table}
    assert {f"advice.{name}" for name in named} == {
        key for key in TEXTS if key.startswith("advice.")
    }
    tested = {*MESSAGE_ROWS.values(), *(row[4] for row in STATUS_ROWS)}
    assert named <= tested


def test_help_addresses_are_in_the_language_of_the_text() -> None:
    for key, (english, chinese) in TEXTS.items():
        if key.startswith("advice."):
            assert ("/help/en/" in english) == ("/help/zh/" in chinese)
            assert "/help/zh/" not in english
            assert "/help/en/" not in chinese


def test_another_servers_key_is_not_advised_about_regions() -> None:
    error = refused(401, "invalid_api_key", "Incorrect API key provided", server=OTHER)
    assert "advice" not in error.facts
    assert "QWEN_NB_API_KEY" in str(error)


EVENT = b"id:1\nevent:error\n:HTTP_STATUS/400\n"
EVENT += b'data:{"code":"InvalidParameter","message":"m x","request_id":"r-1"}\n\n'
BODIES: dict[str, tuple[bytes, str, str, str]] = {
    "JSON": (b'{"code":"c","message":"m","request_id":"r-1"}', "c", "m", "r-1"),
    "an event stream": (EVENT, "InvalidParameter", "m x", "r-1"),
    "an event stream with CRLF": (
        EVENT.replace(b"\n", b"\r\n"),
        "InvalidParameter",
        "m x",
        "r-1",
    ),
    "an event stream that breaks off": (EVENT.rstrip(), "InvalidParameter", "m x", "r-1"),
    "JSON that holds the word data": (
        b'{"code":"c","message":"data: {}"}',
        "c",
        "data: {}",
        "",
    ),
    "an event that is no JSON": (b"data: oops\n\n", "", "oops", ""),
    "a page": (b"<html>", "", "", ""),
    "nothing": (b"", "", "", ""),
}


@pytest.mark.parametrize(("body", "code", "words", "request_id"), BODIES.values(), ids=BODIES)
def test_a_body_of_any_kind_is_understood(
    body: bytes, code: str, words: str, request_id: str
) -> None:
    error = refusal_in(body, 400, OTHER)
    assert (error.code, error.request_id) == (code, request_id)
    assert words in str(error)
    assert "\n" not in str(error)
