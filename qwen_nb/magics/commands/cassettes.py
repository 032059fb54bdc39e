"""The commands of `%qwen_nb` about cassettes; each returns what to print."""

from __future__ import annotations

from pathlib import Path

from qwen_nb import cassettes
from qwen_nb.chat import Chat
from qwen_nb.texts import Language, text, visible


def record_file(chat: Chat, file: str) -> str:
    """Record what is asked from now on."""
    cassette = cassettes.start(Path(file), "record")
    return text("cassettes.recording", chat.language, name=visible(cassette.path.name))


def replay_file(chat: Chat, file: str) -> str:
    """Answer what is asked from now on out of a cassette."""
    cassette = cassettes.start(Path(file), "replay")
    name, n = visible(cassette.path.name), cassette.report().recordings
    return text("cassettes.replaying", chat.language, name=name, n=n)


def live(chat: Chat) -> str:
    """Let questions go out again, and say what became of the cassette."""
    report = cassettes.live()
    lines = [] if report is None else told(report, chat.language)
    server = chat.server(started=False)
    lines.append(text("cassettes.live", chat.language, server=visible(server.name)))
    return "\n".join(lines)


def told(report: cassettes.Report, language: Language) -> list[str]:
    """Return what became of a cassette, in words."""
    name = visible(report.path.name)
    if report.mode == "record":
        lines = [text("cassettes.recorded", language, name=name, n=report.used)]
        if report.problem:
            problem = {"name": name, "reason": report.problem}
            lines.append(text("cassettes.problem", language, **problem))
        return lines
    n, all_ = report.used, report.recordings
    lines = [text("cassettes.replayed", language, name=name, n=n, all=all_)]
    if report.unused:
        unused = visible("; ".join(report.unused))
        lines.append(text("cassettes.unused", language, unused=unused))
    if report.other_results:
        lines.append(text("cassettes.results", language, n=report.other_results))
    return lines
