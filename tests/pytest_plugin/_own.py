"""The environment of somebody who has set everything that can be set."""

from datetime import date
from pathlib import Path

from qwen_nb.catalogue.own_prices import set_price

KEY = "sk-my-very-own-key-0123456789"


def own_environment(home: Path, address: str) -> dict[str, str]:
    """Return variables that would change all answers, if they held.

    Parameters
    ----------
    home : Path
        Becomes the home of qwen_nb, with prices and settings in it.
    address : str
        A server that nobody should ask.
    """
    set_price(home, "qwen-plus", "singapore", 99, 99, 99, today=date(2026, 1, 1))
    (home / "config.toml").write_text('lang = "zh"\nmodel = "qwen-max"\ncarry = false\n')
    return {
        "QWEN_NB_HOME": str(home),
        "QWEN_NB_BASE_URL": address,
        "QWEN_NB_API_KEY": KEY,
        "DASHSCOPE_API_KEY": KEY,
        "DASHSCOPE_WORKSPACE_ID": "ws-1",
        "QWEN_NB_MODEL": "deepseek-v3.2",
        "QWEN_NB_THINKING": "off",
        "QWEN_NB_LANG": "zh",
        "QWEN_NB_CONTEXT": "truncate 1",
        "QWEN_NB_DISPLAY": "card",
        "OPENAI_BASE_URL": address,
        "OPENAI_API_KEY": KEY,
        "HTTP_PROXY": address,
        "ALL_PROXY": address,
        "LC_ALL": "zh_CN.UTF-8",
        "LANG": "zh_CN.UTF-8",
    }
