"""Cassettes: what is said when they are used, and when they cannot be."""

from __future__ import annotations

__all__ = ["TEXTS"]

TEXTS: dict[str, tuple[str, str]] = {
    "cassettes.recording": (
        "Recording into {name} from the next question on. %qwen_nb live ends it.",
        "从下一个问题起录制到 {name}。用 %qwen_nb live 结束录制。",
    ),
    "cassettes.replaying": (
        "Replaying {name} ({n} recordings). Nothing goes out; %qwen_nb live ends it.",
        "正在回放 {name}(共 {n} 条录制)。不会发出任何请求;用 %qwen_nb live 结束回放。",
    ),
    "cassettes.live": ("Questions now go to: {server}.", "现在问题将发送至:{server}。"),
    "cassettes.recorded": ("Recorded into {name}: {n}.", "已录制到 {name}:{n} 条。"),
    "cassettes.replayed": (
        "Replayed from {name}: {n} of {all} recordings.",
        "已从 {name} 回放 {all} 条录制中的 {n} 条。",
    ),
    "cassettes.unused": ("Not asked for: {unused}.", "未被用到:{unused}。"),
    "cassettes.results": (
        "Tools gave something else than when it was recorded: {n}.",
        "工具的返回与录制时不同:{n} 处。",
    ),
    "cassettes.problem": (
        "{name} could not be written: {reason}. What was answered is not in it.",
        "无法写入 {name}:{reason}。回复内容未被录制。",
    ),
    "cassettes.status": ("cassette", "录制文件"),
    "cassettes.status_record": ("recording into {name}", "录制到 {name}"),
    "cassettes.status_replay": ("replaying {name}", "回放 {name}"),
    "cassettes.origin": ("none needed: {name} is replayed", "无需:正在回放 {name}"),
    "cassettes.wanted": (
        "Name a file, as in %qwen_nb record answers.cassette.",
        "请指定文件,如 %qwen_nb record answers.cassette。",
    ),
    "command.record": (
        "FILE: keep what is asked and answered from now on, without keys",
        "FILE:从现在起录制提问与回复,不含 API Key",
    ),
    "command.replay": (
        "FILE [--speed X]: answer from a recording, without a key or a network",
        "FILE [--speed X]:从录制文件回放,无需 API Key 和网络",
    ),
    "command.live": (
        "end recording or replaying, and say what became of it",
        "结束录制或回放,并显示结果",
    ),
    "doctor.replaying": (
        "Replaying {name}: nothing goes out, so nothing was asked of a server.",
        "正在回放 {name}:不会发出请求,因此未检查服务。",
    ),
    # -- what cannot be used ------------------------------------------------------------------
    "error.no_match": (
        "This request is not in {name}, and nothing was sent. The nearest is request {number}, "
        "which differs in {field}: recorded “{recorded}”, asked “{asked}”. Ask what was "
        "recorded, or record again: %qwen_nb record {name}, or pytest --nbval --qwen-record.",
        "{name} 中没有此请求,未发送任何内容。最接近的是第 {number} 条请求,差异在 {field}:录制为“{recorded}”,"
        "现为“{asked}”。请按录制的内容提问,或重新录制:%qwen_nb record {name},或 pytest --nbval --qwen-record。",
    ),
    "error.was_stopped": (
        "This answer of {server} was stopped when it was recorded, and ends here.",
        "{server} 的此回复在录制时已被停止,到此为止。",
    ),
    "error.cassette_empty": (
        "There is no recording in {name}, and nothing was sent. Record one with %qwen_nb record "
        "{name}, or with pytest --nbval --qwen-record.",
        "{name} 中没有任何录制,未发送任何内容。请用 %qwen_nb record {name} 或 pytest --nbval --qwen-record 录制。",
    ),
    "error.cassette_missing": (
        "There is no {name}. Record it with %qwen_nb record {name}, or, for a test, with pytest "
        "--qwen-record; or name another file.",
        "找不到 {name}。请用 %qwen_nb record {name} 录制(测试则用 pytest --qwen-record),或指定其他文件。",
    ),
    "error.cassette_none": (
        "{name} is no cassette: its first line should be “qwen_nb cassette 1”. Name another file, "
        "or record it again with %qwen_nb record {name}.",
        "{name} 不是录制文件:首行应为“qwen_nb cassette 1”。请指定其他文件,或用 %qwen_nb record {name} 重新录制。",
    ),
    "error.cassette_newer": (
        "{name} has version {version} of the cassette format, which a later qwen_nb wrote. "
        "Update with pip install --upgrade qwen_nb, or record it again.",
        "{name} 的录制格式为版本 {version},由更新的 qwen_nb 写入。请执行 pip install --upgrade qwen_nb,或重新录制。",
    ),
    "error.cassette_damaged": (
        "{name} is damaged at line {line}. Take the file as it was from your version control, or "
        "record it again.",
        "{name} 在第 {line} 行损坏。请从版本控制中恢复该文件,或重新录制。",
    ),
    "error.cassette_cut": (
        "{name} is cut off: it ends at line {line}, in the middle of a recording. Take the file "
        "as it was from your version control, or record it again.",
        "{name} 不完整:在第 {line} 行的一条录制中途结束。请从版本控制中恢复该文件,或重新录制。",
    ),
    "error.cassette_hash": (
        "The answer to request {number} of {name} was changed after it was recorded: its hash is "
        "another. Take the file as it was, record it again, or take the hash out of its last "
        "line if the change is meant.",
        "{name} 中第 {number} 条请求的回复在录制后被改动:哈希值不符。请恢复该文件、重新录制,"
        "或在确实需要改动时删去其末行中的哈希值。",
    ),
    "error.cassette_attachment": (
        "An attachment of {name} is missing: {name}.files/{file}… Copy that folder along with "
        "the cassette, or record it again.",
        "{name} 缺少一个附件:{name}.files/{file}… 请将该文件夹与录制文件一起复制,或重新录制。",
    ),
    "error.cassette_changed": (
        "An attachment of {name} was changed: what is in {name}.files/{file}… has another hash "
        "than its name says. Take the file as it was, or record it again.",
        "{name} 的一个附件被改动:{name}.files/{file}… 的内容与其文件名中的哈希值不符。请恢复该文件,或重新录制。",
    ),
    "error.cassette_unread": (
        "{name} cannot be read: {reason}. Check the file, or record it again.",
        "无法读取 {name}:{reason}。请检查该文件,或重新录制。",
    ),
    "error.cassette_no_folder": (
        "{name} cannot be recorded: there is no such folder, or it is a folder itself. Name a "
        "file in a folder that is there.",
        "无法录制到 {name}:文件夹不存在,或该名称本身是文件夹。请指定现有文件夹中的文件。",
    ),
    "error.cassette_unwritable": (
        "{name} cannot be recorded: nothing may be written there. Name a file in a folder of "
        "your own.",
        "无法录制到 {name}:没有写入权限。请指定您自己的文件夹中的文件。",
    ),
    "error.cassette_variable": (
        "QWEN_NB_CASSETTE is “{value}”, and should be record:FILE, replay:FILE or auto:FILE.",
        "QWEN_NB_CASSETTE 为“{value}”,应为 record:文件、replay:文件 或 auto:文件。",
    ),
    "error.cassette_mode": (
        "A cassette is used to record, to replay or as auto, and not to “{value}”.",
        "录制文件的用途只能是 record、replay 或 auto,而不是“{value}”。",
    ),
    "error.cassette_speed": (
        "A speed is a number above 0, as in --speed 1; “{value}” is none.",
        "速度应为大于 0 的数,如 --speed 1;“{value}”无效。",
    ),
}
