"""Server-sent events from bytes: `feed` chunks in, take events out.

No socket, no clock, no meaning: what the data means is a dialect's business. The rules
are those of docs/protocol.md §4.1 (the event-stream format of the HTML standard). Lines are
cut while they are still bytes, since no byte of a longer UTF-8 character is a line end;
so a character split between two chunks needs no decoder with a memory.
"""

from __future__ import annotations

from dataclasses import dataclass

_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class ServerSentEvent:
    """One event of the stream.

    Parameters
    ----------
    data : bytes
        The `data` lines, joined by LF, still UTF-8.
    name : str
        The `event` field; empty when the stream names none.
    """

    data: bytes
    name: str = ""


class SseDecoder:
    """Turns chunks of an event stream into events, whatever the chunks' borders."""

    def __init__(self) -> None:
        # Pieces of the line that is not finished yet. They are joined when its end comes:
        # joining at each chunk would make one long line cost its length squared.
        self._open_line: list[bytes] = []
        self._data: list[bytes] = []
        self._name = ""
        self._at_start = True
        self._after_cr = False

    def feed(self, chunk: bytes) -> list[ServerSentEvent]:
        """Take in a chunk.

        Parameters
        ----------
        chunk : bytes
            What the connection gave, of any length.

        Returns
        -------
        list of ServerSentEvent
            The events this chunk completed.
        """
        if not chunk:
            return []
        if self._after_cr:
            # A CR at the end of the last chunk has ended its line; this LF is its second half.
            self._after_cr = False
            if chunk.startswith(b"\n"):
                chunk = chunk[1:]
        self._open_line.append(chunk)
        if b"\n" not in chunk and b"\r" not in chunk:
            return []
        whole = b"".join(self._open_line)
        self._open_line.clear()
        if self._at_start:
            self._at_start = False
            whole = whole.removeprefix(_BOM)
        lines = whole.splitlines()
        if whole.endswith((b"\n", b"\r")):
            self._after_cr = whole.endswith(b"\r")
        else:
            self._open_line.append(lines.pop())
        return self._events(lines)

    def close(self) -> list[ServerSentEvent]:
        """Tell that no more chunks come.

        Returns
        -------
        list of ServerSentEvent
            An event whose closing empty line never came. The standard would drop it;
            a server that forgets the line should not cost the reader its last words.
        """
        last = b"".join(self._open_line)
        self._open_line.clear()
        return self._events([last, b""] if last else [b""])

    def _events(self, lines: list[bytes]) -> list[ServerSentEvent]:
        events = []
        for line in lines:
            if line.startswith(b"data:"):
                self._data.append(line[6:] if line[5:6] == b" " else line[5:])
            elif not line:
                if self._data:
                    data = self._data[0] if len(self._data) == 1 else b"\n".join(self._data)
                    events.append(ServerSentEvent(data, self._name))
                    self._data.clear()
                self._name = ""
            elif line.startswith(b"event:"):
                self._name = line[6:].strip().decode("utf-8", "replace")
            elif line == b"data":
                self._data.append(b"")
            # Anything else is a comment, an id, or a field unknown to the standard.
        return events
