"""Keys a person gave by `%qwen_nb login`, each bound to the place it is for.

The system's keyring keeps them where the package `keyring` is installed (extra
`keyring`); else a file that only the user may read, in the user's own folder. In Colab,
its secrets are looked at too. A key is bound to scheme and host of an address, or to
`model-studio` for Model Studio's own hosts.
"""

from __future__ import annotations

import contextlib
import importlib
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from qwen_nb.files import HomeFile, read_object, write_object
from qwen_nb.settings.settings import Setting

__all__ = ["forget", "store", "stored"]

STUDIO = "model-studio"
_SERVICE = "qwen_nb"


def place_of(address: str) -> str:
    """Return what a key for that address is bound to."""
    if address == STUDIO:
        return STUDIO
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2].lower()}"


def stored(home: Path, address: str) -> Setting | None:
    """Return the key that was given for an address."""
    place = place_of(address)
    keyring = _keyring()
    if keyring is not None:
        with contextlib.suppress(Exception):  # a locked or missing backend is no key
            if value := keyring.get_password(_SERVICE, place):
                return Setting(value, "keyring", "user")
    if value := _read(home).get(place):
        return Setting(value, "%qwen_nb login", "user")
    if place == STUDIO and (value := _from_colab("DASHSCOPE_API_KEY")):
        return Setting(value, "Colab secrets", "user")
    return None


def store(home: Path, address: str, key: str) -> str:
    """Keep a key; return where: `keyring` or `file`.

    Raises
    ------
    OSError
        When the file cannot be written.
    """
    place, keyring = place_of(address), _keyring()
    if keyring is not None:
        with contextlib.suppress(Exception):
            keyring.set_password(_SERVICE, place, key)
            return "keyring"
    _write(home, _read(home) | {place: key})
    return "file"


def forget(home: Path, address: str) -> bool:
    """Forget a key; return whether there was one."""
    place, keyring, found = place_of(address), _keyring(), False
    if keyring is not None:
        with contextlib.suppress(Exception):
            keyring.delete_password(_SERVICE, place)
            found = True
    told = _read(home)
    if told.pop(place, None) is not None:
        _write(home, told)
        found = True
    return found


def _keyring() -> Any | None:
    try:
        return importlib.import_module("keyring")
    except ImportError:
        return None


def _from_colab(name: str) -> str | None:
    if "google.colab" not in sys.modules:
        return None
    with contextlib.suppress(Exception):  # no such secret, or no leave to read it
        userdata = importlib.import_module("google.colab.userdata")
        return str(userdata.get(name))
    return None


def _read(home: Path) -> dict[str, str]:
    return {place: str(key) for place, key in read_object(home / HomeFile.KEYS).items()}


def _write(home: Path, keys: dict[str, str]) -> None:
    write_object(home / HomeFile.KEYS, keys, private=True)
