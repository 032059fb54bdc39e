"""Tools: what the model is told of a call, and what a person is told."""

from __future__ import annotations

TEXTS: dict[str, tuple[str, str]] = {
    # -- what the model is told, and the person sees ---------------------------------------
    "tools.raised": ("{name} raised {error}", "{name} 抛出异常 {error}"),
    "tools.unknown": (
        "There is no tool named {name}. The tools are: {known}.",
        "没有名为 {name} 的工具。可用的工具:{known}。",
    ),
    "tools.bad_json": (
        "The arguments of {name} are not valid JSON ({reason}): {arguments}",
        "{name} 的参数不是有效的 JSON({reason}):{arguments}",
    ),
    "tools.stopped": ("Stopped by the user.", "已由用户停止。"),
    "tools.died": (
        "No result: the program that ran it ended before it did.",
        "没有结果:运行它的程序先结束了。",
    ),
    "tools.not_allowed": (
        "The user did not allow this call.",
        "用户未允许此次调用。",
    ),
    "tools.nobody": (
        "Not run: it has to be confirmed, and nobody can answer here.",
        "未运行:需要确认,而此处无人可以回答。",
    ),
    "tools.bound": (
        "Not run: the limit of {n} rounds of calls is reached.",
        "未运行:已达到 {n} 轮调用的上限。",
    ),
    "tools.not_text": (
        "{name} returned a value that has no text form ({error}).",
        "{name} 返回的值无法转为文本({error})。",
    ),
    "tools.cut": (
        "[cut here: {shown} of {all} characters]",
        "[在此截断:共 {all} 个字符,只保留 {shown} 个]",
    ),
    "tools.output_left_out": (
        "[an output of {n} characters was left out]",
        "[省略了一项 {n} 个字符的输出]",
    ),
    # -- what a person is told -------------------------------------------------------------
    "tools.confirm": (
        "The model wants to call {name}({arguments}). Run it? [y/N] ",
        "模型要调用 {name}({arguments})。是否运行?[y/N] ",
    ),
    "note.tools_bound": (
        "The model was still calling tools after {n} rounds. %qwen_nb config tool_rounds N "
        "lets it go on for longer, in Python also max_rounds=N.",
        "{n} 轮之后模型仍在调用工具。可用 %qwen_nb config tool_rounds N 放宽,"
        "在 Python 中也可用 max_rounds=N。",
    ),
    "note.tools_resumed": (
        "Goes on after the calls that were made before.",
        "接着此前的调用继续。",
    ),
    "note.tools_lost": (
        "Of {names} only the schema was kept, no function: what the model calls is not run. "
        "Run the cell that defines it, then: %qwen_nb retry --tools {names}",
        "{names} 只保存了 schema,没有函数:模型的调用不会运行。请先运行定义它的单元格,"
        "再执行:%qwen_nb retry --tools {names}",
    ),
    "error.tool_twice": (
        "Two tools have the name {name}. Give one of them another name.",
        "有两个工具都叫 {name}。请给其中一个改名。",
    ),
    "error.tool_kind": (
        "{shown} is no tool. Give a function, or a dict with the schema of one: "
        "{{'type': 'function', 'function': {{'name': …, 'parameters': …}}}}.",
        "{shown} 不是工具。请给出函数,或描述函数的 dict:"
        "{{'type': 'function', 'function': {{'name': …, 'parameters': …}}}}。",
    ),
    "error.tool_rounds": (
        "max_rounds is {value}; it has to be 1 or more.",
        "max_rounds 为 {value};必须大于等于 1。",
    ),
    "error.tools_bg": (
        "--bg takes no tools: they run in the notebook's own thread. Ask without --bg.",
        "--bg 不能使用工具:工具在 notebook 自己的线程中运行。请去掉 --bg 再提问。",
    ),
    "error.no_tool_calls": (
        "The last turn waits for no results of tools.",
        "最后一轮没有等待结果的工具调用。",
    ),
    "error.tool_results": (
        "Results are wanted for: {wanted}. Given: {given}.",
        "需要以下调用的结果:{wanted}。给出的是:{given}。",
    ),
    "line.unknown_tool": (
        "--tools {name}: there is no such name in this notebook.{near} "
        "Run the cell that defines it first.",
        "--tools {name}:此 notebook 中没有该名称。{near}请先运行定义它的单元格。",
    ),
    "option.--tools": (
        "functions of this notebook that the model may call, separated by commas",
        "模型可调用的 notebook 函数,以逗号分隔",
    ),
}
