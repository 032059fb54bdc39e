"""States and the reply."""

from __future__ import annotations

TEXTS: dict[str, tuple[str, str]] = {
    "display.failed": (
        "The display failed and was left out: {kind}: {said}. The answer is complete and kept.",
        "显示组件出错,已停用:{kind}:{said}。回答完整并已保存。",
    ),
    # -- states of a reply -----------------------------------------------------------------
    "state.waiting": ("Waiting", "等待中"),
    "state.retrying": (
        "{reason}: retrying in {wait} s ({attempt} of {tries})",
        "{reason}:{wait} 秒后重试(第 {attempt} 次,共 {tries} 次)",
    ),
    "state.thinking": ("Thinking", "思考中"),
    "state.answering": ("Answering", "回复中"),
    "state.done": ("Done", "已完成"),
    "state.stopped": ("Stopped", "已停止"),
    "state.cut": ("Cut", "已中断"),
    "state.failed": ("Failed", "失败"),
    # -- the reply, live and saved ---------------------------------------------------------
    "reply.label": ("Qwen response", "千问的回复"),
    "reply.thinking": ("Thinking", "思考过程"),
    "reply.thinking_region": ("Thinking text", "思考过程全文"),
    "reply.thought": ("Thought", "已思考"),
    "reply.tokens": ("{n} tokens", "{n} Token"),
    "reply.about_tokens": ("about {n} tokens", "约 {n} Token"),
    "reply.stopped_by_you": ("stopped by you", "已由你停止"),
    "reply.comma": (", ", ","),
    "reply.cut_off": ("the stream broke off", "数据流中断"),
    "reply.no_answer": ("No answer yet.", "尚无回复。"),
    "reply.cut_at_budget": ("cut at the budget", "达到思考长度限制而截断"),
    "reply.code_region": ("Code", "代码"),
    "reply.table_region": ("Table", "表格"),
    "reply.formula_region": ("Formula", "公式"),
    "reply.image": ("image: {alt}", "图片:{alt}"),
    "reply.image_bare": ("image", "图片"),
    "reply.answer": ("Answer", "完整回复"),
    "reply.was_stopped": ("The answer was stopped by you.", "回复已由你停止。"),
    "reply.was_cut": (
        "The answer broke off: the stream ended early.",
        "回复不完整:数据流中断。",
    ),
    "reply.blocked": (
        "The service's moderation ended the answer.",
        "回复因内容安全审核而终止。",
    ),
    "reply.seconds": ("{n} s", "{n} 秒"),
    "reply.live_tokens": ("~{n} tokens", "约 {n} Token"),
    "reply.rate": ("{n} tokens/s", "每秒 {n} Token"),
    "card.stop": ("Stop", "停止"),
    "card.stopping": ("Stopping …", "正在停止…"),
    "card.copy": ("Copy", "复制"),
    "card.copied": ("Copied", "已复制"),
    "card.copy_answer": ("Copy the answer", "复制完整回复"),
    "card.copy_code": ("Copy the code", "复制代码"),
    "reply.empty_answer": ("The model ended without an answer.", "模型未给出回复。"),
    "reply.at_length": (
        "The answer ended at its length limit; raise --max-tokens for more.",
        "回复已达到长度上限;可调大 --max-tokens。",
    ),
    "reply.ask_again": ("Ask again to get one.", "可再次提问。"),
    "reply.stopped_before": (
        "Stopped by you; ask again to get one.",
        "已由你停止;可再次提问。",
    ),
    "reply.cut_before": (
        "The stream broke off; ask again to get one.",
        "数据流中断;可再次提问。",
    ),
    "reply.emulator": (
        "embedded emulator: scripted answers, no model",
        "内置模拟器:预设回答,并非模型",
    ),
}
