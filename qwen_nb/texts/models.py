"""The table of models, a person's own files, and the rules of kind."""

from __future__ import annotations

TEXTS: dict[str, tuple[str, str]] = {
    # -- models: the table, and a person's own files ---------------------------------------
    "models.model": ("model", "模型"),
    "models.inferred": ("{id} (inferred from {base})", "{id}(由 {base} 推断)"),
    "models.thinking": ("thinking", "思考模式"),
    "models.budget": ("budget limit", "思考长度上限"),
    "models.context": ("context", "上下文长度"),
    "models.cache": ("context cache", "上下文缓存"),
    "models.price": (
        "{region}, per 1M tokens: in / out / out after thinking, ≤ input",
        "{region},每百万 Token:输入 / 输出 / 思考后输出,≤ 输入",
    ),
    "models.date": ("as of", "截至"),
    "models.mode_hybrid_on": ("on unless switched off", "混合思考模式,默认开启"),
    "models.mode_hybrid_off": ("off unless switched on", "混合思考模式,默认关闭"),
    "models.mode_thinking_only": ("always on", "仅思考模式"),
    "models.mode_none": ("none", "不思考"),
    "models.yes": ("yes", "支持"),
    "models.no": ("no", "不支持"),
    "models.implicit_cache": ("implicit", "隐式"),
    "models.explicit_cache": ("explicit", "显式"),
    "models.region_sg": ("Singapore", "新加坡"),
    "models.region_bj": ("Beijing", "北京"),
    "models.not_utf8": (
        "{file}, line {line}: this is not UTF-8. Save the file as UTF-8 (CSV UTF-8 in a spreadsheet).",
        "{file} 第 {line} 行:不是 UTF-8 编码。请将文件另存为 UTF-8(表格软件中为 CSV UTF-8)。",
    ),
    "models.unreadable": (
        "{file} could not be read ({reason}). Mend it or move it away.",
        "无法读取 {file}({reason})。请修复或移走该文件。",
    ),
    "models.no_csv": (
        "{file}, line {line}: this is no CSV ({reason}). Mend the line or move the file away.",
        "{file} 第 {line} 行:不是有效的 CSV({reason})。请修改该行或移走该文件。",
    ),
    "models.no_toml": (
        "{file}, line {line}: this is no TOML ({reason}). Mend the line or move the file away.",
        "{file} 第 {line} 行:不是有效的 TOML({reason})。请修改该行或移走该文件。",
    ),
    "models.only_servers": (
        "{file}, line {line}: only [[server]] tables go here, not {found}.",
        "{file} 第 {line} 行:此处只能是 [[server]] 表,而不是 {found}。",
    ),
    "models.cells": (
        "{file}, line {line}: {found} cells where the first line names {wanted}. "
        "Add or take away a comma.",
        "{file} 第 {line} 行:有 {found} 个单元格,而首行列出 {wanted} 列。请增减逗号。",
    ),
    "models.column": (
        "{file}, line {line}: there is no column {column!r}; known: {known}.",
        "{file} 第 {line} 行:没有名为 {column!r} 的列;可用:{known}。",
    ),
    "models.missing": (
        "{file}, line {line}: {column} is missing; every row needs one.",
        "{file} 第 {line} 行:缺少 {column},每行都需要。",
    ),
    "models.cell_text": (
        "{file}, line {line}: {column} is {value!r}; it should be a text.",
        "{file} 第 {line} 行:{column} 的值为 {value!r},应为文本。",
    ),
    "models.cell_texts": (
        "{file}, line {line}: {column} is {value!r}; it should be a list of texts.",
        "{file} 第 {line} 行:{column} 的值为 {value!r},应为文本列表。",
    ),
    "models.cell_flag": (
        "{file}, line {line}: {column} is {value!r}; it should be yes, no or empty.",
        "{file} 第 {line} 行:{column} 的值为 {value!r},应为 yes、no 或留空。",
    ),
    "models.cell_count": (
        "{file}, line {line}: {column} is {value!r}; it should be a whole number.",
        "{file} 第 {line} 行:{column} 的值为 {value!r},应为整数。",
    ),
    "models.cell_money": (
        "{file}, line {line}: {column} is {value!r}; it should be a price such as 0.4.",
        "{file} 第 {line} 行:{column} 的值为 {value!r},应为形如 0.4 的价格。",
    ),
    "models.cell_one_of": (
        "{file}, line {line}: {column} is {value!r}; it should be one of {allowed}.",
        "{file} 第 {line} 行:{column} 的值为 {value!r},应为 {allowed} 之一。",
    ),
    "models.twice": (
        "{file}, line {line}: {id} stands in line {first} already. Keep one of them.",
        "{file} 第 {line} 行:{id} 已在第 {first} 行出现。请只保留一个。",
    ),
    "models.two_currencies": (
        "{file}, line {line}: the prices of {id} in {region} are in two currencies. Use one.",
        "{file} 第 {line} 行:{id} 在 {region} 的价格使用了两种货币。请统一为一种。",
    ),
    # -- rules: refused before sending: the reason, then the way out -----------------------
    "rule.always_thinks": (
        "{model} always thinks, so switching thinking off would be refused. Leave --no-think "
        "out, or choose another model with -m; --force sends it anyway.",
        "{model} 属于仅思考模式,无法关闭思考。请去掉 --no-think,或用 -m 换用其他模型;--force 可照样发送。",
    ),
    "rule.budget": (
        "A thinking budget is a whole number of tokens from 1, not {value!r}. --no-think "
        "switches thinking off; --force sends it anyway.",
        "思考长度上限应为不小于 1 的整数 Token 数,而不是 {value!r}。--no-think 可关闭思考;--force 可照样发送。",
    ),
    "rule.forced_tool": (
        "{model} refuses a forced tool choice while it thinks. Use --no-think, or leave "
        "tool_choice at auto; --force sends it anyway.",
        "{model} 在思考模式下不支持强制调用工具。请使用 --no-think,或将 tool_choice 设为 auto;--force 可照样发送。",
    ),
    "rule.forced_tool.always": (
        "{model} always thinks and refuses a forced tool choice. Leave tool_choice at auto, or "
        "choose another model with -m; --force sends it anyway.",
        "{model} 属于仅思考模式,不支持强制调用工具。请将 tool_choice 设为 auto,或用 -m 换用其他模型;--force 可照样发送。",
    ),
    "rule.json": (
        "{model} refuses structured output while it thinks. Use --no-think; "
        "--force sends it anyway.",
        "{model} 在思考模式下不支持结构化输出。请使用 --no-think;--force 可照样发送。",
    ),
    "rule.json.always": (
        "{model} always thinks and refuses structured output. Choose another model with -m; "
        "--force sends it anyway.",
        "{model} 属于仅思考模式,不支持结构化输出。请用 -m 换用其他模型;--force 可照样发送。",
    ),
    "rule.json_word": (
        "A JSON answer needs the word JSON somewhere in the question or the system message. "
        "Add it; --force sends it anyway.",
        "要求 JSON 回复时,提问或系统消息中必须出现 JSON 一词。请加上;--force 可照样发送。",
    ),
    "rule.partial": (
        "{model} cannot go on from a given beginning while it thinks. Use --no-think; "
        "--force sends it anyway.",
        "{model} 在思考模式下不支持前缀续写。请使用 --no-think;--force 可照样发送。",
    ),
    "rule.partial.always": (
        "{model} always thinks and cannot go on from a given beginning. Choose another model "
        "with -m; --force sends it anyway.",
        "{model} 属于仅思考模式,不支持前缀续写。请用 -m 换用其他模型;--force 可照样发送。",
    ),
    "rule.stream_only": (
        "{model} answers as a stream only. Leave stream out, every reply is streamed; "
        "--force sends it anyway.",
        "{model} 只支持流式输出。请去掉 stream,所有回复均为流式;--force 可照样发送。",
    ),
    "rule.range": (
        "{name} is a number in {range}, not {value!r}. Change it, or leave it out for the "
        "model's default; --force sends it anyway.",
        "{name} 应为 {range} 内的数,而不是 {value!r}。请修改,或去掉以使用模型默认值;--force 可照样发送。",
    ),
    "rule.whole": (
        "{name} is a whole number in {range}, not {value!r}. Change it or leave it out; "
        "--force sends it anyway.",
        "{name} 应为 {range} 内的整数,而不是 {value!r}。请修改或去掉;--force 可照样发送。",
    ),
    "rule.n_tools": (
        "With tools there is one answer, not n = {value!r}. Leave n or the tools out; "
        "--force sends it anyway.",
        "使用工具时只能有一个回复,n 不能为 {value!r}。请去掉 n 或工具;--force 可照样发送。",
    ),
    "rule.n_thinking": (
        "While {model} thinks there is one answer, not n = {value!r}. Leave n out, or use "
        "--no-think; --force sends it anyway.",
        "{model} 在思考模式下只能有一个回复,n 不能为 {value!r}。请去掉 n,或使用 --no-think;--force 可照样发送。",
    ),
    "rule.n_thinking.always": (
        "{model} always thinks and gives one answer, not n = {value!r}. Leave n out; "
        "--force sends it anyway.",
        "{model} 属于仅思考模式,只能有一个回复,n 不能为 {value!r}。请去掉 n;--force 可照样发送。",
    ),
    "rule.tool_name": (
        "{name!r} is no name for a tool: letters, digits, _ and -, at most 64. Rename the "
        "function; --force sends it anyway.",
        "{name!r} 不能用作工具名:只能含字母、数字、_ 和 -,最多 64 个字符。请为函数改名;--force 可照样发送。",
    ),
    "rule.tool_reserved": (
        "The service keeps the tool name {name!r} for itself. Rename the function; "
        "--force sends it anyway.",
        "工具名 {name!r} 为服务保留。请为函数改名;--force 可照样发送。",
    ),
    # -- rules: said with the answer; what was left out or may be refused ------------------
    "rule.note.always_thinks": (
        "{model} always thinks, with no switch and no budget; left out: {names}",
        "{model} 始终思考,没有开关也不能限制思考长度;已略去:{names}",
    ),
    "rule.note.never_thinks": (
        "{model} does not think; left out: {names}",
        "{model} 不支持思考模式;已略去:{names}",
    ),
    "rule.note.no_switch": (
        "{model} takes no thinking switch here; left out: {names}",
        "{model} 在此不接受思考模式参数;已略去:{names}",
    ),
    "rule.note.no_budget": (
        "{model} takes no thinking budget; left out: {value}",
        "{model} 不支持限制思考长度;已略去:{value}",
    ),
    "rule.note.no_preserve": (
        "{model} does not take earlier thinking back; preserve_thinking left out",
        "{model} 不支持传递思考过程;已略去 preserve_thinking",
    ),
    "rule.note.above_limit": (
        "{name} {value} is above {limit}, the most known for {model}; sent as it is",
        "{name} 为 {value},超过 {model} 已知的上限 {limit};已照原样发送",
    ),
    "rule.note.json_max_tokens": (
        "max_tokens may cut a JSON answer short; better leave it out",
        "max_tokens 可能会截断 JSON 回复;建议去掉",
    ),
    "rule.note.single_turn": (
        "{model} takes a single question, without history or system message",
        "{model} 只支持单轮提问,不带历史和系统消息",
    ),
    "rule.note.system_discouraged": (
        "the guide of {model} advises against a system message while it thinks; put it "
        "into the question",
        "{model} 的文档不建议在思考模式下使用系统消息;请写入提问中",
    ),
}
