"""A server at the other end of the wire: scripted answers for people without a key.

It shares no code with the dialects, so that a misreading of the protocol cannot hide in
both ends.
"""

from qwen_nb.emulator._embedded import embedded, stop_embedded
from qwen_nb.emulator._scripts import Script
from qwen_nb.emulator._server import Emulator

__all__ = ["Emulator", "Script", "embedded", "stop_embedded"]
