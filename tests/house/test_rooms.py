"""The rooms of the house and the doors between them, read from the folders themselves."""

import ast
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import qwen_nb

PACKAGE = Path(qwen_nb.__file__).parent

ORDER = (
    "texts", "errors", "values", "files", "catalogue", "wire", "cassettes", "settings",
    "front_end", "conversation", "store", "context", "ledger", "tools", "render", "asking",
    "rows", "magics",
)  # fmt: skip
"""A room may import what stands before it."""

EMULATOR = {"texts", "values", "catalogue"}
"""What the other end of the wire may import: nothing that reads or writes the wire here."""

FRONT = {"", "__main__", "chat", "pytest_plugin"}
"""They put the rooms together and may import everything; of the rooms, only the magics
import one of them: `chat`."""

DOORS = {"wire.dialects", "render.html", "render.live", "render.terminal", "render.charts",
         "magics.commands", "magics.panel"}  # fmt: skip
"""Folders within a room that have a door of their own."""

UPWARDS = {("asking", "emulator")}
"""The embedded emulator is the server of a person without a key: it is started by the first
question that needs one, and inside the function that does."""

PUBLIC_FILES = {"chat", "errors", "pytest_plugin"}
"""Files in no room: each is a door of its own."""

MOST_LINES = 450
MOST_IN_FUNCTION = 60
MOST_PARTS = 8

# what a room may import from outside the standard library, at its top or late
GUESTS = {
    "values": {"markdown_it", "pandas"},  # Markdown's rules tell what of an answer is code
    "settings": {"dotenv", "platformdirs"},
    "files": {"platformdirs"},
    "wire": {"openai"},
    "front_end": {"IPython", "comm", "ipykernel", "pandas"},
    "tools": {"jsonschema", "pydantic", "pydantic_core"},
    "render": {
        "IPython",
        "anywidget",
        "ipykernel",
        "markdown_it",
        "mdit_py_plugins",
        "traitlets",
    },
    "asking": {"pandas"},
    "rows": {"pandas", "tqdm"},
    "magics": {"IPython", "ipywidgets", "traitlets"},
    "pytest_plugin": {"pytest", "xdist"},
    "emulator": {"starlette", "uvicorn"},
}


@dataclass(frozen=True)
class Import:
    """One imported name: by which module, from where, inside a function or not."""

    by: str  # module, without the package's name
    of: str  # module, with it
    name: str
    late: bool
    for_types: bool = False

    def __str__(self) -> str:
        return f"{self.by} imports {self.of}.{self.name}{' late' if self.late else ''}"

    @property
    def room(self) -> str:
        """The room that is imported."""
        return room(inside(f"{self.of}.{self.name}" if self.of == "qwen_nb" else self.of))


def inside(name: str) -> str:
    return name.removeprefix("qwen_nb").removeprefix(".")


def imports(
    by: str, node: ast.AST, late: bool = False, for_types: bool = False
) -> Iterator[Import]:
    """Read all imports, those for types included."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import):
            yield from (Import(by, each.name, "", late, for_types) for each in child.names)
        elif isinstance(child, ast.ImportFrom):
            assert child.level == 0, f"{by}: imports are absolute"
            module = str(child.module)
            yield from (Import(by, module, each.name, late, for_types) for each in child.names)
        else:
            in_function = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef)
            is_for_types = (
                isinstance(child, ast.If) and ast.unparse(child.test) == "TYPE_CHECKING"
            )
            yield from imports(by, child, late or in_function, for_types or is_for_types)


def sources(package: Path) -> dict[str, Path]:
    def module(path: Path) -> str:
        parts = path.relative_to(package).with_suffix("").parts
        return ".".join(part for part in parts if part != "__init__")

    return {module(path): path for path in package.rglob("*.py")}


def read(package: Path) -> tuple[dict[str, Path], list[Import]]:
    """Read a package: its modules, and what they import of it and of others."""
    modules = sources(package)
    return modules, [
        found
        for module, path in modules.items()
        for found in imports(module, ast.parse(path.read_text("utf-8")))
    ]


def is_ours(each: Import) -> bool:
    return each.of.partition(".")[0] == "qwen_nb"


def room(module: str) -> str:
    return module.partition(".")[0]


def door(module: str) -> str:
    """Return the door that a module stands behind."""
    two = ".".join(module.split(".")[:2])
    return two if two in DOORS else room(module)


def wrong_arrows(found: list[Import]) -> list[str]:
    """Return the imports that run against the order of the rooms."""

    def is_wrong(each: Import) -> bool:
        by, of = room(each.by), each.room
        if by in FRONT or by == of or (each.late and (by, of) in UPWARDS):
            return False
        if of == "chat":
            return by != "magics"
        if by == "emulator":
            return of not in EMULATOR
        return of not in ORDER or ORDER.index(of) > ORDER.index(by)

    return sorted(str(each) for each in found if is_ours(each) and is_wrong(each))


def past_doors(found: list[Import], exported: dict[str, set[str]]) -> list[str]:
    """Return the imports of another room's file, or of a name its door does not give."""

    def is_wrong(each: Import) -> bool:
        of = inside(each.of)
        if door(each.by) == door(of) or of in FRONT | {"errors"} or room(each.by) == "":
            return False
        if of not in exported:
            return door(each.by) != door(of)
        return each.name not in exported[of]

    return sorted(str(each) for each in found if is_ours(each) and is_wrong(each))


def circle(modules: dict[str, Path], found: list[Import]) -> list[str]:
    """Return the modules of a circle, if imports run in one; doors stand for nothing."""
    graph: dict[str, set[str]] = {module: set() for module in modules}
    homes = {
        module: {each.name: inside(each.of) for each in found if each.by == module}
        for module, path in modules.items()
        if path.name == "__init__.py"
    }
    for each in found:
        if not is_ours(each) or each.late or each.by in homes:
            continue
        of = inside(each.of)
        if of in homes:
            of = homes[of].get(each.name, of)
        if of in graph and of not in homes:
            graph[each.by].add(of)
    try:
        list(TopologicalSorter(graph).static_order())
    except CycleError as error:
        return list(error.args[1])
    return []


def strays(package: Path) -> list[str]:
    """Return the files that stand in no room."""
    top = {"__init__", "__main__", "chat", "errors", "pytest_plugin"}
    files = [path for path in package.glob("*.py") if path.stem not in top]
    rooms = [path for path in package.iterdir() if path.is_dir() and any(path.rglob("*.py"))]
    unknown = [path for path in rooms if path.name not in {*ORDER, "emulator"}]
    doorless = [path for path in rooms if not (path / "__init__.py").exists()]
    return sorted(path.name for path in {*files, *unknown, *doorless})


SOURCES, IMPORTS = read(PACKAGE)
OURS = [each for each in IMPORTS if is_ours(each)]
THEIRS = [each for each in IMPORTS if not is_ours(each)]
NAMES = [module or "__init__" for module in SOURCES]


def exported() -> dict[str, set[str]]:
    doors = [module for module, path in SOURCES.items() if path.name == "__init__.py"]
    return {
        module: set(__import__(f"qwen_nb.{module}".rstrip("."), fromlist=["_"]).__all__)
        for module in doors
    }


def test_a_room_imports_only_from_the_rooms_before_it() -> None:
    assert wrong_arrows(OURS) == []


def test_a_room_is_entered_by_its_door() -> None:
    assert past_doors(OURS, exported()) == []


def test_imports_run_in_no_circle() -> None:
    assert circle(SOURCES, OURS) == []


def test_every_file_has_a_room() -> None:
    assert strays(PACKAGE) == []
    assert len([path for path in PACKAGE.iterdir() if path.is_file()]) <= 6


@pytest.mark.parametrize("module", NAMES)
def test_only_a_door_lists_what_it_gives(module: str) -> None:
    """What another room may use stands in its door; what a file keeps begins with `_`."""
    path = SOURCES[module.removeprefix("__init__")]
    lists = [
        node.value
        for node in ast.parse(path.read_text("utf-8")).body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__"
    ]
    is_door = path.name == "__init__.py"
    assert len(lists) == (is_door or module in PUBLIC_FILES)
    if lists and not is_door:
        given = ast.literal_eval(lists[0])
        assert sorted(given) == sorted(set(given))


@pytest.mark.parametrize("module", NAMES)
def test_a_long_file_says_why(module: str) -> None:
    written = SOURCES[module.removeprefix("__init__")].read_text("utf-8")
    says_why = re.search(r"\blong\b", written.partition("\n")[0])
    assert says_why or len(written.splitlines()) <= MOST_LINES


def functions(module: str) -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef]]:
    tree = ast.parse(SOURCES[module.removeprefix("__init__")].read_text("utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield f"{module}:{node.lineno} {node.name}", node


def length(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Return how many lines a function has, its docstring not counted."""
    first, last = function.body[0], function.end_lineno or 0
    docstring = ast.get_docstring(function)
    ends = first.end_lineno or 0
    return last - function.lineno + 1 - (ends - first.lineno + 1 if docstring else 0)


@pytest.mark.parametrize("module", NAMES)
def test_a_function_is_short(module: str) -> None:
    assert [name for name, each in functions(module) if length(each) > MOST_IN_FUNCTION] == []


@pytest.mark.parametrize("module", NAMES)
def test_nothing_is_made_of_many_parts(module: str) -> None:
    """What takes more than eight things is a frozen value, or two things."""
    if room(module) not in ("asking", "rows", "tools"):
        return
    made = [
        name
        for name, each in functions(module)
        if each.name == "__init__"
        and len((*each.args.posonlyargs, *each.args.args, *each.args.kwonlyargs)) - 1
        > MOST_PARTS
    ]
    assert made == []


def test_a_door_names_what_it_fetches() -> None:
    """What is imported for types is what is fetched, and no name is a file's as well."""
    for module, path in SOURCES.items():
        if path.name != "__init__.py" or module in ("", "texts"):
            continue
        found = {each.name for each in OURS if each.by == module}
        given = __import__(f"qwen_nb.{module}", fromlist=["_"])
        assert found == set(given.__all__), module
        files = {each.stem for each in path.parent.glob("*.py")}
        assert not files & set(getattr(given, "_HOMES", {})), module


@pytest.mark.parametrize("name", [*ORDER, "emulator", *sorted(FRONT)])
def test_a_room_has_only_its_own_guests(name: str) -> None:
    guests = {each.of.partition(".")[0] for each in THEIRS if room(each.by) == name}
    assert guests - set(sys.stdlib_module_names) <= GUESTS.get(name, set())


HEAVY = {"openai", "anywidget", "ipywidgets", "IPython", "starlette", "uvicorn", "markdown_it",
         "pandas", "pydantic"}  # fmt: skip


def test_what_is_heavy_is_imported_late() -> None:
    wrong = [
        str(each)
        for each in THEIRS
        if each.of.partition(".")[0] in HEAVY and not (each.late or each.for_types)
        if room(each.by) not in ("emulator", "magics")  # the magics' shell is IPython
        # modules that are themselves imported late, with what they build on
        and each.by not in ("render.live.notice", "render.live.widget", "render.html.cjk")
    ]
    assert wrong == []


@pytest.mark.parametrize("name", ["texts", "values", "wire.dialects"])
def test_a_room_without_io_stays_so(name: str) -> None:
    io = {"socket", "ssl", "http", "threading", "asyncio", "logging", "os", "pathlib"}
    if name != "values":  # which day a call was on
        io.add("time")
    found = {
        each.of.partition(".")[0]
        for each in THEIRS
        if each.by == name or each.by.startswith(f"{name}.")
    }
    assert not found & io


# -- the test can fail -------------------------------------------------------------------------


def built(folder: Path, **files: str) -> tuple[dict[str, Path], list[Import]]:
    """Build a house of these files, `__` standing for a folder's end, and read it."""
    for name, source in files.items():
        path = folder / f"{name.replace('__', '/')}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(source, encoding="utf-8")
        (path.parent / "__init__.py").touch()
    return read(folder)


def test_a_wrong_arrow_is_seen(tmp_path: Path) -> None:
    _, found = built(
        tmp_path,
        wire__sse="from typing import TYPE_CHECKING\n"
        "if TYPE_CHECKING:\n    from qwen_nb.render import money\n",
        wire__fine="from qwen_nb.values import Reply\n",
        asking__late="def f():\n    from qwen_nb.emulator import embedded\n",
        asking__early="from qwen_nb.emulator import embedded\n",
    )
    assert wrong_arrows(found) == [
        "asking.early imports qwen_nb.emulator.embedded",
        "wire.sse imports qwen_nb.render.money",
    ]


def test_a_way_past_a_door_is_seen(tmp_path: Path) -> None:
    _, found = built(tmp_path, wire__sse="from qwen_nb.values.reply import Reply\n",
                     wire__two="from qwen_nb.values import hidden, Reply\n")  # fmt: skip
    assert past_doors(found, {"values": {"Reply"}}) == [
        "wire.sse imports qwen_nb.values.reply.Reply",
        "wire.two imports qwen_nb.values.hidden",
    ]


def test_a_circle_is_seen(tmp_path: Path) -> None:
    modules, found = built(tmp_path, wire__a="from qwen_nb.wire.b import x\n",
                           wire__b="from qwen_nb.wire.a import y\n")  # fmt: skip
    assert set(circle(modules, found)) == {"wire.a", "wire.b"}


def test_a_stray_file_is_seen(tmp_path: Path) -> None:
    built(tmp_path, wire__sse="", helpers="", cellar__wine="")
    assert strays(tmp_path) == ["cellar", "helpers.py"]
