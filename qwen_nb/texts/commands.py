"""The magics' line, options and commands, jobs, status, the shell: long, one text each."""

from __future__ import annotations

TEXTS: dict[str, tuple[str, str]] = {
    # -- the magics' line ------------------------------------------------------------------
    "line.unknown": (
        "There is no option {option}.{near} Words that begin with a dash go after --.",
        "没有选项 {option}。{near}以短横开头的文字请放在 -- 之后。",
    ),
    "line.missing_value": (
        "{option} needs a value after it: {shown}.",
        "{option} 之后需要一个值:{shown}。",
    ),
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
    # -- options ---------------------------------------------------------------------------
    "option.--model": ("model id", "模型 ID"),
    "option.--think": (
        "thinking on, with a budget of N tokens if given",
        "开启思考模式;给出 N 时限制思考长度为 N Token",
    ),
    "option.--no-think": ("thinking off", "关闭思考模式"),
    "option.--preserve-thinking": (
        "send earlier thinking back, for the models that take it",
        "将此前的思考过程一并传回,仅限支持的模型",
    ),
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
    # -- commands --------------------------------------------------------------------------
    "command.code": (
        "the last request as code that runs; --as curl, openai or dashscope",
        "将上一次请求显示为可运行的代码;--as curl、openai 或 dashscope",
    ),
    "command.config": (
        "all settings and where they come from; NAME VALUE sets one for this session, with "
        "--notebook for this notebook; NAME default takes it back",
        "显示全部设置及其来源;NAME VALUE 为本次会话设置,加 --notebook 则为本笔记本设置;NAME default 取消设置",
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
    # -- jobs ------------------------------------------------------------------------------
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
    "config.of_notebook": ("this notebook: {origin}", "本笔记本:{origin}"),
    "config.notebook_none": (
        "Nothing is set for this notebook; %qwen_nb config NAME VALUE --notebook does it.",
        "尚未为本笔记本作任何设置;可用 %qwen_nb config NAME VALUE --notebook 设置。",
    ),
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
    "code.form": (
        "code takes --as and one of curl, openai, dashscope.",
        "code 接受 --as 及以下之一:curl, openai, dashscope。",
    ),
    "code.asks_region": (
        "The embedded emulator was asked; this asks {server}.",
        "提问的对象是内置模拟器;这段程序会向 {server} 提问。",
    ),
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
    "command.option": (
        "{command} has no option {option!r}; it has {options}.",
        "{command} 没有选项 {option!r};可用:{options}。",
    ),
    "command.no_options": (
        "{command} has no options, so no {option!r} either.",
        "{command} 没有任何选项,也没有 {option!r}。",
    ),
    "command.near": (" Did you mean {name}?", "是否想输入 {name}?"),
    "command.help": (
        "these lines, those of one command, or what people ask first (help faq)",
        "显示本帮助、某个命令的说明,或常见问题(help faq)",
    ),
    "command.last": (
        "put the last reply into this cell, for example after the page was reloaded",
        "将上一条回复放入此单元格,例如在刷新页面之后",
    ),
    "command.new": (
        "let the next question begin anew; NAME [--force]: make a conversation and go over to it",
        "从下一个问题重新开始;给出 NAME [--force] 则新建对话并切换过去",
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
        "NAME [--at TURN] [--force]: copy the turns up to one into a new conversation; with "
        "--force one that has the name is kept under another",
        "NAME [--at TURN] [--force]:将截至某一轮的内容复制为新对话;加 --force 时,原来的同名对话会改名保留",
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
    # -- status ----------------------------------------------------------------------------
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
    # -- the shell command -----------------------------------------------------------------
    "shell.about": (
        "Ask Qwen and other reasoning models from a shell.",
        "在命令行中向千问等推理模型提问。",
    ),
    "shell.demo": (
        "ask one question here, then open a copy of the course in JupyterLab",
        "先在此提一个问题,再用 JupyterLab 打开教程的副本",
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
    "error.course_copy": (
        "The course cannot be copied into {path}: {reason}. Go to a folder that you may write to, then qwen-nb demo again.",
        "无法将教程复制到 {path}:{reason}。请换到可写入的文件夹,再运行 qwen-nb demo。",
    ),
}
