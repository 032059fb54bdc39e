"""Which kernels a notebook can be run with here."""

from __future__ import annotations

import importlib.metadata
import sys
from pathlib import Path

import pytest

from tests.browser import _kernels
from tests.browser._lab import Lab

VERSIONS = {_kernels.CURRENT: importlib.metadata.version("ipykernel"), **_kernels.OLDER}


@pytest.mark.browser
@pytest.mark.parametrize("kernel", VERSIONS)
def test_a_notebook_runs_on_the_kernel_that_was_chosen(lab: Lab, kernel: str) -> None:
    cells = ["import ipykernel\n\nipykernel.__version__", "%load_ext qwen_nb", "%qwen Hello"]
    with lab.open(cells, kernel=kernel) as notebook:
        notebook.run_all()
        (result,) = notebook.outputs(0)
        assert result["data"]["text/plain"] == repr(VERSIONS[kernel])
        assert "The emulator of qwen_nb is listening." in notebook.text(2)
        assert notebook.save().metadata.kernelspec.name == kernel


def test_a_missing_one_is_told_with_the_command_that_gets_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    here = _kernels.folder("6.31.0") / "ipykernel-6.31.0.dist-info"
    here.mkdir(parents=True)
    assert _kernels.main([]) == 1
    told = capsys.readouterr().err
    assert "need ipykernel 7.3.0" in told and "6.31" not in told
    assert told.rstrip().endswith("_kernels.py --install")
    with pytest.raises(RuntimeError, match=r"_kernels\.py --install"):
        _kernels.offer(tmp_path / "data")
