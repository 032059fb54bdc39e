"""Where questions go."""

from __future__ import annotations

from dataclasses import dataclass, field

__all__ = ["Server"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """Where questions go.

    Parameters
    ----------
    name : str
        What a person knows it by; shown, and part of saved outputs, so never a port.
    base_url : str
        Address that ends where the dialect's paths begin; empty for the embedded
        emulator, which has none before it runs.
    key : str, optional
        API key; never shown.
    key_origin : str
        Which setting the key was found in.
    scripted : bool
        True for the embedded emulator.
    model_studio : bool
        True where Model Studio's own switches and defaults hold.
    native_url : str
        Address of the native protocol; empty where it is not spoken.
    region : str
        Where prices are looked up: a region of the price table, else the server's name.
    region_name : str
        The region's own name; empty elsewhere.
    guessed : bool
        Nobody said which region the key belongs to.
    replayed : bool
        What it answers comes from a cassette.
    thinking_style : str
        How it spells the thinking switch: one of `dialects.thinking.STYLES`.
    thinking_budget : bool
        It takes a budget in tokens beside a switch at the top level.
    inline_think : bool
        Its thinking stands inside the answer, between think tags.
    missing_opener : bool
        With `inline_think`: the opening tag may be missing, since the prompt's template
        holds it, so that text shows only once its kind is known.
    """

    name: str
    base_url: str = ""
    key: str | None = field(default=None, repr=False)
    key_origin: str = ""
    scripted: bool = False
    model_studio: bool = False
    native_url: str = ""
    region: str = ""
    region_name: str = ""
    guessed: bool = False
    replayed: bool = False
    thinking_style: str = "top_level"
    thinking_budget: bool = True
    inline_think: bool = False
    missing_opener: bool = False
