"""The rooms of the house and the doors between them, read from the source."""

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

import qwen_nb

PACKAGE = Path(qwen_nb.__file__).parent

ROOMS = {
    "words": (
        "_api_messages",
        "_carried",
        "_code_blocks",
        "_errors",
        "_events",
        "_frames",
        "_json_text",
        "_messages",
        "_texts",
        "_usage",
        "errors",
    ),
    "facts": ("catalogue",),
    "wire": ("_sse", "dialects"),
    "edge": ("_certificates", "_notebook", "_notebook_file", "_transport", "record"),
    "api": (
        "_bound",
        "_budget",
        "_client",
        "_conversation",
        "_docstrings",
        "_entry",
        "_exchange",
        "_identity",
        "_interpolate",
        "_json_types",
        "_keys",
        "_kept",
        "_ledger",
        "_pace",
        "_question",
        "_request",
        "_retries",
        "_rules",
        "_schema",
        "_servers",
        "_settings",
        "_structured",
        "_tally",
        "_tools",
        "_typed_dicts",
        "context",
        "store",
    ),
    "show": ("render",),
    "chat": (
        "_account",
        "_archive",
        "_asker",
        "_calling",
        "_capture",
        "_code",
        "_connections",
        "_doctor",
        "_forming",
        "_interrupts",
        "_job",
        "_kept_answers",
        "_mapping",
        "_progress",
        "_pump",
        "_readers",
        "_row_asker",
        "_rows",
        "_run",
        "_screen",
        "_sending",
        "_spending",
        "_tool_rounds",
        "_transcript",
        "batch",
        "chat",
    ),
    "skin": (
        "_commands",
        "_compact",
        "_complete",
        "_conversation_commands",
        "_exchange_commands",
        "_history",
        "_line",
        "_magics",
        "_next_cell",
        "_panel",
        "_panel_values",
        "_record_commands",
        "_reports",
        "_sheet",
        "_transformers",
        "_usage_commands",
    ),
    "checks": ("pytest_plugin",),
    "emulator": ("emulator",),
    "front": ("", "__main__", "_course"),
}

DOORS = {
    "words": set(),
    "facts": {"words"},
    "wire": {"words", "facts"},
    "edge": {"words", "facts", "wire"},
    "api": {"words", "facts", "wire", "edge"},
    "show": {"words"},
    "chat": {"words", "facts", "wire", "edge", "api", "show"},
    "skin": {"words", "facts", "edge", "api", "show", "chat"},
    "checks": {"words", "edge"},
    "emulator": {"words", "facts"},
    "front": {"words", "edge", "show", "chat"},
}

# what is imported inside a function, since few need it
LATE_DOORS = {
    ("chat", "emulator"),
    ("checks", "api"),
    ("checks", "emulator"),
    ("front", "skin"),
    ("front", "emulator"),
}

# what a room may import from outside the standard library, at its top or late
GUESTS = {
    "words": {"markdown_it", "pandas"},  # Markdown's rules tell what of an answer is code
    "api": {
        "apsw",
        "dotenv",
        "jsonschema",
        "platformdirs",
        "pydantic",
        "pydantic_core",
        "sqlite_vec",
        "typing_extensions",
    },
    "edge": {"openai"},
    "show": {
        "IPython",
        "anywidget",
        "ipykernel",
        "markdown_it",
        "mdit_py_plugins",
        "traitlets",
    },
    "chat": {"pandas", "tqdm"},
    "skin": {"IPython", "ipywidgets", "traitlets"},
    "checks": {"pytest", "xdist"},
    "emulator": {"starlette", "uvicorn"},
}


@dataclass(frozen=True)
class Import:
    by: str  # module, without the package's name
    of: str
    late: bool

    def __str__(self) -> str:
        return f"{self.by} imports {self.of}{' late' if self.late else ''}"


def is_for_types(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"


def imports(by: str, node: ast.AST, late: bool = False) -> Iterator[Import]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import):
            yield from (Import(by, alias.name, late) for alias in child.names)
        elif isinstance(child, ast.ImportFrom):
            assert child.level == 0, f"{by}: imports are absolute"
            module = str(child.module)
            for alias in child.names:
                full = f"{module}.{alias.name}"
                yield Import(by, full if module_of(full) in SOURCES else module, late)
        elif not is_for_types(child):
            inside = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef)
            yield from imports(by, child, late or inside)


def module_of(name: str) -> str:
    return name.removeprefix("qwen_nb").removeprefix(".")


def module_at(path: Path) -> str:
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


SOURCES = {module_at(path): path for path in PACKAGE.rglob("*.py")}
IMPORTS = [
    found
    for module, path in SOURCES.items()
    for found in imports(module, ast.parse(path.read_text("utf-8")))
]
OURS = [found for found in IMPORTS if found.of.partition(".")[0] == "qwen_nb"]
THEIRS = [found for found in IMPORTS if found not in OURS]


def room(module: str) -> str:
    first = module.partition(".")[0]
    return next((name for name, modules in ROOMS.items() if first in modules), "")


@pytest.mark.parametrize("module", SOURCES, ids=lambda module: module or "__init__")
def test_every_module_has_a_room(module: str) -> None:
    assert room(module)


@pytest.mark.parametrize("name", ROOMS)
def test_a_room_imports_only_from_the_rooms_below_it(name: str) -> None:
    found = [(each, room(module_of(each.of))) for each in OURS if room(each.by) == name]
    outside = [(each, other) for each, other in found if other != name]
    late = {each for each, other in outside if each.late and (name, other) in LATE_DOORS}
    wrong = {each for each, other in outside if other not in DOORS[name]}
    assert sorted(map(str, wrong - late)) == []


@pytest.mark.parametrize("name", ROOMS)
def test_a_room_has_only_its_own_guests(name: str) -> None:
    guests = {each.of.partition(".")[0] for each in THEIRS if room(each.by) == name}
    assert guests - set(sys.stdlib_module_names) <= GUESTS.get(name, set())


HEAVY = {"openai", "anywidget", "ipywidgets", "IPython", "starlette", "uvicorn", "markdown_it",
         "pandas", "pydantic"}  # fmt: skip
AT_THE_TOP = (
    "_record_commands",
    "_commands",
    "_conversation_commands",
    "_exchange_commands",
    "_usage_commands",
    "_history",
    "_magics",
    "_panel",
    "_panel_values",
    "_transformers",
    "_compact",
)  # loaded by a shell that is IPython


def test_what_is_heavy_is_imported_late() -> None:
    wrong = [
        str(each)
        for each in THEIRS
        if each.of.partition(".")[0] in HEAVY and not each.late
        if room(each.by) != "emulator"
        and each.by not in AT_THE_TOP
        # modules that are themselves imported late, with what they build on
        and each.by not in ("render._notice", "render._widget", "render._cjk")
    ]
    assert wrong == []


def test_imports_run_in_no_circle() -> None:
    graph: dict[str, set[str]] = {module: set() for module in SOURCES}
    for each in OURS:
        if not each.late and module_of(each.of) in SOURCES:
            graph[each.by].add(module_of(each.of))
    assert list(TopologicalSorter(graph).static_order())


@pytest.mark.parametrize("name", ["words", "wire"])
def test_a_room_without_io_stays_so(name: str) -> None:
    io = {"socket", "ssl", "http", "threading", "asyncio", "time", "logging", "os", "pathlib"}
    found = {each.of.partition(".")[0] for each in THEIRS if room(each.by) == name}
    assert not found & io


@pytest.mark.parametrize("module", SOURCES, ids=lambda module: module or "__init__")
def test_a_module_says_what_it_gives(module: str) -> None:
    tree = ast.parse(SOURCES[module].read_text("utf-8"))
    lists = [
        ast.literal_eval(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__"
    ]
    (names,) = lists
    assert sorted(names) == sorted(set(names))
