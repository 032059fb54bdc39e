"""What `%qwen_nb forget` says."""

from __future__ import annotations

TEXTS: dict[str, tuple[str, str]] = {
    "command.forget": (
        "TURN|CHAT [--yes]: delete a turn with all its versions, or a conversation, for good; qwen_nb.rows.forget(NAME) deletes the kept answers of a map",
        "TURN|CHAT [--yes]:彻底删除某一轮及其全部版本,或整个对话;qwen_nb.rows.forget(NAME) 删除 map 保留的回复",
    ),
    "forget.wanted": (
        "forget takes a turn or a conversation: %qwen_nb forget turn 3, or %qwen_nb forget chat draft.",
        "forget 需要轮次或对话:%qwen_nb forget turn 3,或 %qwen_nb forget chat draft。",
    ),
    "forget.both": (
        "{word} is a turn and a conversation. Say %qwen_nb forget turn {word} or %qwen_nb forget chat {word}.",
        "{word} 既是轮次也是对话。请用 %qwen_nb forget turn {word} 或 %qwen_nb forget chat {word}。",
    ),
    "forget.unknown": (
        "This notebook has no conversation {name!r}.{near} It has: {names}.",
        "此笔记本没有对话 {name!r}。{near}现有:{names}。",
    ),
    "forget.several": (
        "Several turns have the number {turn}, since the conversation began anew between them. Forget the conversation, or restore the turn you mean and forget it then.",
        "对话曾重新开始,编号为 {turn} 的有多轮。请删除整个对话,或先恢复要删除的那一轮。",
    ),
    "forget.running": (
        "A question there is still being answered. Stop it with %qwen_nb stop, then forget it.",
        "其中仍有问题在回复中。请先用 %qwen_nb stop 停止,再删除。",
    ),
    "forget.unreadable": (
        "{path} cannot be read, so nothing was forgotten; %qwen_nb status says why.",
        "无法读取 {path},未删除任何内容;原因见 %qwen_nb status。",
    ),
    "forget.failed": (
        "{path} could not be rewritten ({reason}), so nothing was forgotten. Close other programs that use it, or free some space, and try again.",
        "无法重写 {path}({reason}),未删除任何内容。请关闭使用它的其他程序或释放空间,然后重试。",
    ),
    "forget.turn": ("turn {turn} of {name}", "{name} 的第 {turn} 轮"),
    "forget.chat": ("conversation {name}", "对话 {name}"),
    "forget.would": (
        "This deletes {what} for good (versions: {n}). Nothing was deleted yet: add --yes to do it.",
        "将彻底删除{what}(版本数:{n})。尚未删除任何内容:加 --yes 执行。",
    ),
    "forget.done": (
        "{what} is deleted for good (versions: {n}).",
        "已彻底删除{what}(版本数:{n})。",
    ),
    "forget.copies": (
        "Copies in other conversations go with it: {names}.",
        "其他对话中的副本也会一并删除:{names}。",
    ),
    "forget.originals": (
        "Turns copied from other conversations stay there: {names}.",
        "从其他对话复制来的轮次在原处保留:{names}。",
    ),
    "forget.answers": (
        "Kept answers of map that held its words were deleted: {n}.",
        "已删除 map 保留的、含有其文字的回复:{n} 条。",
    ),
    "forget.repeats": (
        "Other turns repeat its words and stay until they are forgotten too: {turns}.",
        "其他轮次重复了其中的文字,需另行删除:{turns}。",
    ),
    "forget.cells": (
        "{path} still shows it in cells {cells}: change their text, clear their outputs, and save.",
        "{path} 的第 {cells} 个单元格仍有其内容:请修改文字、清除输出并保存。",
    ),
    "forget.files": (
        "Still in these files, which forget leaves alone: {files}.",
        "以下文件中仍有其内容,forget 不会改动它们:{files}。",
    ),
}
