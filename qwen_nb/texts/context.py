"""What is said to the model in place of older turns, and what a reader is told of it."""

from __future__ import annotations

TEXTS: dict[str, tuple[str, str]] = {
    # -- context: what is said to the model in place of older turns ------------------------
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
    # -- context: what a reader is told ----------------------------------------------------
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
    "error.embeddings": (
        "{model} gave another number of vectors than texts, so nothing could be looked for. Ask again, or set %qwen_nb config context auto.",
        "{model} 返回的向量数与文本数不符,无法查找。请重试,或设置 %qwen_nb config context auto。",
    ),
    "error.not_retrieved": (
        "The similar turns could not be looked for. Ask again, or set %qwen_nb config context auto.",
        "未能查找相近的各轮。请重试,或设置 %qwen_nb config context auto。",
    ),
}
