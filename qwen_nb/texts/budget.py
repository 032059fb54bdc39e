"""What a person allows to be spent, and what happens there."""

from __future__ import annotations

TEXTS: dict[str, tuple[str, str]] = {
    "budget.scope.chat": ("this conversation", "当前会话"),
    "budget.scope.notebook": ("this notebook", "当前笔记本"),
    "budget.scope.month": ("this month", "本月"),
    "budget.unpriced": (
        "Calls of unknown cost are not in what is spent: {n}.",
        "另有 {n} 次调用费用未知,未计入已用金额。",
    ),
    # -- a call that was not sent ----------------------------------------------------------
    "error.budget_reached": (
        "This call could cost up to {bound} {currency}, and {spent} of the {amount} {currency} "
        "allowed for {scope} are spent. Nothing was sent. Allow more, as in %qwen_nb budget 10 "
        "{currency}, ask with --max-tokens N and --think N, or lift it with %qwen_nb budget off.",
        "本次调用最多可能花费 {bound} {currency},而{scope}的预算 {amount} {currency} 已用 {spent}。"
        "未发送任何内容。可提高预算,如 %qwen_nb budget 10 {currency};用 --max-tokens N 和 --think N 限制本次"
        "输出;或用 %qwen_nb budget off 取消预算。",
    ),
    "error.budget_would_reach": (
        "By the price list this call could cost up to {bound} {currency}, and {spent} of the "
        "{amount} {currency} allowed for {scope} would be spent by what the emulator answered. "
        "Nothing was sent. Allow more, as in %qwen_nb budget 10 {currency}, ask with "
        "--max-tokens N and --think N, or lift it with %qwen_nb budget off.",
        "按价目表,本次调用最多会花费 {bound} {currency},而模拟器在{scope}的回复折合已用 {spent},"
        "预算为 {amount} {currency}。未发送任何内容。可提高预算,如 %qwen_nb budget 10 {currency};"
        "用 --max-tokens N 和 --think N 限制本次输出;或用 %qwen_nb budget off 取消预算。",
    ),
    "error.budget_unpriced": (
        "What this call can cost is not known, and {amount} {currency} are allowed for {scope}. "
        "Nothing was sent. Set its price with %qwen_nb models --set-price {model} {region} IN "
        "OUT (0 0 for a server that costs nothing), or lift the budget with %qwen_nb budget off.",
        "无法得知本次调用的最高费用,而{scope}的预算为 {amount} {currency}。未发送任何内容。"
        "可用 %qwen_nb models --set-price {model} {region} IN OUT 设置价格(不收费的服务填 0 0),"
        "或用 %qwen_nb budget off 取消预算。",
    ),
    "error.budget_currency": (
        "This call is paid in {paid_in} (up to {bound} {paid_in}), and {amount} {currency} are "
        "allowed for {scope}; the two are not converted. Nothing was sent. Allow an amount in "
        "{paid_in} too, as in %qwen_nb budget 5 {paid_in}, or lift it with %qwen_nb budget off.",
        "本次调用以 {paid_in} 计费(最多 {bound} {paid_in}),而{scope}的预算为 {amount} "
        "{currency};两种货币不作换算。未发送任何内容。可再设置以 {paid_in} 计的预算,如 "
        "%qwen_nb budget 5 {paid_in},或用 %qwen_nb budget off 取消预算。",
    ),
    # -- asking first ------------------------------------------------------------------------
    "budget.ask.reached": (
        "This call could cost up to {bound} {currency}; {spent} of the {amount} {currency} "
        "allowed for {scope} are spent. Send it? [y/N] ",
        "本次调用最多可能花费 {bound} {currency};{scope}的预算 {amount} {currency} 已用 {spent}。"
        "是否发送?[y/N] ",
    ),
    "budget.ask.unpriced": (
        "What this call can cost is not known; {amount} {currency} are allowed for {scope}. "
        "Send it? [y/N] ",
        "无法得知本次调用的最高费用;{scope}的预算为 {amount} {currency}。是否发送?[y/N] ",
    ),
    "budget.ask.currency": (
        "This call is paid in {paid_in} (up to {bound} {paid_in}); what is allowed for {scope} "
        "is {amount} {currency}. Send it? [y/N] ",
        "本次调用以 {paid_in} 计费(最多 {bound} {paid_in});{scope}的预算为 {amount} {currency}。"
        "是否发送?[y/N] ",
    ),
    # -- the command's words -------------------------------------------------------------------
    "error.budget_words": (
        "A budget is an amount and a currency, then chat, notebook or month if it is not for "
        "the conversation: %qwen_nb budget 5 USD month. off lifts it. {words!r} was not "
        "understood.",
        "预算由金额和货币组成,若不是针对当前会话,再加 chat、notebook 或 month:%qwen_nb budget "
        "5 USD month;off 取消预算。无法理解 {words!r}。",
    ),
    "error.budget_amount": (
        "{amount!r} is no amount of money; write it as in %qwen_nb budget 2.50 USD.",
        "{amount!r} 不是有效的金额;请写成如 %qwen_nb budget 2.50 USD 的形式。",
    ),
    "error.budget_money": (
        "{currency!r} is no currency of the price list: it knows {known}. "
        "As in %qwen_nb budget 5 USD.",
        "价目表中没有货币 {currency!r},只有 {known}。例如 %qwen_nb budget 5 USD。",
    ),
}
