"""What an emulator was asked, in either dialect."""

from typing import Any

from qwen_nb.emulator.server import Emulator


class Asked:
    def __init__(self, emulator: Emulator) -> None:
        self.emulator = emulator

    @property
    def bodies(self) -> list[dict[str, Any]]:
        return [record.body for record in self.emulator.journal]

    @property
    def statuses(self) -> list[int]:
        return [record.status for record in self.emulator.journal]

    def messages(self, at: int = -1) -> list[dict[str, Any]]:
        body = self.bodies[at]
        found: list[dict[str, Any]] = (
            body["messages"] if "messages" in body else body["input"]["messages"]
        )
        return found

    def option(self, name: str, at: int = -1) -> Any:
        body = self.bodies[at]
        return body.get("parameters", body).get(name)

    def results(self, at: int = -1) -> list[str]:
        return [each["content"] for each in self.messages(at) if each["role"] == "tool"]
