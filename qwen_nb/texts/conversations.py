"""What the commands about conversations say."""

from __future__ import annotations

TEXTS: dict[str, tuple[str, str]] = {
    # -- conversations: what the commands say ----------------------------------------------
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
        "There is a conversation {name} already; %qwen_nb switch {name} goes over to it, and "
        "--force makes a new one of that name.",
        "对话 {name} 已存在;可用 %qwen_nb switch {name} 切换过去,或加 --force 以该名称另建一个。",
    ),
    "chats.taken_main": (
        "{name} is the notebook's own conversation; choose another name.",
        "{name} 是笔记本自身的对话;请换用其他名称。",
    ),
    "chats.aside": (
        "The one that had the name is kept as {name}.",
        "原来的同名对话已改名为 {name} 并保留。",
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
}
