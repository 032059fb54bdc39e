"""Every file and function that docs/architecture.md and CONTRIBUTING name is there."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

HOUSE = Path(__file__).parents[2]
PAGES = ("docs/architecture.md", "CONTRIBUTING.md")

_FILE = re.compile(r"(?<![\w/.-])([\w./-]+\.(?:py|mjs|css|csv|toml))\b(?::([A-Za-z_][\w.]*))?")
_FOLDER = re.compile(r"`((?:[\w-]+/)+)`")
_METHOD = re.compile(r"`([A-Z]\w+\.\w+)`")
_ROOM = re.compile(r"(?m)^( *)([a-z_]+)(?:/|\.py) {2,}\S")


def places(path: str, house: Path) -> Iterator[Path]:
    """Yield what a path of the page can stand for: it is the package's, or the house's."""
    yield from (house / "qwen_nb" / path, house / path)


def defined(body: list[ast.stmt]) -> dict[str, list[ast.stmt]]:
    """Return the names that statements define, each with what stands inside of it."""
    found: dict[str, list[ast.stmt]] = {}
    for node in body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            found[node.name] = node.body
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            found |= {each.id: [] for each in targets if isinstance(each, ast.Name)}
    return found


def has(path: Path, name: str) -> bool:
    """Return whether a file defines a name; a dot leads into a class."""
    body = ast.parse(path.read_text("utf-8")).body
    for part in name.split("."):
        names = defined(body)
        if part not in names:
            return False
        body = names[part]
    return True


def missing(page: str, house: Path) -> list[str]:
    """Return what a page names and the house has not."""
    wrong = []
    for path, name in set(_FILE.findall(page)):
        found = [each for each in places(path, house) if each.is_file()]
        if not found or (name and not any(has(each, name) for each in found)):
            wrong.append(f"{path}:{name}" if name else path)
    for folder in set(_FOLDER.findall(page)):
        if not (folder == "qwen_nb/" or any(each.is_dir() for each in places(folder, house))):
            wrong.append(folder)
    files = [*(house / "qwen_nb").rglob("*.py")]
    for method in set(_METHOD.findall(page)):
        if not any(has(each, method) for each in files):
            wrong.append(method)
    return sorted(wrong)


def drawn(page: str) -> list[str]:
    """Return the rooms of the drawing, from the top; those inside of a room follow it."""
    names, room = [], ""
    for indent, name in _ROOM.findall(page.partition("\n## The rooms")[2].split("```")[1]):
        room = room if indent else name
        names.append(f"{room}.{name}" if indent else name)
    return names


@pytest.mark.parametrize("page", PAGES)
def test_what_a_page_names_is_there(page: str) -> None:
    assert missing((HOUSE / page).read_text("utf-8"), HOUSE) == []


def test_the_page_names_files_and_functions() -> None:
    named = _FILE.findall((HOUSE / PAGES[0]).read_text("utf-8"))
    assert len(named) > 100
    assert sum(bool(name) for _, name in named) > 80


def test_the_drawing_has_the_rooms_in_their_order() -> None:
    source = ast.parse((HOUSE / "tests/house/test_rooms.py").read_text("utf-8"))
    given = {
        node.targets[0].id: ast.literal_eval(node.value)
        for node in source.body
        if isinstance(node, ast.Assign)
        and isinstance(node.targets[0], ast.Name)
        and node.targets[0].id in ("ORDER", "DOORS")
    }
    names = drawn((HOUSE / PAGES[0]).read_text("utf-8"))
    assert [name for name in names if "." not in name] == [*given["ORDER"], "emulator"]
    assert {name for name in names if "." in name} == given["DOORS"]


def test_what_is_gone_is_seen(tmp_path: Path) -> None:
    (tmp_path / "qwen_nb" / "wire").mkdir(parents=True)
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "tables.py").touch()
    source = "SIZE = 1\n\nclass Line:\n    at: int = 0\n\n    def close(self): ...\n"
    (tmp_path / "qwen_nb" / "wire" / "line.py").write_text(source, encoding="utf-8")
    there = "`wire/`, `wire/line.py`, `wire/line.py:SIZE`, `wire/line.py:Line.close`, `Line.at`"
    assert missing(f"{there}; `docs/tables.py`", tmp_path) == []
    gone = "`files/` wire/gone.py `wire/line.py:size` `wire/line.py:Line.open` `Line.open`"
    assert missing(gone, tmp_path) == [
        "Line.open", "files/", "wire/gone.py", "wire/line.py:Line.open", "wire/line.py:size",
    ]  # fmt: skip
    assert missing("`line.py`", tmp_path) == ["line.py"]
