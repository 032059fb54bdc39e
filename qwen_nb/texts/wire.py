"""Notes on thinking, and advice for known messages of the service."""

from __future__ import annotations

TEXTS: dict[str, tuple[str, str]] = {
    # -- the wire: notes on thinking, and advice for known messages of the service ---------
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
