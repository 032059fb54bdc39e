"""Every text a person reads, in English and in Chinese.

One entry for each text: its id, then the English and the Chinese form, as format
strings over the same names. The Chinese terms are those of Model Studio's own guide
(思考过程, 完整回复, 思考模式, 业务空间, 地域). What is saved in a notebook follows the
notebook's language, which is English unless changed; a shell follows the machine's.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, TypeAlias

__all__ = ["TEXTS", "Language", "machine_language", "text"]

Language: TypeAlias = Literal["en", "zh"]

TEXTS: dict[str, tuple[str, str]] = {
    # -- states of a reply ----------------------------------------------------------
    "state.waiting": ("Waiting", "等待中"),
    "state.thinking": ("Thinking", "思考中"),
    "state.answering": ("Answering", "回复中"),
    "state.done": ("Done", "已完成"),
    "state.stopped": ("Stopped", "已停止"),
    "state.cut": ("Cut", "已中断"),
    "state.failed": ("Failed", "失败"),
    # -- the reply, live and saved --------------------------------------------------
    "reply.label": ("Qwen response", "千问的回复"),
    "reply.thinking": ("Thinking", "思考过程"),
    "reply.thinking_region": ("Thinking text", "思考过程全文"),
    "reply.thought": ("Thought", "已思考"),
    "reply.tokens": ("{n} tokens", "{n} Token"),
    "reply.about_tokens": ("about {n} tokens", "约 {n} Token"),
    "reply.stopped_by_you": ("stopped by you", "已由你停止"),
    "reply.cut_off": ("the stream broke off", "数据流中断"),
    "reply.no_answer": ("No answer yet.", "尚无回复。"),
    "reply.empty_answer": ("The model ended without an answer.", "模型未给出回复。"),
    "reply.at_length": (
        "The answer ended at its length limit; raise --max-tokens for more.",
        "回复已达到长度上限;可调大 --max-tokens。",
    ),
    "reply.ask_again": ("Run the cell again to ask again.", "再次运行单元格即可重新提问。"),
    "reply.emulator": (
        "embedded emulator: scripted answers, no model",
        "内置模拟器:预设回答,并非模型",
    ),
    # -- the usage line ---------------------------------------------------------------
    "usage.turn": ("turn {turn}", "第 {turn} 轮"),
    "usage.turn_sent": (
        "turn {turn} ({sent} before it sent)",
        "第 {turn} 轮(附带前 {sent} 轮)",
    ),
    "usage.in": ("in {n}", "输入 {n}"),
    "usage.in_cached": ("in {n} (cached {cached})", "输入 {n}(缓存 {cached})"),
    "usage.out": ("out {n}", "输出 {n}"),
    "usage.out_thinking": (
        "out {n}, of which thinking {thinking}",
        "输出 {n},其中思考 {thinking}",
    ),
    "usage.unknown": ("the server told no token counts", "服务端未返回 Token 消耗"),
    "usage.bar": (
        "input {input}, thinking {thinking}, answer {answer} tokens",
        "输入 {input}、思考 {thinking}、回复 {answer} Token",
    ),
}


def text(key: str, language: Language = "en", /, **values: Any) -> str:
    """Return one text, filled in.

    Parameters
    ----------
    key : str
        Id of the text.
    language : {"en", "zh"}
        Which form.
    **values
        The values its names stand for.

    Raises
    ------
    KeyError
        For an id that does not exist, or a missing value.
    """
    return TEXTS[key][language == "zh"].format(**values)


def machine_language(environ: Mapping[str, str]) -> Language:
    """Return the language a shell on this machine speaks, from its locale variables."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if value := environ.get(name):
            return "zh" if value.lower().startswith("zh") else "en"
    return "en"
