"""Which server a question goes to, and which key it may be given.

In this order: the server named for the call; `server` or `base_url`, whichever is set
nearer; Model Studio in the region that is set, when there is a key for it; the embedded
emulator. Where no region is set, one is guessed, and the first 401 may correct the guess.

A key is bound to scheme and host. `DASHSCOPE_API_KEY` speaks to Model Studio's documented
hosts only, over TLS, and to a region that the user's own servers.toml puts elsewhere.
`QWEN_NB_API_KEY` belongs to the base URL it was set with. An address from a file beside
the notebook is given a key of that same file or none.
"""

from __future__ import annotations

import contextlib
import hashlib
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from qwen_nb.catalogue import Catalogue, ServerRow
from qwen_nb.errors import ConfigError, QwenError
from qwen_nb.files import HomeFile, read_object, write_object
from qwen_nb.settings import keys
from qwen_nb.settings.settings import Setting, Settings, shown
from qwen_nb.values import Server
from qwen_nb.wire import list_models

GUESSED_REGION = "singapore"


def server_from(settings: Settings, catalogue: Catalogue, named: str | None = None) -> Server:
    """Return the server that questions go to.

    Parameters
    ----------
    settings : Settings
        All settings.
    catalogue : Catalogue
        The servers that are known.
    named : str, optional
        The server a person named for this call: a name or an address.

    Raises
    ------
    ConfigError
        When a setting names no usable address.
    """
    if named:
        return _called(Setting(named, "--server", "session"), settings, catalogue)
    address = settings.get("base_url")
    set_here = [each for each in (address, settings.get("server")) if each]
    if setting := min(set_here, key=_distance, default=None):
        return _called(setting, settings, catalogue, is_address=setting is address)
    region = settings.get("region")
    key = _studio_key(settings)
    if key is None:
        return _emulated(settings, catalogue)
    if plan := _plan_of(key, catalogue):  # a plan's key goes to the plan's own host only
        return _at(plan, settings, key)
    name = region.value if region else _remembered(settings, key.value) or GUESSED_REGION
    row = catalogue.server(name)
    if row is None or row.kind != "region":
        regions = ", ".join(row.name for row in catalogue.servers if row.kind == "region")
        raise ConfigError("error.region", value=name, regions=regions)
    server = _at(row, settings, key)
    return server if region else replace(server, guessed=True)


def _emulated(settings: Settings, catalogue: Catalogue) -> Server:
    """Return the embedded emulator; its replies are priced as in the region that is set."""
    row = catalogue.server(settings.value("region", GUESSED_REGION))
    region = row.price_region if row is not None else ""
    return Server(name="", scripted=True, model_studio=True, region=region)


def stood_for(settings: Settings, catalogue: Catalogue) -> Server:
    """Return the region that the embedded emulator stands for, with its address and no key.

    Raises
    ------
    ConfigError
        When only a workspace has an address there, and none is set.
    """
    row = catalogue.server(settings.value("region", GUESSED_REGION))
    if row is None or row.kind != "region":
        row = catalogue.server(GUESSED_REGION)
    assert row is not None
    return _at(row, settings, None)


def named_server(name: str, catalogue: Catalogue) -> ServerRow | None:
    """Return the server of that name, alias, title or region id; a host is no name."""
    wanted, row = name.strip().casefold(), catalogue.server(name)
    if row is None:
        return None
    names = (row.name, row.title, row.id, *row.aliases)
    return row if wanted in (known.casefold() for known in names) else None


def _distance(setting: Setting) -> int:
    order = ("session", "notebook", "environment", ".env", "qwen_nb.toml", "user")
    return order.index(setting.place)


def _called(
    setting: Setting, settings: Settings, catalogue: Catalogue, *, is_address: bool = False
) -> Server:
    told = str(setting.value)
    if told.casefold() == "emulator":
        return _emulated(settings, catalogue)
    if "{WorkspaceId}" in told:
        raise ConfigError("error.workspace", origin=setting.origin)
    if "://" not in told:
        row = None if is_address else named_server(told, catalogue)
        if row is None:
            if is_address or "." in told or ":" in told:
                raise ConfigError("error.base_url", value=shown(told), origin=setting.origin)
            names = ", ".join(row.name for row in catalogue.servers)
            raise ConfigError("error.unknown_server", value=shown(told), servers=names)
        return _at(row, settings, _key_of(row, settings, catalogue))
    return _addressed(told, setting, settings, catalogue)


def _addressed(url: str, setting: Setting, settings: Settings, catalogue: Catalogue) -> Server:
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        host = ""
    if not host or parts.scheme not in ("http", "https"):
        raise ConfigError("error.base_url", value=shown(url), origin=setting.origin)
    row = catalogue.server(url)
    is_studio = row is not None and row.model_studio
    key = settings.get("api_key", place=setting.place)
    is_typed = setting.place in ("session", "notebook")
    if key is None and is_typed and settings.get("base_url") is None:
        key = settings.get("api_key")
    if key is None and is_studio and parts.scheme == "https":
        studio = settings.get(
            "dashscope_api_key", place=None if setting.is_own else setting.place
        )
        key = studio if setting.is_own or (studio and studio.place == setting.place) else None
        _refuse_a_plans_key(key, row, catalogue)
    if key is None and setting.is_own:
        key = keys.stored(settings.home, url)
    return _server(
        row,
        key,
        name=host,
        base_url=url.rstrip("/"),
        native_url=_native(url) if is_studio else "",
        region=(row.price_region if row else "") or host,
    )


def _at(row: ServerRow, settings: Settings, key: Setting | None) -> Server:
    workspace = settings.value("workspace", "") if row.workspace_host else ""
    if "{" in workspace:
        raise ConfigError("error.workspace", origin="DASHSCOPE_WORKSPACE_ID")
    try:
        url = row.url(workspace)
    except ValueError as error:
        raise ConfigError("error.workspace_id", value=workspace) from error
    if not url:
        key_of_text = "workspace_wanted" if row.workspace_host else "address_wanted"
        raise ConfigError(f"error.{key_of_text}", server=row.title or row.name)
    return _server(
        row,
        key,
        name=row.title or row.name,
        base_url=url,
        native_url=row.url(workspace, native=True)
        or (_native(url) if row.model_studio else ""),
        region=row.price_region or row.name,
        region_name=row.name if row.kind == "region" else "",
    )


def _server(row: ServerRow | None, key: Setting | None, **facts: Any) -> Server:
    """Return a server with its key, and with what its row tells of its ways."""
    if row is not None:
        facts |= {
            "model_studio": row.model_studio,
            "thinking_style": row.thinking,
            "thinking_budget": row.thinking_budget,
            "inline_think": row.inline_think,
            "missing_opener": row.missing_opener,
        }
    if key is not None:
        facts |= {"key": key.value, "key_origin": key.origin}
    return Server(**facts)


def _native(url: str) -> str:
    base, marker, _ = url.partition("/compatible-mode/")
    return f"{base}/api/v1" if marker else ""


def _key_of(row: ServerRow, settings: Settings, catalogue: Catalogue) -> Setting | None:
    if row.model_studio:
        key = _studio_key(settings)
        _refuse_a_plans_key(key, row, catalogue)
        if key and row.key_prefix and not key.value.startswith(row.key_prefix):
            return None
        return key
    if row.key_env and (value := settings.environ.get(row.key_env, "").strip()):
        return Setting(value, row.key_env, "environment")
    return keys.stored(settings.home, row.base_url) if row.base_url else None


def _plan_of(key: Setting, catalogue: Catalogue) -> ServerRow | None:
    """Return the plan that a key belongs to, if it is one of a plan."""
    prefixed = (row for row in catalogue.servers if row.kind == "plan" and row.key_prefix)
    return next((row for row in prefixed if key.value.startswith(row.key_prefix)), None)


def _refuse_a_plans_key(
    key: Setting | None, row: ServerRow | None, catalogue: Catalogue
) -> None:
    plan = _plan_of(key, catalogue) if key else None
    if key and plan and not (row and row.key_prefix == plan.key_prefix):
        raise ConfigError(
            "error.plan_key", origin=key.origin, server=plan.title, name=plan.name
        )


def _studio_key(settings: Settings) -> Setting | None:
    """Return the key for Model Studio, from the nearest place that has one."""
    return settings.get("dashscope_api_key") or keys.stored(settings.home, "model-studio")


def region_of_key(server: Server, settings: Settings, catalogue: Catalogue) -> Server | None:
    """Return the other region that accepts the key, asked with a call that costs nothing."""
    for other in other_regions(server, settings, catalogue):
        with contextlib.suppress(QwenError):
            list_models(other)
            return other
    return None


def other_regions(server: Server, settings: Settings, catalogue: Catalogue) -> list[Server]:
    """Return Model Studio's other regions, each with the key of `server`."""
    key = Setting(server.key, server.key_origin, "environment") if server.key else None
    rows = [row for row in catalogue.servers if row.kind == "region" and row.url()]
    found = [_at(row, settings, key) for row in rows]
    return [other for other in found if other.base_url != server.base_url]


def remember_region(settings: Settings, key: str, region: str) -> None:
    """Remember which region accepted a key; the file holds a hash of the key, not the key."""
    with contextlib.suppress(OSError):
        known = _regions(settings) | {_fingerprint(key): region}
        write_object(settings.home / HomeFile.REGIONS, known)


def _remembered(settings: Settings, key: str) -> str | None:
    return _regions(settings).get(_fingerprint(key))


def _regions(settings: Settings) -> dict[str, str]:
    known = read_object(settings.home / HomeFile.REGIONS)
    return {key: str(region) for key, region in known.items()}


def _fingerprint(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()[:16]
