"""The conversations of the running notebook: which go on here, and where they are kept.

Nothing is opened before the first question. Which notebook this is can only be told by
that question's request; without a cell id in it everything stays in memory.
"""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar
from weakref import WeakKeyDictionary

from qwen_nb.asking.account import Account
from qwen_nb.asking.job import JOBS
from qwen_nb.asking.kept import Kept
from qwen_nb.catalogue import Catalogue
from qwen_nb.context import Summary
from qwen_nb.conversation import Continued, Decision, identity
from qwen_nb.errors import StoreError
from qwen_nb.files import HomeFile, home
from qwen_nb.front_end import deleted_cells, here, running_shell
from qwen_nb.ledger import Budgets, Ledger
from qwen_nb.texts import Language, text
from qwen_nb.values import Entry, new_id, turn_from

if TYPE_CHECKING:
    from qwen_nb.store import Listing, Store


class Notebook:
    """All conversations of one shell's notebook.

    Parameters
    ----------
    shell : InteractiveShell or None
        None in a plain program, which has no notebook.

    Attributes
    ----------
    name : str
        The conversation that is asked when none is named; empty for the notebook's own.
    ledger : Ledger
        The calls of this person, as far as they can be known here.
    budgets : Budgets
        What they may cost.
    """

    _of_program: ClassVar[Notebook | None] = None

    _of_shells: ClassVar[WeakKeyDictionary[Any, Notebook]] = WeakKeyDictionary()

    def __init__(self, shell: Any | None) -> None:
        self.name = ""
        self._shell = shell
        self._store: Store | None = None
        self._path_of_store: Path | None = None
        self._opening = threading.RLock()  # two jobs may both be the first that asks
        self._decision: Decision | None = None
        self._path = ""
        self._notebook = ""
        self._kept: dict[str, Kept] = {}
        self._deleted: set[str] = set()
        self._settings: Mapping[str, str] = {}
        self._problem: StoreError | None = None
        self._notes: list[Callable[[Language], tuple[str, ...]]] = []
        self._own_id = new_id()
        self.ledger = Ledger(self.store)
        self.budgets = Budgets(self.store)
        if shell is not None:
            shell.events.register("pre_run_cell", self._new_execution)
            self._new_execution()  # that of the cell that runs now has been

    @classmethod
    def current(cls) -> Notebook:
        """Return the notebook of the running shell; one for a program that has none."""
        shell = running_shell()
        if shell is None:
            if cls._of_program is None:
                cls._of_program = cls(None)
            return cls._of_program
        if shell not in cls._of_shells:
            cls._of_shells[shell] = cls(shell)
        return cls._of_shells[shell]

    @property
    def store_path(self) -> Path:
        """Where conversations are kept now."""
        return home(os.environ) / HomeFile.STORE

    @property
    def id(self) -> str:
        """The id of this notebook; where nothing identifies it, one for this session."""
        return self._notebook or self._own_id

    @property
    def path(self) -> str:
        """Where this notebook is; empty where that is not known."""
        return self._path

    @property
    def settings(self) -> Mapping[str, str]:
        """What this notebook has set for itself, as far as it is known by now."""
        return self._settings

    def recognise(self) -> None:
        """Find out which notebook this is, if the running request tells it.

        What it has set for itself holds from then on, whoever asks.
        """
        self._resolve()
        self.refresh_settings()

    def establish(self) -> None:
        """Give a notebook that nobody had asked in an id by which it is known again.

        What is asked beside its conversations counts against its budgets, too.
        """
        if self._decision is None or self._notebook:
            return
        kept, place = self.kept(""), here(self._shell)
        if kept.store is not None and place.cell and place.in_file:
            kept.store.remember(kept.id, [place.cell])

    def refresh_settings(self) -> None:
        """Take over what another kernel of this notebook has set since."""
        if self._store is not None and self._notebook:
            # what is wrong with the store is told by the conversation in it
            with contextlib.suppress(StoreError):
                found = self._store.settings.of(self._notebook)
                if found != self._settings:
                    self._settings = found

    def keep_setting(self, name: str, value: str | None) -> bool:
        """Keep a setting for this notebook, or none any more; return whether that is so.

        Raises
        ------
        StoreError
            When one that is kept cannot be given up.
        """
        kept = self.kept()
        if kept.store is None or not self._notebook:
            return False
        try:
            kept.store.settings.set(self._notebook, name, value)
        except StoreError:
            if value is None:
                raise
            return False
        self.remember_cell()
        others = {each: told for each, told in self._settings.items() if each != name}
        self._settings = others if value is None else others | {name: value}
        return True

    def remember_cell(self) -> bool:
        """Let this notebook be known by the running cell, which may ask nothing.

        Returns
        -------
        bool
            Whether another session can know it again at all.
        """
        kept, place = self.kept(), here(self._shell)
        if kept.store is not None and place.cell and place.in_file:
            kept.store.remember(kept.id, [place.cell])
        return kept.store is not None

    def kept(self, name: str | None = None) -> Kept:
        """Return a conversation of this notebook; a new one where there is none.

        Parameters
        ----------
        name : str, optional
            Its name; the active one if not given.
        """
        self._resolve()
        wanted = self.name if name is None else name
        if wanted not in self._kept:
            self._kept[wanted] = self._made(wanted)
        kept = self._kept[wanted]
        if self._deleted:
            kept.conversation.forget_cells(self._deleted)
        return kept

    def switch(self, name: str) -> Kept:
        """Let a conversation be the one that is asked when none is named."""
        kept = self.kept(name)
        self.name = name
        if kept.store is not None:
            kept.store.activate(kept.id)
        return kept

    def fork(self, name: str, *, of: Kept, at: int | None = None) -> Kept:
        """Make a new conversation of copies of the turns up to one, and switch to it.

        Raises
        ------
        LookupError
            When there is no such turn, or the name is taken.
        """
        if name in self._kept or name in self.names():
            raise LookupError(name)
        forked = of.conversation.fork(at)
        kept = self._made(name, parent=of.id or None)
        self._kept[name] = kept
        if kept.store is not None:
            kept.store.put(kept.id, forked.entries, begins_anew=forked.begins_anew)
        kept.conversation.merge(forked.entries, begins_anew=forked.begins_anew)
        of.teach(kept)
        return self.switch(name)

    def rename(self, name: str, to: str) -> None:
        """Call a conversation by another name, which nothing else has."""
        kept = self.kept(name)
        if kept.store is not None:
            kept.store.rename(kept.id, to)
        kept.name = to
        self._kept[to] = self._kept.pop(name)
        if self.name == name:
            self.name = to

    def forget(self, ids: Collection[str], name: str = "") -> None:
        """Let go of versions that the store has forgotten, and of a conversation named so."""
        for kept in self._kept.values():
            kept.forget(ids)
        if name:
            self._kept.pop(name, None)
            if self.name == name:
                self.switch("")

    def in_memory(self) -> list[Kept]:
        """Return the conversations of this session that no store keeps."""
        return [kept for kept in self._kept.values() if kept.store is None]

    def names(self) -> dict[str, Listing | None]:
        """Return the names of this notebook's conversations; None for those in memory."""
        self._resolve()
        found: dict[str, Listing | None] = dict.fromkeys(self._kept)
        if self._store is not None and self._notebook:
            self._store.flush()
            found |= {row.name: row for row in self._store.records_of(self._notebook)}
        return found

    def store(self) -> Store | None:
        """Return the store of this person, opened if it can be; None where it cannot."""
        with self._opening:
            return self._opened()

    def _opened(self) -> Store | None:
        path = self.store_path
        if self._decision is None and path != self._path_of_store:
            # whoever sets `QWEN_NB_HOME` in a cell means the next question
            self._close_store()
            self._path_of_store = path
        if self._store is None and self._problem is None:
            # Here and not at the top: a notebook that asks nothing needs no database.
            from qwen_nb.store import Store

            try:
                self._store = Store(path)
                JOBS.end_first()
            except StoreError as error:
                self._problem = error
                self._tell(error)
        return self._store

    def take_notes(self, language: Language) -> tuple[str, ...]:
        """Return what a person must know of the conversations, once."""
        for kept in self._kept.values():
            if (problem := kept.take_problem()) is not None:
                self._tell(problem)
        notes, self._notes = self._notes, []
        return tuple(line for note in notes for line in note(language))

    def close(self) -> None:
        """Write what waits and forget everything; the next question opens it again."""
        if self._shell is not None:
            with contextlib.suppress(ValueError):
                self._shell.events.unregister("pre_run_cell", self._new_execution)
            type(self)._of_shells.pop(self._shell, None)
        self._close_store()
        self._decision = None
        self._settings = {}
        self._kept.clear()

    # -- inside ------------------------------------------------------------------------------

    def _close_store(self) -> None:
        if self._store is not None:
            self._store.close()
        self._store = self._problem = None

    def _tell(self, error: StoreError) -> None:
        self._notes.append(lambda language: (error.message(language),))

    def _new_execution(self, *_: Any) -> None:
        # A front end tells deleted cells once, with whichever cell runs next.
        deleted = deleted_cells(self._shell)
        self._deleted.update(deleted)
        # A cell that runs is back, whatever happened to it.
        self._deleted.discard(here(self._shell).cell or "")
        for kept in self._kept.values() if deleted else ():
            kept.conversation.forget_cells(self._deleted)

    def _resolve(self) -> None:
        if self._decision is not None:
            self._follow()
            return
        if here(self._shell).path is None:
            return
        store = self.store()
        if store is None:
            return
        try:
            decision = identity.found(self._shell, store, turn_from=turn_from)
            self._path = decision.path or ""
            self._forget_empty()
            for continued in decision.continued:
                self._go_on(store, continued, decision)
        except StoreError as error:
            self._problem, self._store = error, None
            self._tell(error)
            return
        self._decision = decision
        self._notes.append(decision.notes)
        self.refresh_settings()

    def _forget_empty(self) -> None:
        # One that was only looked at, by a request that named no cell, would stay in memory.
        for name, kept in list(self._kept.items()):
            if not kept.conversation.entries and not kept.conversation.pending:
                del self._kept[name]

    def _go_on(self, store: Store, continued: Continued, decision: Decision) -> None:
        id_, path = continued.id, decision.path
        if continued.how == "renamed":
            store.set_path(id_, path)
        elif continued.how == "forked":
            original = store.record(id_)
            copy = store.copy(id_, notebook=self.id, path=path, entries=continued.entries)
            if original is not None and not self._notebook:
                store.settings.copy(original.notebook, copy.notebook)
            id_ = copy.id
        elif continued.how == "rebuilt":
            store.create(
                notebook=self.id,
                path=path,
                name=continued.name or "",
                conversation=id_,
            )
            entries = (
                Entry(each.id, each.place + 1, each.k, each.cell, each.turn)
                for each in continued.carried
            )
            store.put(id_, entries, begins_anew=False)
        row = store.record(id_)
        if row is None:
            return
        self._notebook = self._notebook or row.notebook
        kept = self._loaded(store, row, keys_hold=decision.keys_hold)
        if decision.marks:
            store.remember(id_, decision.marks)
        if row.active:
            self.name = row.name
        # what was asked before anybody could tell which notebook this is stays in memory
        self._kept[row.name] = kept

    def _loaded(self, store: Store, row: Listing, *, keys_hold: bool = True) -> Kept:
        loaded = store.load(row.id, keys_hold=keys_hold)
        summaries = [Summary.from_json(told) for told in store.summaries(row.id)]
        kept = Kept(loaded.conversation, row.id, row.name, store, summaries)
        if loaded.cut:
            self._book(kept, loaded.cut)
            number = kept.conversation.number_of(loaded.cut[-1].id)
            self._notes.append(
                lambda language: (text("note.turn_was_cut", language, turn=number),)
            )
        return kept

    def _book(self, kept: Kept, cut: Iterable[Entry]) -> None:
        account = Account(
            ledger=self.ledger,
            catalogue=Catalogue.load(home(os.environ)),
            conversation=kept.id,
            notebook=self.id,
            chat=kept.name,
            path=self._path,
        )
        for entry in cut:
            number = kept.conversation.number_of(entry.id)
            replace(account, number=number).book_cut(entry)

    def _made(self, name: str, *, parent: str | None = None) -> Kept:
        if self._decision is None or self._decision.path is None or self._store is None:
            return Kept(name=name)
        try:
            known = self._store.records_of(self._notebook) if self._notebook else ()
            row = next((each for each in known if each.name == name), None)
            if row is None:
                row = self._store.create(
                    notebook=self.id, path=self._path, name=name, parent=parent
                )
                if self._decision.marks:
                    self._store.remember(row.id, self._decision.marks)
            self._notebook = row.notebook
            return self._loaded(self._store, row, keys_hold=self._decision.keys_hold)
        except StoreError as error:
            self._tell(error)
            return Kept(name=name)

    def _follow(self) -> None:
        # A notebook that is renamed and then not saved would be known by nothing.
        moved = identity.moved_to(self._shell, self._path) if self._path else None
        if moved is None or self._store is None:
            return
        self._path = moved
        try:
            for kept in self._kept.values():
                if kept.id:
                    self._store.set_path(kept.id, moved)
        except StoreError as error:
            self._tell(error)
