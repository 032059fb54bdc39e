import pytest
from _turns import turn
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from qwen_nb.store.search import around
from qwen_nb.store.store import Store
from qwen_nb.values.entry import Entry, EntryState, new_id

ASKED: list[tuple[str, str, EntryState]] = [
    ("今天杭州的天气怎么样?", "晴,气温二十度。", "current"),
    ("What is the weather in Hangzhou, please?", "Sunny. 天气很好。", "replaced"),
    ("天空和气球", "No café here; don't ask.", "undone"),
    ("print('hello world')", "It prints: world, hello", "deleted"),
    ("カタカナの言葉", "snake_case and C++ and 3.14", "current"),
]


@pytest.fixture
def asked(store: Store) -> Store:
    kept = store.create(name="talk", path="notes.ipynb")
    entries = [
        Entry(new_id(), at, 0, None, turn(*texts), state, asked_at=float(at))
        for at, (*texts, state) in enumerate(ASKED)
    ]
    store.put(kept.id, entries, begins_anew=False)
    return store


QUERIES = {
    "天气": [1, 0],
    "杭州的天气": [0],
    "天气 weather": [1],
    "weather 天气": [1],
    "天气weather": [],
    "WEATHER": [1],
    "cafe": [2],
    '"hello world"': [3],
    "hello world": [3],
    '"world hello"': [3],
    '"hello please"': [],
    "气": [2, 1, 0],
    "カナ": [4],
    "C++": [4],
    "snake_case": [4],
    "3.14": [4],
    "don't": [2],
    "天气?": [1, 0],
    "nothing like it": [],
    "": [],
    "?!": [],
    '"': [],
    "weather *": [1],
    "NEAR(weather)": [],
    "weather OR cafe": [],
    "prompt:weather": [],
    "\0": [],
}


@pytest.mark.parametrize(("query", "places"), QUERIES.items())
def test_what_is_found(asked: Store, query: str, places: list[int]) -> None:
    assert [found.place for found in asked.search(query)] == places


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text() | st.text('"*()^:+-{}天a \0\ud800'))
def test_no_query_raises(asked: Store, query: str) -> None:
    asked.search(query)


def test_a_find_tells_where_it_is(asked: Store) -> None:
    newest, oldest = asked.search("天气")
    assert (newest.name, newest.path) == ("talk", "notes.ipynb")
    assert (newest.k, newest.state, newest.asked_at) == (0, "replaced", 1.0)
    assert newest.excerpt == "Sunny. 天气很好。"
    assert oldest.excerpt == "今天杭州的天气怎么样?"


def test_a_search_is_bounded_and_can_stay_in_one_conversation(asked: Store) -> None:
    assert [found.place for found in asked.search("天气", 1)] == [1]
    other = asked.create()
    assert asked.search("天气", conversation=other.id) == ()


def test_a_copy_is_found_in_itself_only(asked: Store) -> None:
    (kept,) = asked.records_at("notes.ipynb")
    copy = asked.copy(kept.id)
    assert len(asked.search("天气")) == 2
    assert len(asked.search("天气", conversation=copy.id)) == 2


def test_an_excerpt_is_short_and_shows_the_words() -> None:
    text = "x " * 500 + "the word\n\nitself " + "y " * 500
    shown = around("WORD", "nothing", text)
    assert "the word itself" in shown
    assert shown.startswith("…")
    assert shown.endswith("…")
    assert len(shown) < 200
