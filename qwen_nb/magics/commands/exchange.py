"""The commands that write a conversation into a file, and make one of a file."""

from __future__ import annotations

from collections.abc import Container, Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from qwen_nb.asking import transcript
from qwen_nb.chat import Chat
from qwen_nb.conversation import Copied, exchange
from qwen_nb.files import write_whole
from qwen_nb.magics import LineError, in_a_line
from qwen_nb.magics.commands.conversations import called, free_name, sends
from qwen_nb.texts import text, visible
from qwen_nb.values import Entry, new_id

if TYPE_CHECKING:
    from qwen_nb.store import Store


def export_file(chat: Chat, file: str = "", *, force: bool = False) -> str:
    """Write the conversation into a file; its ending tells the form."""
    path = _path(file, ("jsonl", "md", "json"))
    kept = chat.kept()
    kept.refresh()
    conversation = kept.conversation
    if not conversation.entries:
        raise LineError("history.none")
    match path.suffix.casefold():
        case ".jsonl":
            written, n = exchange.lines(conversation, kept.name), len(conversation.entries)
        case ".md":
            turns = conversation.turns
            title = text("export.title", chat.language, name=called(kept.name))
            written, n = transcript(turns, title, chat.language), len(turns)
        case _:
            written = exchange.api_list(conversation)
            n = len(conversation.history_for())
    # what is no valid Unicode stays as it is in our own form only
    errors = "surrogatepass" if path.suffix.casefold() == ".jsonl" else "replace"
    data = written.encode("utf-8", errors)
    try:
        write_whole(path, data, over=force)
    except FileExistsError:
        raise LineError("export.exists", path=visible(str(path))) from None
    except OSError as error:
        raise _not_possible(path, error) from None
    kind = path.suffix.casefold()[1:]
    return text(f"export.done_{kind}", chat.language, path=visible(str(path)), n=n)


def import_file(chat: Chat, file: str = "") -> str:
    """Make a new conversation of a file, and go over to it."""
    path = _path(file, ("jsonl", "json"))
    try:
        data = path.read_bytes()
    except OSError as error:
        raise _not_possible(path, error) from None
    is_ours = path.suffix.casefold() == ".jsonl"
    try:
        written = data.decode("utf-8", "surrogatepass" if is_ours else "strict")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise LineError("error.import_line", line=line, reason=error.reason) from None
    copied = exchange.from_lines(written) if is_ours else exchange.from_api_list(written)
    if not copied.entries:
        raise LineError("import.nothing")
    return _made(chat, path.stem, copied)


def _made(chat: Chat, stem: str, copied: Copied) -> str:
    notebook = chat.now().notebook
    name = _free_name(stem, notebook.names())
    kept = notebook.kept(name)
    here = {
        entry.id
        for other in notebook.names()
        for entry in notebook.kept(other).conversation.entries
    }
    entries = tuple(_own(entry, kept.store, here) for entry in copied.entries)
    if kept.store is not None:
        kept.store.put(kept.id, entries, begins_anew=copied.begins_anew)
    kept.conversation.merge(entries, begins_anew=copied.begins_anew)
    notebook.switch(name)
    n = len(kept.conversation.turns)
    done = [text("import.done", chat.language, name=called(name), n=n)]
    if copied.left_out:
        done.append(text("import.left_out", chat.language, n=copied.left_out))
    return in_a_line(chat.language, *done, sends(chat))


def _own(entry: Entry, store: Store | None, here: Container[str]) -> Entry:
    """Return an entry under an id that no other has."""
    if not entry.id:
        return replace(entry, id=new_id())
    if entry.id in here or (store is not None and store.holds(entry.id)):
        return replace(entry, id=new_id(), copy_of=entry.copy_of or entry.id)
    return entry


def _free_name(stem: str, taken: Iterable[str]) -> str:
    return free_name(" ".join(visible(stem).split()).lstrip("-") or "import", taken)


def _path(file: str, forms: tuple[str, ...]) -> Path:
    path = Path(file).expanduser()
    if path.suffix.casefold().removeprefix(".") not in forms or not path.stem:
        raise LineError("export.form", forms=", ".join(f".{form}" for form in forms))
    return path


def _not_possible(path: Path, error: OSError) -> LineError:
    reason = error.strerror or str(error)
    return LineError("export.failed", path=visible(str(path)), reason=reason)
