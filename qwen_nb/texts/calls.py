"""Calls of tools as they are shown, and the code of an answer on its way to a cell."""

from __future__ import annotations

TEXTS: dict[str, tuple[str, str]] = {
    # -- calls that were run -----------------------------------------------------------------
    "state.calling": ("Calling", "正在调用"),
    "calls.calling": ("Calling {names}", "正在调用 {names}"),
    "calls.called": ("Called {names}", "调用了 {names}"),
    "calls.times": ("{name} {n} times", "{name} {n} 次"),
    "calls.times_among": ("{name} ({n} times)", "{name}({n} 次)"),
    "calls.and": (", ", "、"),
    "calls.more": ("{names} and {n} more", "{names} 等,另有 {n} 个"),
    "calls.failed": ("{n} failed", "{n} 次失败"),
    "calls.stopped": ("{n} stopped", "{n} 次停止"),
    "calls.error": ("error: {words}", "错误:{words}"),
    "calls.nothing": ("no result", "无返回内容"),
    "calls.arguments": ("Arguments", "参数"),
    "calls.result": ("Result", "结果"),
    "calls.printed": ("Printed", "打印内容"),
    "calls.cut": (
        "… ({n} of {total} characters are shown) …",
        "…(共 {total} 个字符,显示 {n} 个)…",
    ),
    # -- calls that nobody ran ---------------------------------------------------------------
    "calls.wanted": ("The model wants to call:", "模型希望调用:"),
    "calls.was_to_call": ("The model was about to call:", "模型原本要调用:"),
    "calls.answer_them": (
        "Go on with chat.tool_results({{id: result}}), one result for each call in "
        "reply.tool_calls.",
        "用 chat.tool_results({{id: 结果}}) 继续,reply.tool_calls 中的每个调用各给一个结果。",
    ),
    # -- the code of an answer ---------------------------------------------------------------
    "option.--format": (
        "how the answer appears; code: also puts its code into the next cell, unrun",
        "回复的形式;code:同时将其中的代码放入下一个单元格,但不运行",
    ),
    "code.none": (
        "The answer holds no block of code, so nothing was put into the next cell.",
        "回复中没有代码块,下一个单元格未放入任何内容。",
    ),
    "code.none_fits": (
        "The answer holds no Python code; left where it is: {languages}.",
        "回复中没有 Python 代码;未放入单元格的有:{languages}。",
    ),
    "code.left_out": (
        "Only Python went into the next cell; left where it is: {languages}.",
        "只有 Python 代码放入了下一个单元格;未放入的有:{languages}。",
    ),
    "code.without_language": ("a block without a language", "未注明语言的代码块"),
    "code.incomplete": (
        "The last block of code is not complete; the next cell holds what came.",
        "最后一个代码块不完整;下一个单元格中是已收到的部分。",
    ),
    "code.hidden_signs": (
        "The code held hidden signs; in the next cell they can be seen.",
        "代码中有隐藏字符;在下一个单元格中已显示为可见符号。",
    ),
    "line.code_in_background": (
        "-f code does not go with --bg: the next cell is filled when this one ends. "
        "Leave out one of them.",
        "-f code 不能与 --bg 同用:下一个单元格在本单元格结束时填入。请去掉其中一个。",
    ),
}
