"""What a chat's calls go out on: protocols, connections, and what was learned of servers."""

from __future__ import annotations

from dataclasses import dataclass, field

from qwen_nb import cassettes
from qwen_nb.values import Server
from qwen_nb.wire import Connections, Exchange
from qwen_nb.wire.dialects import DashScopeDialect, OpenAIDialect

IDLE_S = 120.0
"""Longest silence before a stream is given up; docs/protocol.md §1.4 asks for at least 60 to
120 s. There is no total time-out: a model may think for long."""


@dataclass(eq=False)
class Line:
    """The connections of one chat, shared by all its questions.

    Attributes
    ----------
    native : DashScopeDialect
        The native protocol, with the routes it has learned.
    compatible : OpenAIDialect
        The OpenAI-compatible one.
    moved : dict
        The region that took a key, for the server that refused it.
    models : dict
        The one model of a server that offers one.
    """

    native: DashScopeDialect = field(default_factory=DashScopeDialect)
    compatible: OpenAIDialect = field(default_factory=OpenAIDialect)
    moved: dict[Server, Server] = field(default_factory=dict)
    models: dict[Server, str] = field(default_factory=dict)
    connections: Connections = field(default_factory=lambda: Connections(cassettes.exchange))

    def exchange(self, server: Server, idle_s: float, *, native: bool) -> Exchange:
        """Return a fresh exchange with a server."""
        return self.connections.exchange(server, idle_s, native=native)

    def close(self) -> None:
        """Close connections, and the embedded emulator if they alone led there.

        They are opened anew when something is asked again.
        """
        self.models.clear()
        if self.connections.close():
            from qwen_nb.emulator import leave_embedded

            leave_embedded(self)
