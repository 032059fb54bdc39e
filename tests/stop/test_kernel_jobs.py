"""A job in a real kernel with somebody who looks on."""

from pathlib import Path

import pytest

from qwen_nb.emulator.server import Emulator
from tests.stop._pressing import QUESTION, Kernel

pytestmark = pytest.mark.kernel

CARD = "application/vnd.jupyter.widget-view+json"


def test_a_job_fills_its_own_output_while_other_cells_run(tmp_path: Path) -> None:
    with (
        Emulator(pace=0.002) as emulator,
        Kernel(emulator, is_live=True, home=str(tmp_path)) as kernel,
    ):
        began = kernel.run(f"%%qwen --bg -o job\n{QUESTION}", "a")
        assert began["status"] == "ok"
        kinds = [kind for kind, _ in began["outputs"]]
        assert "execute_result" not in kinds
        shown = [content for kind, content in began["outputs"] if kind == "display_data"]
        assert [set(content["data"]) for content in shown] == [{CARD}]
        place = shown[0]["transient"]["display_id"]
        running = kernel.run("job", "b")
        assert [kind for kind, _ in running["outputs"]] == ["status", "execute_input",
                                                            "execute_result"]  # fmt: skip
        ended = kernel.run("reply = job.wait(30)\nprint('mine')", "c")
        assert ended["status"] == "ok", ended
        assert [c["text"] for kind, c in ended["outputs"] if kind == "stream"] == ["mine\n"]
        assert [kind for kind, _ in ended["outputs"] if kind == "display_data"] == []
        (last,) = kernel.updates(place)[-1:]
        assert "9.9 is larger" in last["data"]["text/plain"]
        assert last["metadata"]["qwen_nb"]["turn"]["prompt"] == QUESTION
        left = kernel.run("job = %qwen --bg --once again?", "d")
        assert left["status"] == "ok"


def test_a_kernel_that_ends_with_a_job_ends_quietly(tmp_path: Path) -> None:
    with (
        Emulator(pace=0.05) as emulator,
        Kernel(emulator, is_live=True, home=str(tmp_path)) as kernel,
    ):
        kernel.run(f"job = %qwen --bg {QUESTION}", "a")
        assert kernel.ends_within(10)
        assert kernel.said == ""
