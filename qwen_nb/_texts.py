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
    "reply.comma": (", ", ","),
    "reply.cut_off": ("the stream broke off", "数据流中断"),
    "reply.no_answer": ("No answer yet.", "尚无回复。"),
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
    # the little bar in words: its parts joined by the separator, then said as a whole
    "usage.bar": ("{parts} tokens", "{parts} Token"),
    "usage.bar_separator": (", ", "、"),
    "usage.bar_input": ("input {n}", "输入 {n}"),
    "usage.bar_cached": ("of which cached {n}", "其中缓存 {n}"),
    "usage.bar_output": ("output {n}", "输出 {n}"),
    "usage.bar_thinking": ("thinking {n}", "思考 {n}"),
    "usage.bar_answer": ("answer {n}", "回复 {n}"),
    # -- errors: what happened, why, the next step ----------------------------------------
    "error.unreachable": (
        "{server} could not be reached ({reason}). Check that it runs and that the address is "
        "right; %qwen_nb status shows which one is used.",
        "无法连接 {server}({reason})。请确认服务已启动、地址正确;%qwen_nb status 会显示当前地址。",
    ),
    "error.hung_up": (
        "{server} closed the connection without an answer ({reason}). Ask again; if it stays so, "
        "look into that server's log.",
        "{server} 未作响应便关闭了连接({reason})。请重试;若仍如此,请查看该服务的日志。",
    ),
    "error.proxy_package": (
        "The proxy that is set for {server} needs a package that is missing: {reason}. "
        "pip install 'httpx2[socks]', or unset ALL_PROXY.",
        "访问 {server} 所设的代理缺少依赖包:{reason}。请 pip install 'httpx2[socks]',或取消 ALL_PROXY。",
    ),
    "error.timed_out": (
        "{server} did not answer in time. Ask again; if it stays silent, check the address.",
        "{server} 未在时限内响应。请重试;若仍无响应,请检查地址。",
    ),
    "error.silent": (
        "{server} fell silent in the middle of its answer. What had come is kept; ask again.",
        "{server} 在回复途中停止响应。已收到的内容已保留;请重新提问。",
    ),
    "error.broken": (
        "The connection to {server} broke ({reason}). What had come is kept; ask again.",
        "与 {server} 的连接中断({reason})。已收到的内容已保留;请重新提问。",
    ),
    "error.cut": (
        "{server} closed the stream before the answer was finished. What had come is kept; "
        "ask again.",
        "{server} 在回复完成前关闭了数据流。已收到的内容已保留;请重新提问。",
    ),
    "error.page": (
        "{server} answered with a web page instead of an event stream (it begins: {begins}). "
        "The base URL is probably wrong: it should end in /v1.",
        "{server} 返回的是网页而非事件流(开头:{begins})。base URL 可能有误:应以 /v1 结尾。",
    ),
    "error.no_stream": (
        "{server} answered with something that is no event stream (it begins: {begins}). "
        "Check that it is an OpenAI-compatible server and that the base URL ends in /v1.",
        "{server} 返回的不是事件流(开头:{begins})。请确认它是 OpenAI 兼容服务,且 base URL 以 /v1 结尾。",
    ),
    "error.empty": (
        "{server} answered with nothing at all. Ask again; if it stays so, check the base URL.",
        "{server} 返回了空内容。请重试;若仍如此,请检查 base URL。",
    ),
    "error.bad_event": (
        "The server sent something that is no event of this protocol (it begins: {begins}). "
        "Check that the base URL is that of an OpenAI-compatible server.",
        "服务端发送了不符合协议的内容(开头:{begins})。请确认 base URL 指向 OpenAI 兼容服务。",
    ),
    "error.auth": (
        "{server} did not accept the API key ({told}). A key belongs to one "
        "region: check DASHSCOPE_API_KEY, or set QWEN_NB_BASE_URL to the region it was made in.",
        "{server} 未接受 API Key({told})。API Key 只属于一个地域:请检查 "
        "DASHSCOPE_API_KEY,或将 QWEN_NB_BASE_URL 设为其所属地域的地址。",
    ),
    "error.auth_other": (
        "{server} did not accept the API key ({told}). Set QWEN_NB_API_KEY to a key of that server.",
        "{server} 未接受 API Key({told})。请将 QWEN_NB_API_KEY 设为该服务的 API Key。",
    ),
    "error.auth_none": (
        "{server} wants an API key and none was sent ({told}). Set QWEN_NB_API_KEY.",
        "{server} 需要 API Key,但未发送({told})。请设置 QWEN_NB_API_KEY。",
    ),
    "error.rate": (
        "{server} has had too many requests or tokens for now ({told}). "
        "Wait a minute and ask again.",
        "{server} 当前请求数或 Token 数超限({told})。请稍等一分钟再试。",
    ),
    "error.refused": (
        "The service's content inspection refused this ({told}). Reword the question.",
        "服务的内容安全检测拒绝了此内容({told})。请换一种说法。",
    ),
    "error.not_found": (
        "{server} does not know this ({told}). Check the model id after -m, "
        "and that the base URL ends in /v1.",
        "{server} 找不到该资源({told})。请检查 -m 后的模型 ID,以及 base URL 是否以 /v1 结尾。",
    ),
    "error.bad_request": (
        "{server} refused the request ({told}). Change the option it names; "
        "--dry-run shows what is sent.",
        "{server} 拒绝了请求({told})。请修改其指出的选项;--dry-run 可查看将发送的内容。",
    ),
    "error.server": (
        "{server} has a fault of its own ({told}). Ask again in a moment.",
        "{server} 内部出错({told})。请稍后重试。",
    ),
    "error.in_stream": (
        "The server reported an error in the middle of its answer ({told}). What had "
        "come is kept; ask again.",
        "服务端在回复途中报告错误({told})。已收到的内容已保留;请重新提问。",
    ),
    "error.which_model": (
        "{server} offers several models; choose one with -m or QWEN_NB_MODEL: {models}.",
        "{server} 提供多个模型,请用 -m 或 QWEN_NB_MODEL 选择其一:{models}。",
    ),
    "error.no_model": (
        "{server} lists no model; name one with -m or QWEN_NB_MODEL.",
        "{server} 未列出任何模型,请用 -m 或 QWEN_NB_MODEL 指定。",
    ),
    "error.base_url": (
        "{value!r}, from {origin}, is no address of a server. It should look like "
        "https://HOST/v1.",
        "{origin} 中的 {value!r} 不是有效的服务地址,应形如 https://HOST/v1。",
    ),
    "error.empty_prompt": (
        "There is no question: write one below %%qwen or after %qwen.",
        "没有问题:请在 %%qwen 下方或 %qwen 之后写出问题。",
    ),
    "error.option_value": (
        "{option} takes {wanted}, not {value!r}.",
        "{option} 需要{wanted},而不是 {value!r}。",
    ),
    # -- servers -------------------------------------------------------------------------
    "server.emulator": ("embedded emulator", "内置模拟器"),
    "stopped": (
        "stopped by you; what had come is kept in _qwen",
        "已由你停止;已收到的内容保存在 _qwen 中",
    ),
    "error.fill": (
        "{expression} could not be filled in ({reason}). Nothing was sent; mend it, or send the "
        "prompt as typed with --raw.",
        "无法填充 {expression}({reason})。未发送任何内容;请修改,或用 --raw 按原样发送。",
    ),
    "error.system_file": (
        "The system message could not be read from {name!r} ({reason}). Nothing was sent.",
        "无法从 {name!r} 读取系统消息({reason})。未发送任何内容。",
    ),
    "error.budget": (
        "A thinking budget is a number of tokens from 1, not {value}. --no-think switches "
        "thinking off.",
        "思考长度上限应为不小于 1 的 Token 数,而不是 {value}。--no-think 可关闭思考。",
    ),
    "error.max_tokens": (
        "--max-tokens is a number from 1, not {value}.",
        "--max-tokens 应不小于 1,而不是 {value}。",
    ),
    # -- the magics' line ------------------------------------------------------------------
    "line.unknown": (
        "There is no option {option}.{near} Words that begin with a dash go after --.",
        "没有选项 {option}。{near}以短横开头的文字请放在 -- 之后。",
    ),
    "line.missing_value": ("{option} needs a value after it.", "{option} 之后需要一个值。"),
    "line.no_value": ("{option} takes no value.", "{option} 不接受值。"),
    "line.bad_value": (
        "{option} takes {shown}, not {value!r}.",
        "{option} 需要 {shown},而不是 {value!r}。",
    ),
    "line.open_quote": (
        "The quote after {option} is not closed; a {quote} is missing.",
        "{option} 之后的引号没有闭合,缺少 {quote}。",
    ),
    "note.filled": ("filled in: {names}", "已填充:{names}"),
    # -- options -----------------------------------------------------------------------------
    "option.--model": ("model id", "模型 ID"),
    "option.--think": (
        "thinking on, with a budget of N tokens if given",
        "开启思考模式;给出 N 时限制思考长度为 N Token",
    ),
    "option.--no-think": ("thinking off", "关闭思考模式"),
    "option.--system": (
        "system message of this conversation, or the file that holds it",
        "本对话的系统消息,或存放它的文件",
    ),
    "option.--temperature": (
        "sampling temperature, from 0 to below 2",
        "采样温度,从 0 到 2(不含 2)",
    ),
    "option.--max-tokens": (
        "upper bound of the answer in tokens; thinking is not counted",
        "回复的 Token 上限,不含思考过程",
    ),
    "option.--param": (
        "any other request field; the value is read as JSON if it parses; repeatable",
        "任何其他请求字段;值能解析为 JSON 时按 JSON 读取;可重复",
    ),
    "option.--new": ("the conversation starts anew at this turn", "从这一轮开始新的对话"),
    "option.--once": ("no history in, none out", "不带历史,也不计入历史"),
    "option.--out": ("put the reply into this variable", "将回复存入该变量"),
    "option.--quiet": ("show nothing", "不显示任何内容"),
    "option.--raw": ("fill in no variables", "不填充变量"),
    "option.--hide-thinking": ("keep the thinking out of sight", "不显示思考过程"),
    "option.--dry-run": (
        "show what would be sent, and send nothing",
        "只显示将发送的内容,不发送",
    ),
    # -- commands ------------------------------------------------------------------------------
    "command.unknown": (
        "%qwen_nb has no command {command!r}.{near} %qwen_nb help lists them.",
        "%qwen_nb 没有命令 {command!r}。{near}%qwen_nb help 列出全部命令。",
    ),
    "command.near": (" Did you mean {name}?", "是否想输入 {name}?"),
    "command.help": ("these lines, or those of one command", "显示本帮助,或某个命令的说明"),
    "command.last": (
        "put the last reply into this cell, for example after the page was reloaded",
        "将上一条回复放入此单元格,例如在刷新页面之后",
    ),
    "command.new": (
        "let the next question begin a new conversation",
        "从下一个问题开始新的对话",
    ),
    "command.status": (
        "where questions go, and what has been asked so far",
        "显示问题发往何处,以及目前的对话",
    ),
    "command.new_done": (
        "The next question begins a new conversation.",
        "下一个问题将开始新的对话。",
    ),
    "command.no_last": (
        "There is no reply yet; ask with %%qwen.",
        "还没有回复;请用 %%qwen 提问。",
    ),
    "help.title": (
        "%%qwen [options] above a question asks it; %qwen [options] words does so on one line.",
        "%%qwen [选项] 写在问题上方即可提问;%qwen [选项] 文字 可单行提问。",
    ),
    "help.end": ("%%qwen? lists the options.", "%%qwen? 列出全部选项。"),
    # -- status --------------------------------------------------------------------------------
    "status.version": ("qwen_nb", "qwen_nb"),
    "status.model": ("model", "模型"),
    "status.thinking_on": ("thinking on", "思考模式开启"),
    "status.thinking_off": ("thinking off", "思考模式关闭"),
    "status.thinking_budget": ("thinking up to {budget} tokens", "思考不超过 {budget} Token"),
    "status.servers_model": (
        "the server's only one; else -m chooses",
        "服务端唯一的模型,否则用 -m 选择",
    ),
    "status.server": ("server", "服务"),
    "status.key": ("key", "API Key"),
    "status.no_key_emulator": (
        "none; set DASHSCOPE_API_KEY for Model Studio, or QWEN_NB_BASE_URL for another server",
        "无;设置 DASHSCOPE_API_KEY 使用百炼,或设置 QWEN_NB_BASE_URL 使用其他服务",
    ),
    "status.no_key": (
        "none sent (QWEN_NB_API_KEY is not set)",
        "不发送(未设置 QWEN_NB_API_KEY)",
    ),
    "status.key_set": ("found in {origin}", "来自 {origin}"),
    "status.conversation": ("conversation", "对话"),
    "status.turns": ("{n} turns, in memory", "{n} 轮,保存在内存中"),
    "status.tokens": ("tokens so far", "目前 Token 消耗"),
    "status.in_out": ("in {input} · out {output}", "输入 {input} · 输出 {output}"),
    "status.next": ("next", "接下来"),
    "status.next_steps": (
        "%%qwen asks · %qwen_nb new begins anew · %qwen_nb help lists the commands",
        "%%qwen 提问 · %qwen_nb new 开始新对话 · %qwen_nb help 列出命令",
    ),
    "preview.title": (
        "would send to {server} ({path}), {sent} earlier turns along, {left_out} left out, "
        "about {tokens} input tokens:",
        "将发送至 {server}({path}),附带前 {sent} 轮,略去 {left_out} 轮,输入约 {tokens} Token:",
    ),
    # -- the shell command ---------------------------------------------------------------------
    "shell.about": (
        "Ask Qwen and other reasoning models from a shell.",
        "在命令行中向千问等推理模型提问。",
    ),
    "shell.demo": (
        "ask one question here, then open a first notebook in JupyterLab",
        "先在此提一个问题,再用 JupyterLab 打开第一个 Notebook",
    ),
    "shell.no_lab": ("stop after the question", "提问后即结束"),
    "shell.chat": ("talk, round by round", "逐轮对话"),
    "shell.demo_question": ("Which is larger, 9.9 or 9.11?", "9.9和9.11谁大?"),
    "shell.round": ("Round {n}", "第 {n} 轮"),
    "shell.chat_hint": (
        "{model} on {server}. Write a question; exit or Ctrl-D leaves.",
        "{model},{server}。请输入问题;输入 exit 或按 Ctrl-D 退出。",
    ),
    "shell.prompt": ("You: ", "你:"),
    "shell.no_jupyterlab": (
        "JupyterLab is not installed here: pip install 'qwen_nb[demo]', then qwen-nb demo again.",
        "此环境未安装 JupyterLab:请 pip install 'qwen_nb[demo]',再运行 qwen-nb demo。",
    ),
    "shell.opening": (
        "Opening {path} in JupyterLab; Ctrl-C here ends it.",
        "正在用 JupyterLab 打开 {path};在此按 Ctrl-C 结束。",
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
