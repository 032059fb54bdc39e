"""Many rows: `map`, its progress and what it says at the end."""

from __future__ import annotations

TEXTS: dict[str, tuple[str, str]] = {
    "map.bar": ("rows", "行"),
    "map.bar_failed": ("{n} failed", "失败 {n}"),
    "map.bar_slowed": ("slowed down", "已限速"),
    "map.done": ("{rows} rows: {answered} answered", "{rows} 行:{answered} 行已回复"),
    "map.failed": ("{n} failed", "{n} 行失败"),
    "map.open": ("{n} not asked", "{n} 行未提问"),
    "map.costs": ("{cost}", "费用 {cost}"),
    "map.would_cost": ("would cost {cost} (emulator)", "如实际调用 {cost}(模拟器)"),
    "map.row": ("Row {row} of the items (counted from 0).", "第 {row} 行(从 0 起计)。"),
    "map.goes_on": (
        "{answered} answered rows are kept: the same call goes on from there.",
        "已回复的 {answered} 行已保存:再次执行同一调用将从此处继续。",
    ),
    "map.stopped": ("stopped by you", "已由你停止"),
    "map.not_kept": (
        "The answers of map are not kept: {path} cannot be used ({reason}). Make it and its "
        "folder writable, or move it away; until then a repeated call asks everything again.",
        "map 的回复未保存:{path} 无法使用({reason})。请将该文件及其文件夹设为可写,或将其移走;"
        "在此之前,重复调用会全部重新提问。",
    ),
    "map.not_ours": (
        "another program or a newer qwen_nb wrote it",
        "由其他程序或更新版本的 qwen_nb 写入",
    ),
    # -- a call that was not begun -------------------------------------------------------------
    "error.map_items": (
        "map takes a column, a list or an iterator of items; {kind} is one item. Put it into a "
        "list: map([x], …). Nothing was sent.",
        "map 需要一列、一个列表或一个迭代器;{kind} 只是一个元素。请放入列表:map([x], …)。"
        "未发送任何内容。",
    ),
    "error.map_prompt": (
        "The prompt of map names the row as {{item}}, {{item[name]}} or {{item.name}}; "
        "{{{found}}} is none of these. Nothing was sent. Rename it, double the braces that are "
        "to stay, or give a function that returns the prompt of an item.",
        "map 的提示词用 {{item}}、{{item[name]}} 或 {{item.name}} 表示当前行,而其中的 {{{found}}} "
        "不属于这些写法。未发送任何内容。请改名;若要保留花括号请写两遍;或传入一个由元素返回"
        "提示词的函数。",
    ),
    "error.map_text": (
        "The function that makes the prompt returned {kind}, not a text. Nothing was sent for "
        "this row.",
        "生成提示词的函数返回了 {kind} 而不是文本。该行未发送任何内容。",
    ),
    "error.map_fill": (
        "{expression} could not be filled in ({reason}). Nothing was sent for this row.",
        "无法填充 {expression}({reason})。该行未发送任何内容。",
    ),
    "error.map_confirm": (
        "Tools have to be confirmed here, and among many rows nobody can be asked. "
        "confirm=False lets them run unasked in this map.",
        "此处的工具须经确认,而多行提问时无法逐一询问。confirm=False 可让本次 map 不经询问运行。",
    ),
    "error.map_on_error": (
        "on_error is 'raise' or 'keep', not {value!r}. Nothing was sent.",
        "on_error 只能是 'raise' 或 'keep',而不是 {value!r}。未发送任何内容。",
    ),
    "error.map_concurrency": (
        "concurrency is a number from 1 on, not {value!r}. Nothing was sent.",
        "concurrency 是不小于 1 的整数,而不是 {value!r}。未发送任何内容。",
    ),
}
