"""The usage line, tables of what was used, and charts of it."""

from __future__ import annotations

__all__ = ["TEXTS"]

TEXTS: dict[str, tuple[str, str]] = {
    # -- the usage line --------------------------------------------------------------------
    "usage.turn": ("turn {turn}", "第 {turn} 轮"),
    "usage.turn_sent": (
        "turn {turn} ({sent} before it sent)",
        "第 {turn} 轮(附带前 {sent} 轮)",
    ),
    # a figure with what stands before it, so that the texts around have no blank there
    "usage.exactly": ("{n}", " {n}"),
    "usage.about": ("about {n}", "约 {n}"),
    "usage.in": ("in {n}", "输入{n}"),
    "usage.in_cache": ("in {n} ({cache})", "输入{n}({cache})"),
    "usage.cached": ("cached {n}", "缓存{n}"),
    "usage.created": ("written to the cache {n}", "写入缓存{n}"),
    "usage.comma": (", ", ","),
    "usage.out": ("out {n}", "输出{n}"),
    "usage.out_thinking": (
        "out {n}, of which thinking {thinking}",
        "输出{n},其中思考{thinking}",
    ),
    "usage.out_all_thinking": ("out {n}, all thinking", "输出{n},均为思考"),
    "usage.unknown": ("the server told no token counts", "服务端未返回 Token 消耗"),
    "usage.total": ("{n} tokens in all", "共{n} Token"),
    "usage.price_unknown": ("price unknown", "价格未知"),
    "usage.would_cost": ("{emulator}; would cost {cost}", "{emulator};如实际调用费用为{cost}"),
    "usage.money": ("{amount} {currency}", "{amount} {currency}"),
    # -- the table below the unfolded line ---------------------------------------------------
    "usage.table": ("Token counts", "Token 消耗"),
    "usage.head_tokens": ("tokens", "Token"),
    "usage.head_price": ("per million", "每百万单价"),
    "usage.head_amount": ("amount", "金额"),
    "usage.row_input": ("input", "输入"),
    "usage.row_new": ("of which not cached", "其中未缓存"),
    "usage.row_cached": ("of which cached", "其中缓存"),
    "usage.row_cache_created": ("of which written to the cache", "其中写入缓存"),
    "usage.row_output": ("output", "输出"),
    "usage.row_thinking": ("of which thinking", "其中思考"),
    "usage.row_answer": ("of which answer", "其中回复"),
    "usage.row_total": ("total", "合计"),
    "usage.row_part_text": ("text", "文本"),
    "usage.row_part_image": ("image", "图像"),
    "usage.row_part_audio": ("audio", "音频"),
    "usage.row_part_video": ("video", "视频"),
    "usage.sum": ("{terms} = {sum}", "{terms} = {sum}"),
    "usage.term": ("{n} × {price}/M", "{n} × {price}/百万"),
    "usage.tier": ("tier up to {n} input tokens", "输入不超过 {n} Token 的阶梯"),
    "usage.with_thinking": ("priced with thinking", "按思考模式计价"),
    "usage.without_thinking": ("priced without thinking", "按非思考模式计价"),
    "usage.list_price": ("list price, before free quota", "目录价,未扣除免费额度"),
    "usage.price_date": ("prices of {date}", "价格截至 {date}"),
    "usage.price_source": ("from {source}", "来源 {source}"),
    "usage.fact_separator": ("; ", ";"),
    "usage.estimated": (
        "Estimated: the server told no token counts.",
        "以上为估算值:服务端未返回 Token 消耗。",
    ),
    "usage.set_price": (
        "Price unknown; {command} sets one.",
        "价格未知;可用 {command} 设置。",
    ),
    # the little bar in words: its parts joined by the separator, then said as a whole
    "usage.bar": ("{parts} tokens", "{parts} Token"),
    "usage.bar_separator": (", ", "、"),
    "usage.bar_input": ("input {n}", "输入{n}"),
    "usage.bar_cached": ("of which cached {n}", "其中缓存{n}"),
    "usage.bar_output": ("output {n}", "输出{n}"),
    "usage.bar_thinking": ("thinking {n}", "思考{n}"),
    "usage.bar_answer": ("answer {n}", "回复{n}"),
    # -- how long it took --------------------------------------------------------------------
    "timing.first": ("first after {n} s", "首 Token {n} 秒"),
    "timing.thought": ("thought for {n} s", "思考 {n} 秒"),
    # -- what many calls took ----------------------------------------------------------------
    "spending.none": ("No calls yet.", "尚无调用。"),
    "spending.by_turn": ("turn", "轮次"),
    "spending.by_model": ("model", "模型"),
    "spending.by_chat": ("conversation", "对话"),
    "spending.by_day": ("day", "日期"),
    "spending.by_notebook": ("notebook", "笔记本"),
    "spending.by_region": ("region", "地域"),
    "spending.calls": ("calls", "调用次数"),
    "spending.input": ("input", "输入"),
    "spending.cached": ("cached", "其中缓存"),
    "spending.output": ("output", "输出"),
    "spending.thinking": ("thinking", "其中思考"),
    "spending.cost": ("cost", "费用"),
    "spending.own_chat": ("the notebook's own", "笔记本自身的对话"),
    "spending.no_key": ("(none)", "(无)"),
    "spending.total_currency": ("total {currency}", "合计 {currency}"),
    "spending.total_unpriced": ("total, price unknown", "合计(价格未知)"),
    "spending.total_scripted": ("{total}, emulator", "{total}(模拟器)"),
    "spending.would_cost": ("would cost {cost}", "如实际调用 {cost}"),
    "spending.about": (
        "≈ holds estimates: for {n} of the calls the server told no token counts, as when one "
        "is stopped.",
        "≈ 含估算值:其中 {n} 次调用服务端未返回 Token 消耗(例如被停止)。",
    ),
    "spending.at_least": (
        "≥ is what is known: for {n} of the calls there are no figures, not even estimates.",
        "≥ 为已知部分:其中 {n} 次调用没有数据,也无法估算。",
    ),
    "spending.unpriced": (
        "Price unknown for {n} of the calls; {command} sets one.",
        "其中 {n} 次调用价格未知;可用 {command} 设置。",
    ),
    "spending.scripted": (
        "The embedded emulator's answers are scripted and cost nothing; the figure is what a "
        "model would have cost.",
        "内置模拟器的回答为预设内容,不产生费用;所列金额为实际调用模型时的费用。",
    ),
    "spending.console": (
        "List prices, before free quota. The service's console may show other figures: its "
        "data come by the hour, it takes the free quota off, and it counts every program that "
        "uses the same account.",
        "按目录价计算,未扣除免费额度。控制台的数据可能不同:其数据按小时更新,会扣除免费额度,"
        "并统计同一账号下的所有程序。",
    ),
    # -- charts ----------------------------------------------------------------------------
    "chart.tokens_turn": ("Tokens per turn", "每轮 Token 消耗"),
    "chart.tokens_call": ("Tokens per call", "每次调用的 Token 消耗"),
    "chart.tokens_turns": ("Tokens per {n} turns", "每 {n} 轮的 Token 消耗"),
    "chart.tokens_calls": ("Tokens per {n} calls", "每 {n} 次调用的 Token 消耗"),
    "chart.turn": ("turn", "轮次"),
    "chart.call": ("call", "调用"),
    "chart.at_turn": ("turn {n}", "第 {n} 轮"),
    "chart.at_turns": ("turns {n}", "第 {n} 轮"),
    "chart.at_call": ("call {n}", "第 {n} 次调用"),
    "chart.at_calls": ("calls {n}", "第 {n} 次调用"),
    "chart.cached": ("cached input", "缓存输入"),
    "chart.input": ("input", "输入"),
    "chart.thinking": ("thinking", "思考"),
    "chart.answer": ("answer", "回复"),
    "chart.estimated": ("estimated", "估算"),
    "chart.untold": ("? not told", "? 未返回"),
    "chart.nothing": ("No calls yet.", "尚无调用。"),
    "chart.no_tokens": ("No token counts are known.", "没有已知的 Token 消耗。"),
    "chart.no_cost": ("No cost is known.", "没有已知的费用。"),
    "chart.separator": (", ", "、"),
    "chart.figure": ("{name} {n}", "{name} {n}"),
    "chart.bar": ("{at}: {figures}", "{at}:{figures}"),
    "chart.tokens_all": (
        "{bars} bars, {n} tokens in all: {figures}.",
        "共 {bars} 个条形,合计 {n} Token:{figures}。",
    ),
    "chart.one_bar": ("One bar, {n} tokens: {figures}.", "1 个条形,{n} Token:{figures}。"),
    "chart.most": (
        "Most: {at} with {n}; least: {less_at} with {less}.",
        "最多:{at},{n};最少:{less_at},{less}。",
    ),
    "chart.cut": (
        "Drawn shorter than they are: {names}.",
        "以下条形未按比例画出:{names}。",
    ),
    "chart.some_estimated": ("Bars with estimates: {n}.", "含估算值的条形:{n} 个。"),
    "chart.some_untold": ("Bars that lack figures: {n}.", "缺少数据的条形:{n} 个。"),
    "chart.cost": ("Running cost", "累计费用"),
    "chart.line_cost": ("{currency}", "{currency}"),
    "chart.line_would": (
        "{currency}, would cost (emulator)",
        "{currency},如实际调用(模拟器)",
    ),
    "chart.rises": (
        "{name}: {sum} for {n} of the calls; the dearest was {at} with {most}.",
        "{name}:{n} 次调用后为 {sum};最贵的是{at},{most}。",
    ),
    "chart.unpriced": (
        "Not in it, since their price is unknown: {n} of the calls.",
        "未包含 {n} 次价格未知的调用。",
    ),
    "chart.has_estimates": ("Partly estimated.", "含估算值。"),
}
