"""A conversation some of whose turns are still on their way.

A question in the background keeps its place: its turn stands where it was asked, whenever
it ends. Places may be filled from any thread.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass, replace

from qwen_nb._conversation import Conversation
from qwen_nb._messages import Turn

__all__ = ["Place", "PlacedConversation"]


@dataclass(slots=True, eq=False)
class Place:
    """Where a turn will stand: behind how many others, and whether it starts anew."""

    behind: int
    starts_anew: bool


class PlacedConversation(Conversation):
    """A conversation that keeps places for turns that have not ended."""

    def __init__(self, turns: Iterable[Turn] = ()) -> None:
        super().__init__(turns)
        self._places: list[Place] = []
        self._lock = threading.RLock()

    @property
    def current(self) -> tuple[Turn, ...]:
        """The turns since the conversation last began anew, those that have ended."""
        with self._lock:
            if self.begins_anew:
                return ()
            return self.turns[self._start() :]

    @property
    def running(self) -> int:
        """How many turns of the current conversation are still on their way."""
        with self._lock:
            return len(self._current_places())

    @property
    def next_number(self) -> int:
        """The number of the next turn; each turn keeps the number it was told."""
        with self._lock:
            told = [turn.reply.turn or 0 for turn in self.current]
            return max([len(told) + self.running, *told]) + 1

    def append(self, turn: Turn, *, in_place_of: Turn | None = None) -> None:
        """Add a finished turn behind all others; see `Conversation.append`."""
        with self._lock:
            super().append(turn, in_place_of=in_place_of)

    def keep_place(self, *, starts_anew: bool) -> Place:
        """Keep the next place for a turn that is on its way."""
        with self._lock:
            place = Place(len(self._turns), starts_anew or self.begins_anew)
            self._anew = False
            self._places.append(place)
            return place

    def fill(self, place: Place, turn: Turn | None) -> None:
        """Put the turn into its place, or give the place up if there is none."""
        with self._lock:
            at = self._places.index(place)
            del self._places[at]
            if turn is not None:
                turn = replace(turn, starts_anew=place.starts_anew)
                self._turns.insert(place.behind, turn)
                for later in self._places[at:]:
                    later.behind += 1
            elif place.starts_anew:
                self._hand_on_the_mark(place, at)

    def _hand_on_the_mark(self, place: Place, at: int) -> None:
        # What was asked behind it was asked in the new conversation, and stays there.
        following = self._places[at].behind if at < len(self._places) else None
        if following == place.behind:
            self._places[at].starts_anew = True
        elif place.behind < len(self._turns):
            first = self._turns[place.behind]
            self._turns[place.behind] = replace(first, starts_anew=True)

    def _start(self) -> int:
        marks = [at for at, turn in enumerate(self._turns) if turn.starts_anew]
        marks += [place.behind for place in self._places if place.starts_anew]
        return max(marks, default=0)

    def _current_places(self) -> list[Place]:
        if self.begins_anew:
            return []
        since = max(
            (at for at, place in enumerate(self._places) if place.starts_anew), default=0
        )
        return [place for place in self._places[since:] if place.behind >= self._start()]
