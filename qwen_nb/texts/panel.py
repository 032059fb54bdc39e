"""What the panel says."""

from __future__ import annotations

TEXTS: dict[str, tuple[str, str]] = {
    "command.panel": (
        "controls for model, thinking, server and conversation, in step with the settings",
        "在单元格下方显示模型、思考模式、服务与对话的控件,与设置保持一致",
    ),
    "panel.label": ("qwen_nb settings", "qwen_nb 设置"),
    "panel.model": ("Model", "模型"),
    "panel.thinking": ("Thinking", "思考模式"),
    "panel.budget": ("Budget in tokens", "思考长度上限(Token)"),
    "panel.no_budget": ("none", "不限"),
    "panel.server": ("Server", "服务"),
    "panel.conversation": ("Conversation", "对话"),
    "panel.new": ("New conversation", "新建对话"),
    "panel.usage": ("Used so far", "目前用量"),
    "panel.default": ("default", "默认"),
    "panel.default_is": ("default ({value})", "默认({value})"),
    "panel.on": ("on", "开启"),
    "panel.off": ("off", "关闭"),
    "panel.up_to": ("on, up to {budget} tokens", "开启,不超过 {budget} Token"),
    "panel.keyless": ("{server}, no key yet", "{server},尚无 API Key"),
    "panel.turn": (
        "{n} turn · {used}",
        "{n} 轮 · {used}",
    ),
    "panel.turns": (
        "{n} turns · {used}",
        "{n} 轮 · {used}",
    ),
    "panel.thinks": (
        "Thinking from the next question on: {thinking}.",
        "从下一个问题起,思考模式:{thinking}。",
    ),
    "panel.unknown_model": (
        "Nothing is known about this model here; it is asked all the same.",
        "这里没有关于该模型的资料,仍会照样提问。",
    ),
    "panel.key": ("Key: {key}.", "API Key:{key}。"),
    "panel.bad_budget": (
        "A budget is a whole number of tokens from 1 on, not {value!r}; empty means none.",
        "思考长度上限应为不小于 1 的整数 Token 数,而不是 {value!r};留空表示不限。",
    ),
    "panel.still_empty": (
        "Conversation {name} is still empty; the next question begins it.",
        "对话 {name} 还是空的,下一个问题将由它开始。",
    ),
    "panel.failed": (
        "That did not work ({kind}); nothing was changed. %qwen_nb doctor tells more.",
        "操作未成功({kind}),未做任何更改。可用 %qwen_nb doctor 查看原因。",
    ),
}
