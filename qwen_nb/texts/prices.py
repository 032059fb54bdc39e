"""Prices of a person's own, and the age of prices."""

from __future__ import annotations

TEXTS: dict[str, tuple[str, str]] = {
    "prices.own": ("{date} (yours)", "{date}(自定)"),
    "prices.own_undated": ("yours", "自定"),
    "prices.old": (
        "{date} (over {days} days old, check it)",
        "{date}(已超过 {days} 天,请核对)",
    ),
    "prices.amount_input": (
        "{value!r} is no price for input. Give an amount per 1M tokens, such as 0.4: 0 or more, "
        "at most 1000000000.",
        "{value!r} 不是有效的输入单价。请填写每百万 Token 的金额,例如 0.4:不小于 0,不大于 1000000000。",
    ),
    "prices.amount_output": (
        "{value!r} is no price for output. Give an amount per 1M tokens, such as 0.4: 0 or more, "
        "at most 1000000000.",
        "{value!r} 不是有效的输出单价。请填写每百万 Token 的金额,例如 0.4:不小于 0,不大于 1000000000。",
    ),
    "prices.amount_output_thinking": (
        "{value!r} is no price for output after thinking. Give an amount per 1M tokens, such as 0.4: 0 or more, "
        "at most 1000000000.",
        "{value!r} 不是有效的思考后输出单价。请填写每百万 Token 的金额,例如 0.4:不小于 0,不大于 1000000000。",
    ),
    "prices.currency": (
        "{value!r} is no currency. Give its three letters, such as USD or CNY.",
        "{value!r} 不是有效的货币。请填写三个字母的货币代码,例如 USD 或 CNY。",
    ),
    "prices.which": (
        "{value!r} names no model or region. Give the id of a model and a region such as sg "
        "or bj, or the name of a server.",
        "{value!r} 不是有效的模型或地域。请填写模型 ID,以及地域(如 sg 或 bj)或服务器名称。",
    ),
    "prices.not_written": (
        "{file} could not be written ({reason}). The price was not set; check that the folder "
        "can be written to.",
        "无法写入 {file}({reason})。价格未设置;请检查该文件夹是否可写。",
    ),
}
