"""What a notebook has set for itself, beside the conversations in the store."""

from collections.abc import Callable

import pytest

from qwen_nb.errors import StoreError
from qwen_nb.store.store import Store

Opens = Callable[..., Store]


def test_settings_are_one_notebooks(store: Store, open_store: Opens) -> None:
    store.settings.set("a", "model", "模型 '\"; --")
    store.settings.set("a", "thinking", "500")
    store.settings.set("b", "model", "other")
    store.settings.set("a", "thinking", "on")
    wanted = {"model": "模型 '\"; --", "thinking": "on"}
    assert store.settings.of("a") == wanted
    assert open_store().settings.of("a") == wanted  # in another process too
    assert store.settings.of("b") == {"model": "other"}
    assert store.settings.of("") == {}
    store.settings.set("a", "model", None)
    store.settings.set("a", "lang", None)
    assert store.settings.of("a") == {"thinking": "on"}
    assert store.settings.of("b") == {"model": "other"}


def test_a_copy_begins_with_its_originals_and_goes_its_own_way(store: Store) -> None:
    store.settings.set("a", "model", "m")
    store.settings.set("a", "thinking", "500")
    store.settings.set("copy", "model", "its own")
    store.settings.copy("a", "copy")
    assert store.settings.of("copy") == {"model": "its own", "thinking": "500"}
    store.settings.set("copy", "thinking", None)
    assert store.settings.of("a") == {"model": "m", "thinking": "500"}


def test_what_cannot_be_written_is_told(open_store: Opens) -> None:
    holder, other = open_store(), open_store(busy_s=0.05)
    holder._database.execute("PRAGMA query_only = OFF")
    holder._database.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreError) as caught:
        other.settings.set("a", "model", "m")
    assert caught.value.key == "error.store_busy"
    holder._database.execute("ROLLBACK")
    other.flush()
    assert other.settings.of("a") == {}  # it is not written later behind one's back
