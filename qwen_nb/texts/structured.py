"""Schemas of tools and answers, and what is said of an answer that has to be JSON."""

from __future__ import annotations

TEXTS: dict[str, tuple[str, str]] = {
    # -- schemas: what the model is told ---------------------------------------------------
    "schema.any_value": ("any JSON value", "任意 JSON 值"),
    "schema.bad_arguments": (
        "The arguments do not fit {name}. Call it again with arguments that fit. {problems}",
        "参数与 {name} 不符。请用相符的参数重新调用。{problems}",
    ),
    "schema.no_parameter": (
        "there is no such parameter; the parameters are: {known}",
        "没有该参数;现有参数:{known}",
    ),
    # -- schemas: what a person is told ----------------------------------------------------
    "error.schema.lambda": (
        "A lambda has no name that a model could call it by. Write it as a function with def.",
        "lambda 没有可供模型调用的名称。请用 def 写成函数。",
    ),
    "error.schema.signature": (
        "Python does not know the parameters of {name}. Wrap it in a function with def.",
        "Python 无法得知 {name} 的参数。请用 def 写一个函数来包装它。",
    ),
    "error.schema.hints": (
        "The type hints of {name} cannot be resolved: {reason}. Define or import what they name, then ask again.",
        "{name} 的类型标注无法解析:{reason}。请先定义或导入其中的名称,再提问。",
    ),
    "error.schema.type": (
        "{name} is a schema the service cannot express: {reason}. Use types that JSON has a form for: str, int, float, bool, list, dict, Literal, enums, dataclasses, pydantic models.",
        "服务无法表达 {name} 的结构:{reason}。请使用 JSON 可表示的类型:str、int、float、bool、list、dict、Literal、枚举、dataclass、pydantic 模型。",
    ),
    "error.schema.recursive": (
        "{name} is a schema the service cannot express: it contains itself. Write out as many levels as you need, as types of their own.",
        "服务无法表达 {name} 的结构:它包含自身。请按所需层数分别定义类型。",
    ),
    "error.schema.reference": (
        "{name} is a schema the service cannot express: it refers to {where}, which is not in its $defs.",
        "服务无法表达 {name} 的结构:它引用了 {where},但其 $defs 中没有该项。",
    ),
    "error.schema.no_schema": (
        "This dict is no JSON schema: it names neither a type nor properties. An example: {{'type': 'object', 'properties': {{'city': {{'type': 'string'}}}}}}.",
        "该 dict 不是 JSON schema:既无 type 也无 properties。示例:{{'type': 'object', 'properties': {{'city': {{'type': 'string'}}}}}}。",
    ),
    "error.schema.no_type": (
        "json takes True, a type (pydantic model, dataclass, TypedDict, enum, list[Model]) or a JSON schema, not {got}.",
        "json 接受 True、类型(pydantic 模型、dataclass、TypedDict、枚举、list[Model])或 JSON schema,而不是 {got}。",
    ),
    # -- structured answers: what the model is told ----------------------------------------
    "structured.any": (
        "Answer with one JSON object only: no words around it, no code fence.",
        "请只用一个 JSON 对象作答:前后不要有其他文字,也不要用代码块包裹。",
    ),
    "structured.schema": (
        "Answer with one JSON object only: no words around it, no code fence. It must fit this JSON schema:\n{schema}",
        "请只用一个 JSON 对象作答:前后不要有其他文字,也不要用代码块包裹。它必须符合以下 JSON schema:\n{schema}",
    ),
    "structured.convert": (
        "Bring your answer into the form below. Add nothing to what it says.",
        "请把你的回答整理成以下形式,不要添加新的内容。",
    ),
    "structured.repair": (
        "Your answer does not have the form that was asked for. {problems} Give the whole answer again, corrected.",
        "你的回答不符合要求的形式。{problems} 请改正后重新给出完整的回答。",
    ),
    # what is said of a problem stands beside the words of pydantic, which are English
    "structured.no_json": ("there is no JSON in it", "其中没有 JSON"),
    "structured.no_object": (
        "it should be a JSON object or list",
        "应为 JSON 对象或列表",
    ),
    # -- structured answers: what a person is told -----------------------------------------
    "note.converted": (
        "{model} thought and answered freely; {by} brought the answer into form",
        "{model} 先思考并自由作答,再由 {by} 整理成所需形式",
    ),
    "note.form_lost": (
        "the type of the first answer is not known in this kernel any more: any JSON was asked for",
        "本内核已不再知道首次回答所用的类型:已改为索取任意 JSON",
    ),
    "note.repaired": (
        "the first answer did not fit and was asked for again",
        "第一次的回答不符合要求,已重新索取",
    ),
    "note.not_in_form": (
        "the answer is not in the form that was asked for: the call for that broke off",
        "回答未整理成所需形式:相应的调用已中断",
    ),
    "error.structured.unfit": (
        "The answer does not fit {name}, also after one repair: {problems} The text is kept in error.reply.answer. Ask again, or make the schema simpler.",
        "回答不符合 {name},修正一次后仍不符:{problems} 原文保留在 error.reply.answer 中。请重新提问,或简化结构。",
    ),
    "error.structured.cut": (
        "The answer was cut at its length, so it does not fit {name}: {problems} The text is kept in error.reply.answer. Ask again with a larger --max-tokens, or without it.",
        "回答因长度限制被截断,不符合 {name}:{problems} 原文保留在 error.reply.answer 中。请增大 --max-tokens 或去掉它后重试。",
    ),
    "error.no_data": (
        "This reply has no data: it was not asked for with json, or it comes from the store, which keeps its text in reply.answer.",
        "该回复没有数据:提问时未使用 json,或回复来自存储(其文本保留在 reply.answer 中)。",
    ),
    "error.no_pandas": (
        "A DataFrame needs pandas, which is not installed: pip install pandas. The same rows are there as a list.",
        "DataFrame 需要 pandas,但尚未安装:pip install pandas。同样的各行也以列表形式提供。",
    ),
    "line.unknown_type": (
        "--json={name}: there is no such name in this notebook. Define it in a cell first: a pydantic model, dataclass, TypedDict, enum or JSON schema.",
        "--json={name}:本笔记本中没有该名称。请先在单元格中定义它:pydantic 模型、dataclass、TypedDict、枚举或 JSON schema。",
    ),
    "option.--json": (
        "a structured answer: any JSON, or with =NAME one that fits a type or schema of the notebook",
        "结构化回答:任意 JSON;带 =NAME 时须符合笔记本中的类型或 schema",
    ),
}
