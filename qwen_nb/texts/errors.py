"""Errors: what happened, why, the next step."""

from __future__ import annotations

TEXTS: dict[str, tuple[str, str]] = {
    # -- errors: what happened, why, the next step -----------------------------------------
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
        "The connection to {server} broke ({reason}). What had come is kept; go on with "
        "%qwen_nb resume, or ask again.",
        "与 {server} 的连接中断({reason})。已收到的内容已保留;可用 %qwen_nb resume 继续,或重新提问。",
    ),
    "error.cut": (
        "{server} closed the stream before the answer was finished. What had come is kept; go "
        "on with %qwen_nb resume, or ask again.",
        "{server} 在回复完成前关闭了数据流。已收到的内容已保留;可用 %qwen_nb resume 继续,或重新提问。",
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
}
