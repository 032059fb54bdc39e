import re
import subprocess
import sys
from pathlib import Path

import pytest

from qwen_nb.catalogue.catalogue import Catalogue
from qwen_nb.catalogue.rows import Model

SEEDS = Path(__file__).parents[2].parent / "shared" / "seeds"

# ids are written in lower case, names of families are not
MODEL_ID = re.compile(
    r"(?<![\w./-])(?:kimi/)?"
    r"(?:(?:qwen[\d.]*|qwq|qvq|deepseek|glm|kimi)-[a-z0-9]|MiniMax-M)[a-z0-9.-]*[a-z0-9]"
)

CATALOGUE = Catalogue.load()


def printed_ids() -> list[str]:
    texts = (path.read_text("utf-8") for path in sorted(SEEDS.glob("*.txt")))
    return sorted({id for text in texts for id in MODEL_ID.findall(text)})


@pytest.mark.skipif(not SEEDS.is_dir(), reason="the guides are not beside the project")
def test_every_id_of_the_guides_is_known() -> None:
    ids = printed_ids()
    assert len(ids) > 60
    assert [id for id in ids if not CATALOGUE.find(id).known] == []


FOUND = [
    ("qwen-plus", "qwen-plus"),
    (" Qwen-Plus ", "qwen-plus"),
    ("minimax-m2.5", "MiniMax-M2.5"),
    ("kimi/kimi-k2.6", "kimi/kimi-k2.6"),
    ("qwen-plus-0428", "qwen-plus-2025-04-28"),
    ("QWEN-PLUS-0428", "qwen-plus-2025-04-28"),
]


@pytest.mark.parametrize(("asked", "id"), FOUND)
def test_a_model_is_found_by_id_and_alias(asked: str, id: str) -> None:
    model = CATALOGUE.find(asked)
    assert (model.id, model.known, model.inferred_from) == (id, True, None)


INFERRED = [
    ("qwen-plus-2026-03-01", "qwen-plus"),
    ("qwen-flash-2025-08-30", "qwen-flash"),
    ("qwen3.7-max-2027-01-01", "qwen3.7-max"),
    ("qwen-max-2025-01-25", "qwen-max"),
    ("deepseek-v3.2-1201", "deepseek-v3.2"),
    ("Qwen/Qwen3-32B", "qwen3-32b"),
    ("Qwen/Qwen3-235B-A22B-Thinking-2507", "qwen3-235b-a22b-thinking-2507"),
    ("deepseek-ai/DeepSeek-R1-Distill-Qwen-7B", "deepseek-r1-distill-qwen-7b"),
    ("qwen/qwen-plus-2025-12-01", "qwen-plus-2025-12-01"),
    ("qwen/qwen-plus-2026-03-01", "qwen-plus"),
    ("qwen/qwen-plus-0428", "qwen-plus-2025-04-28"),
    ("zai-org/GLM-4.6", "glm-4.6"),
]


@pytest.mark.parametrize(("asked", "source"), INFERRED)
def test_an_unlisted_snapshot_or_spelling_has_the_facts_of_its_model(
    asked: str, source: str
) -> None:
    model, base = CATALOGUE.find(asked), CATALOGUE.find(source)
    assert (model.id, model.known, model.inferred_from) == (asked, True, source)
    assert model.aliases == ()
    assert (model.mode, model.max_cot, model.family) == (base.mode, base.max_cot, base.family)


@pytest.mark.parametrize(("asked", "_"), INFERRED)
def test_a_price_is_never_inferred(asked: str, _: str) -> None:
    assert CATALOGUE.prices(asked) == []
    assert CATALOGUE.price(asked, "sg") is None


UNKNOWN = [
    "",
    "my-own-model",
    "qwen",
    "qwen-plus-tuned",
    "qwen-plus-2025-01-25",  # older than the first snapshot that thinks
    "qwen-plus-1220",
    "qwen-plus-2507",  # of which year?
    "qwen3-max-2025-09-23",
    "qwen3-235b-a22b-instruct-2507",  # dated, but of no model in the table
    "somebody/else",
    "x/",
]


@pytest.mark.parametrize("asked", UNKNOWN)
def test_of_any_other_id_nothing_is_known(asked: str) -> None:
    assert CATALOGUE.find(asked) == Model(id=asked, known=False)
    assert CATALOGUE.find(asked).mode is None


MODES = [
    ("qwen3.7-max", "hybrid_on"),
    ("qwen-plus", "hybrid_off"),
    ("qwen3-32b", "hybrid_on"),
    ("qwen3-30b-a3b-thinking-2507", "thinking_only"),
    ("qwq-plus", "thinking_only"),
    ("qwen-max", "none"),
    ("kimi/kimi-k2.6", None),
]


@pytest.mark.parametrize(("id", "mode"), MODES)
def test_a_model_has_its_thinking_mode(id: str, mode: str | None) -> None:
    assert CATALOGUE.find(id).mode == mode


def test_only_listed_models_take_thinking_back() -> None:
    # docs/protocol.md §2.2
    listed = {model.id for model in CATALOGUE.models() if model.preserve_thinking}
    assert len(listed) == 15
    assert {"qwen3.7-plus", "kimi/kimi-k2.6", "qwen3.6-plus-2026-04-02"} <= listed
    assert "qwen-plus" not in listed


def test_only_the_first_qwen3_models_know_soft_switches() -> None:
    soft = {model.id for model in CATALOGUE.models() if model.soft_switch}
    assert soft == {
        "qwen-plus-2025-04-28",
        *(f"qwen3-{size}" for size in ("235b-a22b", "32b", "30b-a3b", "14b", "8b", "4b")),
        *("qwen3-1.7b", "qwen3-0.6b"),
    }


@pytest.mark.parametrize("model", CATALOGUE.models(), ids=lambda model: model.id)
def test_a_row_agrees_with_itself(model: Model) -> None:
    assert model.source
    assert re.fullmatch(r"20\d\d-\d\d(-\d\d)?", model.date)
    assert model.mode != "none" or not (model.thinking_budget or model.takes_thinking_keys)
    assert model.max_cot is None or model.mode not in ("none", None)
    limits = [model.max_input, model.max_cot, model.max_output]
    assert all(limit <= model.context for limit in limits if limit and model.context)


FILTERS = [
    ("", 91),
    ("qwq", 2),
    ("thinking_only qvq", 1),
    ("MOONSHOT-hosted", 3),
    ("0428", 1),
    ("no-such-model", 0),
]


@pytest.mark.parametrize(("filter", "count"), FILTERS)
def test_models_are_filtered_by_words(filter: str, count: int) -> None:
    assert len(CATALOGUE.models(filter)) == count


@pytest.mark.parametrize(
    ("asked", "near"),
    [
        ("qwen-pluss", "qwen-plus"),
        ("Qwen-PLSU", "qwen-plus"),
        ("qwen-plus", None),  # known; nothing else was meant
        ("my-own-model", None),
    ],
)
def test_a_name_that_is_not_known_has_one_near_it(asked: str, near: str | None) -> None:
    assert CATALOGUE.near(asked) == near


def test_importing_reads_no_table() -> None:
    code = (
        "import sys, qwen_nb\n"
        "module = sys.modules.get('qwen_nb.catalogue.files')\n"
        "assert module is None or module._packaged.cache_info().currsize == 0\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_the_catalogue_is_read_once() -> None:
    assert Catalogue.load() is Catalogue.load()
