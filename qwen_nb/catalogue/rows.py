"""The three kinds of row: a model, a price, a server.

A row is made from named cells, as text (CSV) or as TOML values; a cell that is empty or
missing is None: not known. Nothing here reads files.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from types import NoneType
from typing import Any, Literal, TypeAlias, get_args, get_type_hints

from qwen_nb.values import ChatOptions

Mode: TypeAlias = Literal["hybrid_on", "hybrid_off", "thinking_only", "none"]
"""`hybrid_on` thinks unless it is switched off, `hybrid_off` only when switched on."""

Switch: TypeAlias = Literal[
    "top_level",
    "chat_template_kwargs",
    "reasoning_effort",
    "reasoning_object",
    "thinking_object",
    "none",
]
"""How a request switches thinking on this server (docs/protocol.md §8)."""

WORKSPACE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}", re.ASCII)
"""A workspace id (docs/protocol.md §1.2)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """What is known about one model; None means not known (docs/protocol.md §3).

    Parameters
    ----------
    id : str
        The id; for a model that is not in the table, as it was asked for.
    known : bool
        False when nothing at all is known.
    inferred_from : str, optional
        The model whose facts these are, when the id itself is not in the table.
    aliases : tuple of str
        Other ids of the same model.
    mode : str, optional
        Whether it thinks by itself.
    stream_required : bool, optional
        It answers streams only.
    takes_thinking_keys : bool, optional
        False where `enable_thinking` and `thinking_budget` have no effect or no place.
    thinking_budget, preserve_thinking, soft_switch : bool, optional
        It takes `thinking_budget`, `preserve_thinking`, `/think` and `/no_think`.
    system_discouraged : bool, optional
        Its guide advises against a system message while it thinks.
    partial_mode : bool, optional
        It can go on from the beginning of an answer (docs/protocol.md §7.5).
    json_schema : bool, optional
        It takes a schema as the form of its answer. The newer ones do, and not all of them
        (docs/protocol.md §7.6): one that is taken to do so may refuse it all the same.
    single_turn : bool, optional
        It takes one question, without history.
    vision : bool, optional
        It takes images.
    native_route : str, optional
        Which path of the native protocol it has (docs/protocol.md §1.3).
    context, max_input, max_cot, max_output : int, optional
        Limits in tokens; `max_cot` limits the thinking.
    implicit_cache, explicit_cache : bool, optional
        Which context cache it has (docs/protocol.md §6.4).
    source, date : str
        Where the facts are from, and as of when.
    """

    id: str
    known: bool = True
    inferred_from: str | None = None
    aliases: tuple[str, ...] = ()
    family: str | None = None
    vendor: str | None = None
    mode: Mode | None = None
    stream_required: bool | None = None
    takes_thinking_keys: bool | None = None
    thinking_budget: bool | None = None
    preserve_thinking: bool | None = None
    soft_switch: bool | None = None
    system_discouraged: bool | None = None
    partial_mode: bool | None = None
    json_schema: bool | None = None
    single_turn: bool | None = None
    vision: bool | None = None
    native_route: Literal["text", "multimodal", "both"] | None = None
    context: int | None = None
    max_input: int | None = None
    max_cot: int | None = None
    max_output: int | None = None
    implicit_cache: bool | None = None
    explicit_cache: bool | None = None
    source: str = ""
    date: str = ""

    def thinks(self, options: ChatOptions) -> bool | None:
        """Return whether it will think, asked with these options; None: not known.

        An explicit switch decides, else the model's own mode (docs/protocol.md §2.1). A
        request field of that name wins over the named option.
        """
        if self.mode in ("thinking_only", "none"):
            return self.mode == "thinking_only"
        switch = None if options.thinking is None else options.thinking is not False
        switch = options.params.get("enable_thinking", switch)
        if isinstance(switch, bool):
            return switch
        return None if self.mode is None else self.mode == "hybrid_on"


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """List prices of one model in one region, per million tokens.

    Parameters
    ----------
    id, region, currency : str
        Whose price, where (`sg`, `bj`, …), in which money.
    up_to_input_tokens : int, optional
        The tier holds for requests of at most so much input; None: for all.
    input : Decimal, optional
        Price of input.
    input_cached : Decimal, optional
        Price of input that the implicit cache had; None: on Model Studio its usual share of
        `input`, elsewhere all of it (docs/protocol.md §6.4).
    output, output_thinking : Decimal, optional
        Price of all output of a reply without thinking, and of one with it
        (docs/protocol.md §6.5); where there is one of them only, it holds for both.
    source, date : str
        Where the price is from, and as of when.
    """

    id: str
    region: str
    currency: str
    up_to_input_tokens: int | None = None
    input: Decimal | None = None
    output: Decimal | None = None
    output_thinking: Decimal | None = None
    input_cached: Decimal | None = None
    source: str = ""
    date: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerRow:
    """A place that serves models; the top of `servers.toml` explains the fields."""

    name: str
    title: str = ""
    kind: Literal["region", "plan", "server"] = "server"
    aliases: tuple[str, ...] = ()
    id: str = ""
    host: str = ""
    workspace_host: str = ""
    base_url: str = ""
    hosts: tuple[str, ...] = ()
    price_region: str = ""
    currency: str = ""
    thinking: Switch = "none"
    thinking_budget: bool = False
    inline_think: bool = False
    missing_opener: bool = False
    key_env: str = ""
    key_prefix: str = ""

    @property
    def model_studio(self) -> bool:
        """Whether Model Studio's own rules hold there."""
        return self.kind != "server"

    def url(self, workspace: str = "", *, native: bool = False) -> str:
        """Return the address of a protocol, or an empty text where there is none.

        Parameters
        ----------
        workspace : str
            Id of a workspace, for its own host.
        native : bool
            The native protocol in place of the OpenAI-compatible one.

        Raises
        ------
        ValueError
            When the workspace id is none, `{WorkspaceId}` for example.
        """
        if workspace and not WORKSPACE.fullmatch(workspace):
            raise ValueError(workspace)
        host = self.host
        if workspace and self.workspace_host:
            host = self.workspace_host.replace("{workspace}", workspace)
        if not host:
            return "" if native else self.base_url
        return f"https://{host}{'/api/v1' if native else '/compatible-mode/v1'}"


class BadCell(ValueError):
    """A cell that cannot be read: what it should be, and which words it may be."""

    def __init__(self, kind: str, allowed: str = "") -> None:
        super().__init__(kind)
        self.kind = kind
        self.allowed = allowed


OWN = "user"
"""The source of a person's own row that names none."""

Reader: TypeAlias = Callable[[Any], Any]

_DEAREST, _FINEST = 10**9, 12  # per million tokens, and digits behind the point


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise BadCell("text")
    return value.strip()


def _texts(value: Any) -> tuple[str, ...]:
    if isinstance(value, str):
        value = value.split(";")
    if not isinstance(value, list):
        raise BadCell("texts")
    return tuple(text for one in value if (text := _text(one)))


def _flag(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    if value in ("yes", "no"):
        return bool(value == "yes")
    raise BadCell("flag")


def _count(value: Any) -> int:
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 19:
        return int(value)
    raise BadCell("count")


def money(value: Any) -> Decimal:
    """Return a price; refuse what is negative, endless, or finer than any list of prices.

    Raises
    ------
    BadCell
        For anything else, a float too: money is exact.
    """
    try:
        amount = Decimal(value if isinstance(value, str | int | Decimal) else "NaN")
    except (InvalidOperation, ValueError):
        amount = Decimal("NaN")
    exponent = amount.as_tuple().exponent
    if isinstance(value, bool) or not isinstance(exponent, int) or exponent < -_FINEST:
        raise BadCell("money")
    if not 0 <= amount <= _DEAREST:
        raise BadCell("money")
    return amount.copy_abs()  # Decimal has a negative zero, which would show as -0


def _one_of(names: tuple[str, ...]) -> Reader:
    def read(value: Any) -> str:
        if value in names:
            return str(value)
        raise BadCell("one_of", ", ".join(names))

    return read


_READERS: Mapping[Any, Reader] = {
    str: _text, tuple[str, ...]: _texts, bool: _flag, int: _count, Decimal: money,
}  # fmt: skip


def _readers(row: type, *ours: str) -> dict[str, Reader]:
    """Return what reads the cell of each field of a row, but of those that we fill in."""
    hints = get_type_hints(row)
    return {field: _reader(hint) for field, hint in hints.items() if field not in ours}


def _reader(hint: Any) -> Reader:
    if NoneType in get_args(hint):  # an empty cell is not read
        hint = get_args(hint)[0]
    return _READERS.get(hint) or _one_of(get_args(hint))


MODEL_CELLS = _readers(Model, "known", "inferred_from")
"""The columns of `models.csv`, and what reads a cell of each."""

PRICE_COLUMNS = {
    "input": "in",
    "input_cached": "in_cached",
    "output": "out",
    "output_thinking": "out_thinking",
}
"""The columns of prices whose fields have longer names."""

PRICE_CELLS = {PRICE_COLUMNS.get(field, field): read for field, read in _readers(Price).items()}
"""The columns of `prices.csv`."""

SERVER_CELLS = _readers(ServerRow)
"""The keys of a table in `servers.toml`."""
