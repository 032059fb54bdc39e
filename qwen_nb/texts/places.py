"""The store, the servers, and which notebook this is."""

from __future__ import annotations

TEXTS: dict[str, tuple[str, str]] = {
    # -- the store of conversations --------------------------------------------------------
    "error.no_turn": (
        "There is no turn {turn} in this conversation; %qwen_nb history lists them.",
        "当前会话中没有第 {turn} 轮;可用 %qwen_nb history 查看。",
    ),
    "error.turn_gone": (
        "This turn was asked again or taken back meanwhile, perhaps in another kernel of this "
        "notebook; %qwen_nb history shows how it stands now.",
        "该轮次已被重新提问或撤销(可能由此笔记本的另一个内核所为);可用 %qwen_nb history 查看当前情况。",
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
    # -- servers ---------------------------------------------------------------------------
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
}
