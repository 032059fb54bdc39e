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
    "usage.total": ("{n} tokens in all", "共 {n} Token"),
    # the table below the unfolded line
    "usage.table": ("Token counts", "Token 消耗"),
    "usage.row_input": ("input", "输入"),
    "usage.row_cached": ("of which cached", "其中缓存"),
    "usage.row_output": ("output", "输出"),
    "usage.row_thinking": ("of which thinking", "其中思考"),
    "usage.row_answer": ("of which answer", "其中回复"),
    "usage.row_total": ("total", "合计"),
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
    "error.no_key": (
        "There is no API key for {server}. Set DASHSCOPE_API_KEY, or give one with "
        "%qwen_nb login.",
        "没有 {server} 的 API Key。请设置 DASHSCOPE_API_KEY,或用 %qwen_nb login 提供。",
    ),
    "error.empty_prompt": (
        "There is no question: write one below %%qwen or after %qwen.",
        "没有问题:请在 %%qwen 下方或 %qwen 之后写出问题。",
    ),
    # -- the store of conversations ---------------------------------------------------------
    "error.no_turn": (
        "There is no turn {turn} in this conversation; %qwen_nb history lists them.",
        "当前会话中没有第 {turn} 轮;可用 %qwen_nb history 查看。",
    ),
    "error.nothing_to_retry": (
        "Nothing was asked in this conversation yet, so there is nothing to ask again.",
        "当前会话中还没有提问,无法重试。",
    ),
    "error.store_readonly": (
        "Conversations cannot be kept in {path} ({reason}). Make the file and its folder "
        "writable, or set QWEN_NB_HOME to another folder; until then they stay in memory.",
        "无法将会话保存到 {path}({reason})。请将该文件及其文件夹设为可写,或将 QWEN_NB_HOME "
        "设为其他文件夹;在此之前会话仅保留在内存中。",
    ),
    "error.store_full": (
        "There is no room left to keep conversations in {path} ({reason}). Free some space; "
        "until then they stay in memory.",
        "磁盘空间不足,无法将会话保存到 {path}({reason})。请释放空间;在此之前会话仅保留在内存中。",
    ),
    "error.store_damaged": (
        "{path}, which keeps the conversations, is damaged ({reason}) and was left as it is. "
        "Move it away or put a backup in its place; until then conversations stay in memory.",
        "保存会话的文件 {path} 已损坏({reason}),未作任何改动。请将其移走或用备份替换;"
        "在此之前会话仅保留在内存中。",
    ),
    "error.store_foreign": (
        "{path} is a database of another program and was left as it is. Move it away, or set "
        "QWEN_NB_HOME to another folder; until then conversations stay in memory.",
        "{path} 是其他程序的数据库,未作任何改动。请将其移走,或将 QWEN_NB_HOME 设为其他文件夹;"
        "在此之前会话仅保留在内存中。",
    ),
    "error.store_newer": (
        "{path} was written by a newer qwen_nb (format {found}; this one knows {known}) and "
        "was left as it is. pip install -U qwen_nb; until then conversations stay in memory.",
        "{path} 由更新版本的 qwen_nb 写入(格式 {found},当前版本支持到 {known}),未作任何改动。"
        "请 pip install -U qwen_nb;在此之前会话仅保留在内存中。",
    ),
    "error.store_busy": (
        "Another program has held {path} for too long ({reason}). Conversations stay in memory "
        "and are written with the next question; if it stays so, close the other program.",
        "{path} 长时间被其他程序占用({reason})。会话暂存于内存,将在下次提问时写入;"
        "若仍如此,请关闭该程序。",
    ),
    "error.store_failed": (
        "Conversations could not be kept in {path} ({reason}). They stay in memory and are "
        "tried again with the next question; if it stays so, look after that disk.",
        "无法将会话保存到 {path}({reason})。会话暂存于内存,将在下次提问时重试;若仍如此,请检查磁盘。",
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
    "option.--chat": (
        "another conversation of this notebook, made if it is not there; main is its own",
        "使用此笔记本的另一个对话,不存在则新建;main 为笔记本自己的对话",
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
    "command.code": (
        "the last request as code that runs; --as curl, openai or dashscope",
        "将上一次请求显示为可运行的代码;--as curl、openai 或 dashscope",
    ),
    "command.config": (
        "all settings and where they come from; NAME VALUE sets one for this session",
        "显示全部设置及其来源;NAME VALUE 为本次会话设置",
    ),
    "command.doctor": (
        "what works, what does not, and why; asks the server one short question",
        "检查哪些可用、哪些不可用及原因;会向服务提一个简短的问题",
    ),
    "command.jobs": ("the questions in the background", "列出后台任务"),
    "command.stop": (
        "stop the job with this number, or all that are running",
        "停止指定编号的后台任务;不带编号则全部停止",
    ),
    # -- jobs -----------------------------------------------------------------------
    "job.running": ("Job {id}: running", "任务 {id}:运行中"),
    "job.done": ("Job {id}: done", "任务 {id}:已完成"),
    "job.stopped": ("Job {id}: stopped", "任务 {id}:已停止"),
    "job.cut": ("Job {id}: cut", "任务 {id}:已中断"),
    "job.failed": ("Job {id}: failed", "任务 {id}:失败"),
    "job.colon": (". ", "。"),
    "jobs.none": ("There are no jobs; --bg starts one.", "没有后台任务;用 --bg 启动。"),
    "jobs.none_running": ("No job is running.", "没有运行中的后台任务。"),
    "jobs.unknown": (
        "There is no job {wanted}; %qwen_nb jobs lists those there are.",
        "没有后台任务 {wanted};用 %qwen_nb jobs 查看。",
    ),
    "jobs.id": ("job", "任务"),
    "jobs.state": ("state", "状态"),
    "jobs.model": ("model", "模型"),
    "jobs.words": ("question", "问题"),
    "jobs.seconds": ("seconds", "秒"),
    "jobs.tokens": ("tokens", "Token"),
    "jobs.running": ("Running", "运行中"),
    "command.login": (
        "give a key with a hidden prompt; it is kept for its server only",
        "以隐藏输入提供 API Key;仅用于对应的服务",
    ),
    "command.logout": ("forget a key that login kept", "删除 login 保存的 API Key"),
    "command.models": (
        "the models that are known; words after it choose among them",
        "列出已知模型;可附加筛选词",
    ),
    "command.resume": (
        "go on with the last turn, if it was stopped or cut",
        "继续上一轮被停止或中断的回复",
    ),
    "command.servers": ("the servers that use knows", "列出 use 可选的服务"),
    "command.use": (
        "choose a server, an address, a model, or SERVER/MODEL for this session",
        "为本次会话选择服务、地址、模型,或 SERVER/MODEL",
    ),
    "models.none": (
        "No known model has {filter!r} in it. Unknown ids work all the same: -m ID.",
        "没有包含 {filter!r} 的已知模型。未知的模型 ID 同样可用:-m ID。",
    ),
    "servers.name": ("name", "名称"),
    "servers.title": ("server", "服务"),
    "servers.url": ("address", "地址"),
    "use.wanted": (
        "Name a server, an address or a model: %qwen_nb servers and %qwen_nb models list them.",
        "请给出服务、地址或模型:%qwen_nb servers 与 %qwen_nb models 可列出。",
    ),
    "use.unknown": (
        "{wanted!r} is no known server or model.{near} Servers: {servers}. An unknown model: "
        "%qwen_nb config model ID.",
        "{wanted!r} 不是已知的服务或模型。{near}服务:{servers}。未知模型请用 %qwen_nb config model ID。",
    ),
    "use.done": (
        "Questions go to {server} from now on (model: {model}).",
        "此后的问题将发往 {server}(模型:{model})。",
    ),
    "config.unknown": (
        "There is no setting {name!r}; there are: {names}.",
        "没有设置 {name!r};可用:{names}。",
    ),
    "config.default": ("default", "默认"),
    "login.prompt": ("API key for {server}: ", "{server} 的 API Key:"),
    "login.nobody": (
        "Nobody can type a key here; set DASHSCOPE_API_KEY in the environment instead.",
        "此处无法输入 API Key;请改为设置环境变量 DASHSCOPE_API_KEY。",
    ),
    "login.empty": ("No key was given; nothing was kept.", "未输入 API Key,未保存任何内容。"),
    "login.done": (
        "The key for {server} is kept in {where}.",
        "{server} 的 API Key 已保存至{where}。",
    ),
    "login.keyring": ("the system's keyring", "系统密钥环"),
    "login.file": ("a file only you can read", "仅你可读的文件"),
    "logout.done": ("The key for {server} is forgotten.", "已删除 {server} 的 API Key。"),
    "logout.none": ("There was no kept key for {server}.", "没有为 {server} 保存过 API Key。"),
    "code.form": ("code takes --as and one of {forms}.", "code 接受 --as 及以下之一:{forms}。"),
    "code.no_native": (
        "{server} does not speak the native protocol; --as curl or openai.",
        "{server} 不支持原生协议;请用 --as curl 或 openai。",
    ),
    "option.--bg": (
        "do not wait: gives a Job with wait(), reply and stop()",
        "不等待:返回 Job,可用 wait()、reply 和 stop()",
    ),
    "option.--server": ("another server for this call", "本次调用使用其他服务"),
    "option.--dialect": ("another protocol for this call", "本次调用使用其他协议"),
    "option.--force": (
        "send although a check of ours says it will be refused",
        "即使检查认为会被拒绝,也照样发送",
    ),
    "note.region_found": (
        "the key belongs to {server}; questions go there from now on",
        "该 API Key 属于 {server};此后的问题将发往那里",
    ),
    "note.scripted_left_out": (
        "{n} earlier turns were answered by the emulator and not sent",
        "此前 {n} 轮由模拟器回答,未发送",
    ),
    "note.job_left_out": (
        "{n} running job left out",
        "未附带 {n} 个仍在运行的后台任务",
    ),
    "note.jobs_left_out": (
        "{n} running jobs left out",
        "未附带 {n} 个仍在运行的后台任务",
    ),
    "note.goes_on": (
        "went on from where the answer broke off, with thinking off",
        "从中断处继续,思考模式关闭",
    ),
    "note.asked_again": ("asked again", "已重新提问"),
    "error.nothing_to_resume": (
        "The last turn had come to its end, so there is nothing to go on with. Ask again.",
        "上一轮已完整结束,无可继续。请重新提问。",
    ),
    "error.no_native": (
        "{server} does not speak the native protocol; leave out --dialect dashscope.",
        "{server} 不支持原生协议;请去掉 --dialect dashscope。",
    ),
    "error.setting": (
        "{name} takes {shown}, not {value!r} (from {origin}).",
        "{name} 需要 {shown},而不是 {value!r}(来自 {origin})。",
    ),
    "error.settings_file": (
        "{name} cannot be read ({reason}). Mend it or move it away.",
        "无法读取 {name}({reason})。请修复或移走该文件。",
    ),
    "error.settings_name": (
        "{name} has settings that do not exist: {unknown}. %qwen_nb config lists those that do.",
        "{name} 中有不存在的设置:{unknown}。%qwen_nb config 可列出全部设置。",
    ),
    "error.region": (
        "{value!r} is no region of Model Studio; choose one of {regions}.",
        "{value!r} 不是百炼的地域;请选择:{regions}。",
    ),
    "error.unknown_server": (
        "{value!r} is no known server; give its address, or one of {servers}.",
        "{value!r} 不是已知的服务;请给出地址,或选择:{servers}。",
    ),
    "error.workspace": (
        "{{WorkspaceId}} in {origin} stands for the id of your workspace; put that in its place.",
        "{origin} 中的 {{WorkspaceId}} 代表你的业务空间 ID,请替换为实际值。",
    ),
    "error.workspace_id": (
        "{value!r} is no workspace id: letters, digits, - and _ only.",
        "{value!r} 不是有效的业务空间 ID:只能包含字母、数字、- 和 _。",
    ),
    "error.workspace_wanted": (
        "{server} is reached through the host of a workspace only; set DASHSCOPE_WORKSPACE_ID.",
        "{server} 只能通过业务空间的地址访问;请设置 DASHSCOPE_WORKSPACE_ID。",
    ),
    "error.plan_key": (
        "The key from {origin} is one of the {server} and goes to its own host only: "
        "%qwen_nb use {name}, or set another key.",
        "来自 {origin} 的 API Key 属于 {server},只能发往其专用地址:请用 %qwen_nb use {name},或设置其他 API Key。",
    ),
    "error.address_wanted": (
        "{server} has no address of its own: give its row a base_url in your servers.toml.",
        "{server} 没有固定地址:请在你的 servers.toml 中为其设置 base_url。",
    ),
    "doctor.versions": ("{versions}", "{versions}"),
    "doctor.setting": ("{name} = {value}, from {origin}", "{name} = {value},来自 {origin}"),
    "doctor.server": ("server: {server} <{url}>", "服务:{server} <{url}>"),
    "doctor.no_key": (
        "no key and no address are set, so the embedded emulator answers; set DASHSCOPE_API_KEY "
        "for Model Studio, or QWEN_NB_BASE_URL for another server",
        "未设置 API Key 和地址,由内置模拟器回答;设置 DASHSCOPE_API_KEY 使用百炼,或设置 QWEN_NB_BASE_URL",
    ),
    "doctor.key_none": ("no key is sent to this server", "不向此服务发送 API Key"),
    "doctor.key_found": ("a key was found: {origin}", "找到 API Key:{origin}"),
    "doctor.proxy": (
        "proxies are set ({proxies}); servers on this machine are reached without them",
        "已设置代理({proxies});本机服务不经过代理",
    ),
    "doctor.models": (
        "the server answers and lists {n} models: {models}",
        "服务正常,列出 {n} 个模型:{models}",
    ),
    "doctor.key_elsewhere": (
        "the server refuses the key from {origin}; put the right one there",
        "服务拒绝了来自 {origin} 的 API Key;请在该处换成正确的 API Key",
    ),
    "doctor.key_wanted": (
        "the server wants a key and none was found; set QWEN_NB_API_KEY, or %qwen_nb login",
        "服务需要 API Key,但未找到;请设置 QWEN_NB_API_KEY,或使用 %qwen_nb login",
    ),
    "doctor.key_fits": (
        "the key is accepted by {server}: %qwen_nb use {region}, or set QWEN_NB_REGION={region}",
        "该 API Key 可用于 {server}:请用 %qwen_nb use {region},或设置 QWEN_NB_REGION={region}",
    ),
    "doctor.key_fits_nowhere": (
        "no region of Model Studio accepts the key; it may be mistyped, or revoked",
        "百炼的任何地域都不接受该 API Key;可能输入有误,或已失效",
    ),
    "doctor.through_proxy": (
        "{host} is reached through the proxy {proxy}; if the proxy is the cause, unset it or "
        "add {host} to NO_PROXY",
        "访问 {host} 经过代理 {proxy};若原因在代理,请取消代理,或将 {host} 加入 NO_PROXY",
    ),
    "doctor.thinking_switch": (
        "thinking is switched here by: {style}",
        "此服务切换思考模式的方式:{style}",
    ),
    "doctor.thinking_inline": (
        "this server sends its thinking inside the answer, between think tags; it is split off",
        "此服务将思考过程放在回复内的 think 标签之间;已自动拆分",
    ),
    "doctor.thinking_unsplit": (
        "{model} sends its thinking inside the answer, between think tags; a row for this "
        "address with inline_think = true in your servers.toml splits it off",
        "{model} 将思考过程放在回复内的 think 标签之间;在你的 servers.toml 中为此地址添加 "
        "inline_think = true 的条目即可拆分",
    ),
    "doctor.thinking_streams": ("thinking streams ({model})", "思考过程可流式返回({model})"),
    "doctor.thinking_none": (
        "{model} answered without thinking; choose a model that thinks, or see how this server "
        "switches it on",
        "{model} 回答时没有思考过程;请选择支持思考的模型,或查看该服务如何开启思考",
    ),
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
        "let the next question begin anew; NAME: make a conversation and go over to it",
        "从下一个问题重新开始;给出 NAME 则新建对话并切换过去",
    ),
    "command.chats": (
        "the conversations of this notebook: turns, tokens, when they were used last",
        "列出此笔记本的对话:轮数、Token 消耗、最近使用时间",
    ),
    "command.switch": (
        "NAME: ask another conversation of this notebook; main is its own",
        "NAME:切换到此笔记本的另一个对话;main 为笔记本自己的对话",
    ),
    "command.history": (
        "the last N turns with all their versions; TURN --thinking shows one in full",
        "显示最近 N 轮及其全部版本;TURN --thinking 显示某一轮的全文及思考过程",
    ),
    "command.search": (
        "TEXT: look for words in everything asked and answered, in all notebooks",
        "TEXT:在所有笔记本的全部提问和回复中搜索",
    ),
    "command.undo": (
        "take the last turn back, or the last N; they are kept",
        "撤销最后一轮或最后 N 轮;内容会保留",
    ),
    "command.restore": (
        "bring back what left last, or the other version of a TURN",
        "恢复最近撤销或替换的一轮,或某一轮 TURN 的另一个版本",
    ),
    "command.fork": (
        "NAME [--at TURN]: copy the turns up to one into a new conversation",
        "NAME [--at TURN]:将截至某一轮的内容复制为新对话",
    ),
    "command.retry": (
        "ask the last question again, with the options of %qwen; the old answer is kept",
        "重新提出上一个问题,可用 %qwen 的选项;原回复会保留",
    ),
    "command.export": (
        "FILE: .jsonl with everything, .md to read, .json as the API's messages; "
        "--force writes over a file",
        "FILE:.jsonl 保存全部内容,.md 供阅读,.json 为 API 的消息格式;--force 覆盖已有文件",
    ),
    "command.import": (
        "FILE: make a conversation of a .jsonl that was exported, or of .json messages",
        "FILE:将导出的 .jsonl 或 .json 消息读入为新对话",
    ),
    "command.status": (
        "where questions go, and what has been asked so far",
        "显示问题发往何处,以及目前的对话",
    ),
    "command.new_done": (
        "The next question begins a new conversation.",
        "下一个问题将开始新的对话。",
    ),
    # -- conversations: what the commands say ---------------------------------------------
    "chats.sends": (
        "The next question sends {n} earlier turns along.",
        "下一个问题将附带之前的 {n} 轮。",
    ),
    "chats.sends_one": (
        "The next question sends {n} earlier turn along.",
        "下一个问题将附带之前的 {n} 轮。",
    ),
    "chats.sends_none": (
        "The next question sends no earlier turns along.",
        "下一个问题不附带之前的内容。",
    ),
    "chats.active": ("now", "当前"),
    "chats.name": ("conversation", "对话"),
    "chats.turns": ("turns", "轮数"),
    "chats.tokens": ("in / out", "输入 / 输出"),
    "chats.used": ("last used", "最近使用"),
    "chats.kept": ("kept", "保存"),
    "chats.memory": ("in memory", "内存中"),
    "chats.number": (
        "{command} takes a number from 1 on, not {word!r}.",
        "{command} 需要从 1 开始的数字,而不是 {word!r}。",
    ),
    "chats.name_wanted": (
        "A name is wanted, for example: %qwen_nb fork draft --at 2.",
        "需要一个名称,例如:%qwen_nb fork draft --at 2。",
    ),
    "chats.taken": (
        "There is a conversation {name} already; %qwen_nb switch {name} goes over to it.",
        "对话 {name} 已存在;可用 %qwen_nb switch {name} 切换过去。",
    ),
    "chats.unknown": (
        "This notebook has no conversation {name!r}.{near} It has: {names}; "
        "%qwen_nb new NAME makes one.",
        "此笔记本没有对话 {name!r}。{near}现有:{names};可用 %qwen_nb new NAME 新建。",
    ),
    "chats.new_done": (
        "Conversation {name} is new, and is asked from now on.",
        "已新建对话 {name},从现在起使用它。",
    ),
    "chats.switched": (
        "Conversation {name} is asked from now on.",
        "从现在起使用对话 {name}。",
    ),
    "chats.forked": (
        "Conversation {name} is a copy of {of} up to turn {turn}, and is asked from now on.",
        "对话 {name} 是 {of} 截至第 {turn} 轮的副本,从现在起使用它。",
    ),
    "undo.none": ("There is no turn to take back.", "没有可撤销的轮次。"),
    "undo.one": (
        "Turn {turn} ({words}) is taken back; %qwen_nb restore brings it again.",
        "已撤销第 {turn} 轮({words});可用 %qwen_nb restore 恢复。",
    ),
    "undo.earlier": (
        "The turn before ({words}) is taken back; %qwen_nb restore brings it again.",
        "已撤销之前的一轮({words});可用 %qwen_nb restore 恢复。",
    ),
    "undo.done": (
        "{n} turns are taken back; %qwen_nb restore brings them again, one by one.",
        "已撤销 {n} 轮;可用 %qwen_nb restore 逐轮恢复。",
    ),
    "restore.none": (
        "Nothing was taken back or replaced in this conversation.",
        "此对话中没有被撤销或替换的内容。",
    ),
    "restore.no_version": (
        "Turn {turn} has no other version.",
        "第 {turn} 轮没有其他版本。",
    ),
    "restore.done": ("Turn {turn} ({words}) is back.", "已恢复第 {turn} 轮({words})。"),
    "restore.version": (
        "Another version of turn {turn} ({words}) stands; the one before is kept, and "
        "%qwen_nb restore {turn} changes them again.",
        "已换为第 {turn} 轮({words})的另一个版本;之前的版本会保留,"
        "可用 %qwen_nb restore {turn} 换回。",
    ),
    "retry.words": (
        "retry takes options only; a new question is asked with %qwen.",
        "retry 只接受选项;新问题请用 %qwen 提出。",
    ),
    "history.none": (
        "Nothing was asked in this conversation yet.",
        "此对话中还没有提问。",
    ),
    "history.takes": (
        "history takes a number, and --thinking to show that turn in full.",
        "history 接受一个数字,加 --thinking 显示该轮全文。",
    ),
    "history.more": (
        "Earlier turns not shown: {n}; %qwen_nb history {all} shows all.",
        "另有之前的 {n} 轮;%qwen_nb history {all} 显示全部。",
    ),
    "history.turn": ("turn", "轮"),
    "history.cell": ("cell", "单元格"),
    "history.model": ("model", "模型"),
    "history.words": ("question", "问题"),
    "history.tokens": ("in / out", "输入 / 输出"),
    "history.marks": ("remarks", "备注"),
    "history.replaced": ("replaced", "已替换"),
    "history.undone": ("taken back", "已撤销"),
    "history.deleted": ("cell deleted", "单元格已删除"),
    "history.older": ("on older context", "基于较早的上下文"),
    "history.anew": ("begins anew", "重新开始"),
    "history.stopped": ("stopped", "已停止"),
    "history.cut": ("cut", "已中断"),
    "history.failed": ("no answer", "无回复"),
    "history.blocked": ("blocked", "已拦截"),
    "history.length": ("cut at its length", "达到长度上限"),
    "search.wanted": (
        "search takes the words to look for; in quotes, a phrase.",
        "search 需要要搜索的文字;引号内为词组。",
    ),
    "search.none": ("Nothing was found for {wanted}.", "没有找到:{wanted}。"),
    "search.unreadable": (
        "{path} cannot be read, so only what is in memory was looked through; %qwen_nb status "
        "says why.",
        "无法读取 {path},因此只搜索了内存中的内容;原因见 %qwen_nb status。",
    ),
    "search.notebook": ("notebook", "笔记本"),
    "search.name": ("conversation", "对话"),
    "search.turn": ("turn", "轮"),
    "search.when": ("asked", "提问时间"),
    "search.words": ("found", "内容"),
    "search.memory": ("in memory", "内存中"),
    "export.title": ("Conversation {name}", "对话 {name}"),
    "export.form": (
        "A file is wanted whose name ends in one of {forms}.",
        "需要一个以 {forms} 之一结尾的文件名。",
    ),
    "export.exists": (
        "{path} is there already and was left as it is; --force writes over it.",
        "{path} 已存在,未作改动;加 --force 覆盖。",
    ),
    "export.failed": ("{path}: {reason}.", "{path}:{reason}。"),
    "export.done_jsonl": (
        "{path} holds everything, with all versions (answers: {n}).",
        "已将全部内容写入 {path}:{n} 条回复,含所有版本。",
    ),
    "export.done_md": (
        "{path} is written for reading (turns: {n}).",
        "已将 {n} 轮写入 {path}。",
    ),
    "export.done_json": (
        "{path} holds what the next question would send along (turns: {n}).",
        "已将下一个问题会附带的内容写入 {path}:{n} 轮。",
    ),
    "import.done": (
        "Conversation {name} holds what was imported (turns: {n}), and is asked from now on.",
        "已将导入的内容存为对话 {name}({n} 轮),从现在起使用它。",
    ),
    "import.left_out": (
        "What no turn can hold was left out (messages or parts: {n}).",
        "无法保存为轮次的内容已略去:{n} 条消息或内容块。",
    ),
    "import.nothing": (
        "The file holds no questions, so nothing was imported.",
        "文件中没有提问,未导入任何内容。",
    ),
    "error.import_line": (
        "Line {line} of the file cannot be read ({reason}); nothing was imported.",
        "无法读取文件的第 {line} 行({reason});未导入任何内容。",
    ),
    "error.import_newer": (
        "The file has version {version} of the form, which is newer than this qwen_nb; "
        "update it. Nothing was imported.",
        "文件格式为版本 {version},比当前的 qwen_nb 新;请先升级。未导入任何内容。",
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
        "none found; %qwen_nb login or {name} gives one",
        "未找到;可用 %qwen_nb login 或 {name} 提供",
    ),
    "status.key_set": ("found in {origin}", "来自 {origin}"),
    "status.conversation": ("conversation", "对话"),
    "status.turns": (
        "{n} turns in {name}, in memory only",
        "{name},{n} 轮,仅保存在内存中",
    ),
    "status.turns_kept": ("{n} turns in {name}, kept in {path}", "{name},{n} 轮,保存在 {path}"),
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
    # -- models: the table, and a person's own files ----------------------------------------
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
    # -- rules: refused before sending: the reason, then the way out --------------------------
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
    # -- rules: said with the answer; what was left out or may be refused ----------------------
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
    # -- context: what is said to the model in place of older turns --------------------------
    "context.summary.prompt": (
        "Summarise this part of a conversation between a user and an assistant, so that the assistant can go on with it from the summary alone. Keep names, figures, decisions, definitions, code that is still in use, the user's wishes about form, and open questions; leave out pleasantries. At most {n} words, in the language of the conversation. Write the summary only.\n\n<conversation>\n{rounds}\n</conversation>",
        "请总结下面这段用户与助手的对话,使助手仅凭总结就能继续对话。请保留名称、数字、决定、定义、仍在使用的代码、用户对形式的要求以及未解决的问题;略去寒暄。不超过 {n} 个词,使用对话所用的语言。只写总结。\n\n<conversation>\n{rounds}\n</conversation>",
    ),
    "context.summary.more": (
        "Summarise this part of a conversation between a user and an assistant, so that the assistant can go on with it from the summary alone. What came before is already summarised: work that and what follows into one summary. Keep names, figures, decisions, definitions, code that is still in use, the user's wishes about form, and open questions; leave out pleasantries. At most {n} words, in the language of the conversation. Write the summary only.\n\n<summary>\n{so_far}\n</summary>\n\n<conversation>\n{rounds}\n</conversation>",
        "请总结下面这段用户与助手的对话,使助手仅凭总结就能继续对话。此前的内容已有总结:请将其与后续内容合并为一份总结。请保留名称、数字、决定、定义、仍在使用的代码、用户对形式的要求以及未解决的问题;略去寒暄。不超过 {n} 个词,使用对话所用的语言。只写总结。\n\n<summary>\n{so_far}\n</summary>\n\n<conversation>\n{rounds}\n</conversation>",
    ),
    "context.summary.head": (
        "[Summary of the first {n} rounds of this conversation, in their place:]\n{summary}\n[End of the summary; the conversation goes on:]\n\n",
        "[本对话前 {n} 轮的总结,代替原文:]\n{summary}\n[总结结束;对话继续:]\n\n",
    ),
    "context.quote.head": (
        "[Quoted from earlier in this conversation, since it is near the question; other rounds are left out:]\n{rounds}\n[End of the quotes; the question:]\n\n",
        "[引自本对话此前与提问相近的内容;其余各轮已略去:]\n{rounds}\n[引用结束;提问:]\n\n",
    ),
    "context.quote.round": (
        '<round number="{n}">\n{said}\n</round>',
        '<round number="{n}">\n{said}\n</round>',
    ),
    "context.said.user": ("User: {said}", "用户:{said}"),
    "context.said.assistant": ("Assistant: {said}", "助手:{said}"),
    "context.said.system": ("System: {said}", "系统:{said}"),
    "context.said.tool": ("Tool result: {said}", "工具结果:{said}"),
    "context.said.call": (
        "Assistant calls the tool {name}: {arguments}",
        "助手调用工具 {name}:{arguments}",
    ),
    # -- context: what a reader is told ----------------------------------------------------------
    "context.note.single_turn": (
        "{model} takes a single question; {n} earlier turns were not sent",
        "{model} 只支持单轮提问;此前 {n} 轮未发送",
    ),
    "context.note.will_summarise": (
        "the conversation nears the most that {model} takes in; a call of its own summarises the first {n} turns, which stay in the notebook",
        "对话接近 {model} 的最大输入长度;将另行调用一次模型来总结前 {n} 轮,原文仍保留在笔记本中",
    ),
    "context.note.summarised": (
        "the first {n} turns were sent as a summary",
        "前 {n} 轮以总结代替发送",
    ),
    "context.note.no_summary": (
        "a summary of the older turns could not be had",
        "未能得到较早各轮的总结",
    ),
    "context.note.left_out": (
        "{n} earlier turns were left out",
        "此前 {n} 轮未发送",
    ),
    "context.note.quoted": (
        "{n} of {all} earlier turns were quoted, those nearest to the question",
        "此前 {all} 轮中引用了与提问最相近的 {n} 轮",
    ),
    "error.question_too_long": (
        "The question has about {question} tokens, and {rest} more go with it; {model} takes {limit} in all. Nothing was sent. Shorten it, or choose a model with a longer context with -m; %qwen_nb config context off sends it anyway.",
        "提问约 {question} Token,另有 {rest} Token 随之发送;{model} 共可输入 {limit} Token。未发送任何内容。请缩短提问,或用 -m 换用上下文更长的模型;%qwen_nb config context off 可照样发送。",
    ),
    "error.turn_too_long": (
        "The question has about {question} tokens, the turn before it {turn}, and {rest} more go with them; {model} takes {limit} in all. Nothing was sent. Ask without history (--once), begin anew (--new), or choose a model with a longer context with -m; %qwen_nb config context off sends it anyway.",
        "提问约 {question} Token,上一轮约 {turn} Token,另有 {rest} Token 随之发送;{model} 共可输入 {limit} Token。未发送任何内容。请不带历史提问(--once)、重新开始(--new),或用 -m 换用上下文更长的模型;%qwen_nb config context off 可照样发送。",
    ),
    "error.no_retrieval": (
        "Looking for similar turns needs an extra that is not installed: pip install 'qwen_nb[retrieval]'. Or set %qwen_nb config context auto.",
        "查找相近的各轮需要安装附加组件:pip install 'qwen_nb[retrieval]'。也可设置 %qwen_nb config context auto。",
    ),
    "error.embeddings": (
        "{model} gave another number of vectors than texts, so nothing could be looked for. Ask again, or set %qwen_nb config context auto.",
        "{model} 返回的向量数与文本数不符,无法查找。请重试,或设置 %qwen_nb config context auto。",
    ),
    "error.not_retrieved": (
        "The similar turns could not be looked for. Ask again, or set %qwen_nb config context auto.",
        "未能查找相近的各轮。请重试,或设置 %qwen_nb config context auto。",
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
    "shell.emulator": (
        "serve the emulator on this machine, for programs and tests of your own",
        "在本机运行模拟器,供你自己的程序和测试使用",
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
    # -- which notebook: what a person must know of the conversation that goes on ----------
    "note.turn_was_cut": (
        "the kernel ended while turn {turn} was being answered; what had come is kept, and %qwen_nb resume goes on with it",
        "第 {turn} 轮回复时内核已终止;已收到的内容已保留,可用 %qwen_nb resume 继续",
    ),
    "identity.forked": (
        "This notebook is a copy: its conversation goes on apart from the original's.",
        "此笔记本是副本:其对话从这里起与原笔记本分开继续。",
    ),
    "identity.forked_named": (
        "This notebook is a copy: conversation {name} goes on apart from the original's.",
        "此笔记本是副本:对话 {name} 从这里起与原笔记本分开继续。",
    ),
    "identity.rebuilt": (
        "This notebook is not in the store: its conversation goes on from the turns its outputs carry ({n}).",
        "存储中没有此笔记本:对话从其输出所带的轮次继续({n} 轮)。",
    ),
    "identity.rebuilt_named": (
        "This notebook is not in the store: conversation {name} goes on from the turns its outputs carry ({n}).",
        "存储中没有此笔记本:对话 {name} 从其输出所带的轮次继续({n} 轮)。",
    ),
    # -- the wire: notes on thinking, and advice for known messages of the service --------
    "error.advised": (
        "{server} refused the request ({told}).",
        "{server} 拒绝了请求({told})。",
    ),
    "error.advised_in_stream": (
        "{server} reported an error instead of going on ({told}); what had come is kept.",
        "{server} 中途报告错误({told});已收到的内容已保留。",
    ),
    "error.messages": (
        "Entry {number} of the messages is none that the API knows ({reason}). It takes role system, user, assistant or tool, with a text or a list of parts.",
        "第 {number} 条消息不符合 API 的格式({reason})。角色应为 system、user、assistant 或 tool,内容应为文本或内容列表。",
    ),
    "error.thinking_style": (
        "{value!r} is no way to switch thinking; the ways are {styles}.",
        "{value!r} 不是切换思考模式的方式;可用的方式有 {styles}。",
    ),
    "note.no_budget": (
        "this server takes no thinking budget; {budget} was left out",
        "该服务不支持限制思考长度;已略去 {budget}",
    ),
    "note.no_switch": (
        "this server has no switch for thinking; nothing was sent for it",
        "该服务没有思考模式开关;未发送相关参数",
    ),
    "note.effort": (
        "this server takes an effort in place of a budget: {budget} tokens became {effort}",
        "该服务以强度代替思考长度:{budget} Token 转为 {effort}",
    ),
    "note.thought_anyway": (
        "the model thought although thinking was switched off",
        "思考模式已关闭,模型仍进行了思考",
    ),
    "note.no_thinking": (
        "thinking was switched on and the model gave none",
        "思考模式已开启,但模型没有输出思考过程",
    ),
    "note.cut_at_budget": (
        "thinking was cut at the budget of {budget} tokens",
        "思考过程达到 {budget} Token 的长度限制而截断",
    ),
    "note.ate_answer": (
        "thinking used up all tokens and none was left for the answer; give a budget with --think N or raise the limit",
        "思考过程用尽了 Token,未能给出完整回复;请用 --think N 限制思考长度,或调大输出上限",
    ),
    "advice.stream": (
        "This model answers only as a stream. Take stream=false out of -p; qwen_nb always streams.",
        "该模型只支持流式输出。请去掉 -p 中的 stream=false;qwen_nb 始终使用流式输出。",
    ),
    "advice.budget": (
        "The thinking budget must be at least 1 and at most what this model allows; give a smaller N after --think, or none.",
        "限制思考长度的值须不小于 1 且不超过该模型的上限;请调小 --think 后的 N,或不填。",
    ),
    "advice.always_thinks": (
        "This model always thinks (a thinking-only model); leave out --no-think, or choose a hybrid model with -m.",
        "该模型仅支持思考模式;请去掉 --no-think,或用 -m 选择混合思考模式的模型。",
    ),
    "advice.incremental": (
        "With this model the native protocol wants incremental output; take incremental_output out of -p.",
        "该模型在原生协议下必须增量输出;请去掉 -p 中的 incremental_output。",
    ),
    "advice.result_format": (
        "While thinking, the native protocol wants results as messages; take result_format out of -p.",
        "思考模式下原生协议的结果须为 message 格式;请去掉 -p 中的 result_format。",
    ),
    "advice.json_thinking": (
        "A structured answer and thinking exclude each other here; add --no-think, or ask for JSON in a second question.",
        "结构化输出与思考模式不能同时使用;请加 --no-think,或在下一个问题中再要求 JSON。",
    ),
    "advice.json_word": (
        "For a JSON answer the prompt has to contain the word json; say in it that you want JSON.",
        "要求 JSON 输出时,提示词中须出现 json 一词;请在问题中写明需要 JSON。",
    ),
    "advice.tool_choice": (
        "While thinking, the model chooses tools by itself; leave tool_choice at auto or none, or add --no-think.",
        "思考模式下由模型自行选择工具;tool_choice 只能为 auto 或 none,或加 --no-think。",
    ),
    "advice.too_long": (
        "The conversation is longer than this model takes in; begin anew with --new, ask with --once, or choose a model with a longer context.",
        "对话超出该模型的最大输入长度;请用 --new 重新开始、用 --once 单独提问,或换用上下文更长的模型。",
    ),
    "advice.max_tokens": (
        "--max-tokens is above what this model can write; give a smaller number.",
        "--max-tokens 超出该模型的最大输出长度;请调小。",
    ),
    "advice.range": (
        "One of the sampling options is outside its range, which the message names; correct that option or leave it out.",
        "某个采样参数超出了上述范围;请改正或去掉该参数。",
    ),
    "advice.batch_size": (
        "Too many texts in one call; send at most ten at a time.",
        "单次请求的文本过多;请每次最多发送 10 条。",
    ),
    "advice.tool_name": (
        "This tool name is reserved by the service; rename the function.",
        "该工具名是服务的保留名;请重命名函数。",
    ),
    "advice.tool_round": (
        "A tool result in the history has lost the call it answers; keep a tool round whole or begin anew with --new.",
        "历史中的工具结果缺少对应的工具调用;请保留完整的工具调用轮次,或用 --new 重新开始。",
    ),
    "advice.tool_loop": (
        "The model keeps calling the same tool; drop a forced tool_choice, or let the tool say that it has nothing more to give.",
        "模型在重复调用同一工具;请去掉强制的 tool_choice,或让工具返回“没有更多结果”。",
    ),
    "advice.no_tools": (
        "This model cannot call tools; ask without them or choose another model with -m.",
        "该模型不支持工具调用;请去掉工具,或用 -m 换用其他模型。",
    ),
    "advice.no_search": (
        "This model has no web search; leave enable_search out or choose another model with -m.",
        "该模型不支持联网搜索;请去掉 enable_search,或用 -m 换用其他模型。",
    ),
    "advice.last_message": (
        "The last message sent has to be the user's, or a tool's result; look at it with --dry-run.",
        "最后一条消息须来自用户或工具结果;可用 --dry-run 查看。",
    ),
    "advice.bad_arguments": (
        "The arguments of an earlier tool call are no valid JSON; begin anew with --new.",
        "历史中某次工具调用的参数不是有效的 JSON;请用 --new 重新开始。",
    ),
    "advice.text_only": (
        "This model, or this way to reach it, takes plain text only; leave attachments out or choose a model that sees, such as qwen3-vl-plus.",
        "该模型或该接口只接受纯文本;请去掉附件,或换用视觉模型,例如 qwen3-vl-plus。",
    ),
    "advice.bad_part": (
        "A part of a message is of a kind this model does not know; look at it with --dry-run.",
        "消息中含有该模型不支持的内容类型;可用 --dry-run 查看。",
    ),
    "advice.no_content": (
        "A message in the list is empty; look at it with --dry-run.",
        "消息列表中有内容为空的消息;可用 --dry-run 查看。",
    ),
    "advice.no_messages": (
        "No messages arrived in the place where this protocol looks for them; check that dialect and base URL belong together.",
        "服务端在该协议规定的位置没有找到消息;请确认协议与 base URL 相匹配。",
    ),
    "advice.languages": (
        "The translation model does not take this pair of languages; change source_lang or target_lang.",
        "翻译模型不支持该语种组合;请修改 source_lang 或 target_lang。",
    ),
    "advice.file_parsing": (
        "The service is still reading the file; ask again in a moment.",
        "服务端仍在解析文件;请稍后再试。",
    ),
    "advice.route": (
        "This model is reached at the other path of the native protocol (text or multimodal); the compatible protocol has one path for all models.",
        "该模型须使用原生协议的另一接口(文本或多模态);OpenAI 兼容协议则统一使用一个接口。",
    ),
    "advice.no_model": (
        "Check the spelling of the model id after -m, that it exists in your region, and that your workspace may use it: https://www.alibabacloud.com/help/en/model-studio/error-code",
        "请检查 -m 后的模型 ID 拼写、该模型在所选地域是否提供,以及业务空间是否有权使用:https://www.alibabacloud.com/help/zh/model-studio/error-code",
    ),
    "advice.moderation": (
        "Reword the question or leave the passage out: the content inspection stopped it.",
        "内容安全检测未通过;请修改措辞或删去相关内容。",
    ),
    "advice.free_tier": (
        "The free quota is used up and the account is set to free use only; switch that off in the console, or choose another model: https://www.alibabacloud.com/help/en/model-studio/error-code",
        "免费额度已用完,且账号设置为仅使用免费额度;请在控制台关闭该设置,或换用其他模型:https://www.alibabacloud.com/help/zh/model-studio/error-code",
    ),
    "advice.arrears": (
        "The account has an unpaid bill; settle it in the console: https://www.alibabacloud.com/help/en/model-studio/error-code",
        "账号已欠费;请在控制台结清:https://www.alibabacloud.com/help/zh/model-studio/error-code",
    ),
    "advice.not_purchased": (
        "The service has not been bought for this account; order it in the console: https://www.alibabacloud.com/help/en/model-studio/error-code",
        "该账号尚未购买此服务;请在控制台开通:https://www.alibabacloud.com/help/zh/model-studio/error-code",
    ),
    "advice.wrong_path": (
        "The address has a path the service does not know; the compatible base URL ends in /compatible-mode/v1, the native one in /api/v1.",
        "地址的路径有误;OpenAI 兼容协议的 base URL 以 /compatible-mode/v1 结尾,原生协议以 /api/v1 结尾。",
    ),
    "advice.too_large": (
        "The request is too big; shorten the conversation or send smaller attachments.",
        "请求体过大;请缩短对话或减小附件。",
    ),
    "advice.file": (
        "The service cannot use this input or file: check that it is not empty, and its size and kind.",
        "服务端无法使用该输入或文件:请检查其是否为空,以及大小和格式。",
    ),
    "advice.no_workspace": (
        "The workspace id does not exist here; check it and its region: https://www.alibabacloud.com/help/en/model-studio/regions",
        "业务空间 ID 不存在;请检查该 ID 及其地域:https://www.alibabacloud.com/help/zh/model-studio/regions",
    ),
    "advice.model_access": (
        "This key's workspace may not use the model; let the account's owner grant it, or use a key of another workspace: https://www.alibabacloud.com/help/en/model-studio/error-code",
        "该 API Key 所属的业务空间无权使用此模型;请由主账号授权,或换用其他业务空间的 API Key:https://www.alibabacloud.com/help/zh/model-studio/error-code",
    ),
    "advice.not_compatible": (
        "The compatible protocol does not offer this model; use the native one or another model.",
        "OpenAI 兼容协议不提供该模型;请使用原生协议或换用其他模型。",
    ),
    "advice.burst": (
        "The requests came too suddenly; wait a minute and ask again, more slowly.",
        "请求增长过快;请稍等一分钟,并放慢请求速度。",
    ),
    "advice.requests": (
        "Too many requests for now; wait up to a minute and ask again.",
        "请求过于频繁;请等待至多一分钟再试。",
    ),
    "advice.tokens_a_minute": (
        "In spite of its wording this is a limit on tokens a minute; wait up to a minute and ask again.",
        "尽管提示为额度不足,这是每分钟 Token 数限流;请等待至多一分钟再试。",
    ),
    "advice.timed_out": (
        "The service gave up after its 300 seconds; ask again, or for less.",
        "服务端在 300 秒后超时;请重试,或缩小问题。",
    ),
    "advice.overloaded": (
        "The model is overloaded or away for now; ask again in a moment, or choose another with -m.",
        "模型暂时过载或不可用;请稍后重试,或用 -m 换用其他模型。",
    ),
    "advice.plan_key": (
        "Keys of a plan work only at that plan's own address, and expire with it; set QWEN_NB_BASE_URL to it, or use a pay-as-you-go key: https://www.alibabacloud.com/help/en/model-studio/get-api-key",
        "套餐的 API Key 只能用于该套餐的地址,并随套餐到期;请将 QWEN_NB_BASE_URL 设为该地址,或换用按量付费的 API Key:https://www.alibabacloud.com/help/zh/model-studio/get-api-key",
    ),
    "advice.key": (
        "A key belongs to one region: check DASHSCOPE_API_KEY, or set QWEN_NB_BASE_URL to the region it was made in: https://www.alibabacloud.com/help/en/model-studio/get-api-key",
        "API Key 只属于一个地域:请检查 DASHSCOPE_API_KEY,或将 QWEN_NB_BASE_URL 设为其所属地域的地址:https://www.alibabacloud.com/help/zh/model-studio/get-api-key",
    ),
    "advice.workspace_key": (
        "The address is that of one workspace and the key of another; take both from the same workspace: https://www.alibabacloud.com/help/en/model-studio/regions",
        "地址与 API Key 分属不同的业务空间;请使用同一业务空间的地址和 API Key:https://www.alibabacloud.com/help/zh/model-studio/regions",
    ),
    "advice.not_activated": (
        "Model Studio is not activated for this account, or not for this model; activate it in the console: https://www.alibabacloud.com/help/en/model-studio/error-code",
        "该账号尚未开通百炼或此模型;请在控制台开通:https://www.alibabacloud.com/help/zh/model-studio/error-code",
    ),
    "advice.parameter": (
        "Change or leave out the option it names; --dry-run shows what is sent, and the codes are explained at https://www.alibabacloud.com/help/en/model-studio/error-code",
        "请修改或去掉其指出的参数;--dry-run 可查看将发送的内容,错误码说明见 https://www.alibabacloud.com/help/zh/model-studio/error-code",
    ),
    "advice.internal": (
        "The fault is the service's own; ask again in a moment.",
        "这是服务端的内部错误;请稍后重试。",
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
