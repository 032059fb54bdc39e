"""Where a setting comes from: the environment, read anew at each call.

Which server a question goes to, and with which key:

1. `QWEN_NB_BASE_URL`, with `QWEN_NB_API_KEY` if that server wants one;
2. `DASHSCOPE_API_KEY` alone: Model Studio, Singapore;
3. neither: the embedded emulator.

`DASHSCOPE_API_KEY` speaks to Model Studio's documented hosts only, over TLS, also when
one of them is given as the base URL: a key is bound to scheme and host.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import urlsplit

from qwen_nb._errors import ConfigError
from qwen_nb._messages import ChatOptions, Server

__all__ = ["DEFAULT_MODEL", "default_options", "server_from"]

DEFAULT_MODEL = "qwen-plus"

SINGAPORE_URL = "https://dashscope-intl.aliyuncs.com/compatible-mode/v1"

# protocol.md §1.2: the shared hosts of the regions, and the hosts of workspaces and plans.
_MODEL_STUDIO_HOST = re.compile(
    r"((coding|coding-intl|cn-hongkong)\.)?dashscope(-intl|-us)?\.aliyuncs\.com"
    r"|[a-z0-9][a-z0-9_-]{0,63}\.[a-z0-9-]+\.maas\.aliyuncs\.com",
    re.ASCII,
)


def server_from(environ: Mapping[str, str]) -> Server:
    """Return the server that questions go to.

    Parameters
    ----------
    environ : mapping
        Environment variables.

    Raises
    ------
    ConfigError
        When `QWEN_NB_BASE_URL` is no http address.
    """
    studio_key = environ.get("DASHSCOPE_API_KEY", "").strip() or None
    if url := environ.get("QWEN_NB_BASE_URL", "").strip():
        return _named_server(
            url, environ.get("QWEN_NB_API_KEY", "").strip() or None, studio_key
        )
    if studio_key:
        return Server(
            name="Model Studio (Singapore)",
            base_url=SINGAPORE_URL,
            key=studio_key,
            key_origin="DASHSCOPE_API_KEY",
            model_studio=True,
        )
    return Server(name="", scripted=True, model_studio=True)


def _named_server(url: str, key: str | None, studio_key: str | None) -> Server:
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        host = ""
    if not host or parts.scheme not in ("http", "https"):
        raise ConfigError("error.base_url", value=url, origin="QWEN_NB_BASE_URL")
    is_model_studio = bool(_MODEL_STUDIO_HOST.fullmatch(host))
    key_origin = "QWEN_NB_API_KEY"
    if key is None and is_model_studio and parts.scheme == "https":
        key, key_origin = studio_key, "DASHSCOPE_API_KEY"
    return Server(
        name=host,
        base_url=url.rstrip("/"),
        key=key,
        key_origin=key_origin if key else "",
        model_studio=is_model_studio,
    )


def default_options(
    server: Server, environ: Mapping[str, str], asked: ChatOptions
) -> ChatOptions:
    """Return the options in force: those asked for, over the defaults.

    On Model Studio and the emulator the default is `qwen-plus` with thinking on; a model
    that was named falls back to its own default for thinking. On another server no
    default is known here (see `Client.only_model`).
    """
    if asked.model is not None:
        return asked
    if model := environ.get("QWEN_NB_MODEL", "").strip():
        return asked.over(ChatOptions(model=model))
    if server.model_studio:
        return asked.over(ChatOptions(model=DEFAULT_MODEL, thinking=True))
    return asked
