"""What the commands about usage, prices and budgets say, and the bound of a question."""

from __future__ import annotations

__all__ = ["TEXTS"]

TEXTS: dict[str, tuple[str, str]] = {
    "command.usage": (
        "what was used and what it cost: [--by turn|model|chat|day|notebook|region] [--plot] "
        "[--all]",
        "用量与费用:[--by turn|model|chat|day|notebook|region] [--plot] [--all]",
    ),
    "error.usage_by": (
        "Usage is not added up by {value!r}. Name one of {names}.",
        "无法按 {value!r} 汇总用量。可选:{names}。",
    ),
    "usage_command.form": (
        "%qwen_nb usage does not understand {word!r}. It takes --by NAME, --plot and --all.",
        "%qwen_nb usage 不支持 {word!r}。可用:--by 名称、--plot、--all。",
    ),
    "set_price.form": (
        "A price is set with %qwen_nb models --set-price ID REGION IN OUT [OUT_THINKING] "
        "[CURRENCY]: per million tokens, as in `--set-price qwen-plus sg 0.4 1.2 4`; 0 0 for "
        "a server that costs nothing.",
        "设置价格:%qwen_nb models --set-price ID 地域 输入 输出 [思考时输出] [币种],"
        "单位为每百万 Token,例如 `--set-price qwen-plus sg 0.4 1.2 4`;免费的服务器填 0 0。",
    ),
    "set_price.done": (
        "{model} in {region}: input {input}, output {output} per million tokens, from the "
        "next question on. Kept in {path}.",
        "{model}({region}):输入 {input},输出 {output}(每百万 Token),从下一次提问起生效。"
        "已保存到 {path}。",
    ),
    "set_price.done_thinking": (
        "{model} in {region}: input {input}, output {output}, with thinking {thinking} per "
        "million tokens, from the next question on. Kept in {path}.",
        "{model}({region}):输入 {input},输出 {output},思考时输出 {thinking}(每百万 Token),"
        "从下一次提问起生效。已保存到 {path}。",
    ),
    "preview.bound": (
        "at most {cost}: up to {input} tokens in, {output} out",
        "最多 {cost}:输入至多 {input} Token,输出至多 {output} Token",
    ),
    "preview.bound_scripted": (
        "would cost at most {cost}: up to {input} tokens in, {output} out",
        "最多将花费 {cost}:输入至多 {input} Token,输出至多 {output} Token",
    ),
    "preview.no_bound": (
        "no price bound: {reason}",
        "无法给出费用上限:{reason}",
    ),
    "preview.no_price": (
        "no price is known for {model} in {region}; `%qwen_nb models --set-price {model} "
        "{region} IN OUT` sets one",
        "未知 {model} 在 {region} 的价格;可用 `%qwen_nb models --set-price {model} {region} "
        "输入 输出` 设置",
    ),
    "preview.no_end": (
        "nothing bounds the output; `--max-tokens N` does, and `--think N` the thinking",
        "输出长度没有上限;可用 `--max-tokens N` 限制回复,用 `--think N` 限制思考长度",
    ),
    "command.budget": (
        "what may be spent: [AMOUNT USD|CNY [chat|notebook|month]], off [chat|notebook|month]",
        "预算:[金额 USD|CNY [chat|notebook|month]],off [chat|notebook|month] 取消",
    ),
    "budget.none": (
        "No budget. %qwen_nb budget 5 USD allows 5 USD for this conversation; add notebook or "
        "month for those.",
        "未设置预算。%qwen_nb budget 5 USD 为当前会话设置 5 USD 的预算;末尾加 notebook 或 month "
        "则针对当前笔记本或本月。",
    ),
    "budget.line": (
        "{scope}: {spent} of {amount} spent",
        "{scope}:预算 {amount},已用 {spent}",
    ),
    "budget.line_unpriced": (
        "{scope}: {spent} of {amount} spent, and {n} calls whose price is not known",
        "{scope}:预算 {amount},已用 {spent},另有 {n} 次调用价格未知",
    ),
    "budget.line_scripted": (
        "{line}; the emulator's answers would have cost {rehearsed}",
        "{line};模拟器的回复折合 {rehearsed}",
    ),
    "budget.of_chat": (
        "The budget of a conversation covers the questions in it. Rows of map, Chat() and "
        "other conversations count toward a notebook or month budget.",
        "会话预算只包括该会话中的提问;map 的各行、Chat() 和其他会话计入 notebook 或 month 预算。",
    ),
    "budget.here_only": (
        "It holds in this session only: nothing tells which notebook this is, or the store "
        "cannot be written.",
        "仅在本次会话中有效:无法确定当前笔记本,或存储无法写入。",
    ),
    "budget.off": ("Lifted: {budgets}.", "已取消:{budgets}。"),
    "budget.off_none": ("There was no budget to lift.", "没有可取消的预算。"),
    "status.spent": ("cost so far", "目前费用"),
    "shell.usage": ("show what was used and what it cost", "显示用量与费用"),
    "shell.usage_by": (
        "add up by turn, model, chat, day, notebook (the default) or region",
        "按 turn、model、chat、day、notebook(默认)或 region 汇总",
    ),
    "shell.usage_plot": ("draw it too", "同时绘制图表"),
}
