"""`%qwen_nb panel`: controls in the notebook, in step with the settings."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from qwen_nb.magics.panel import controls

__all__ = ["controls"]
