"""Every section of docs/protocol.md that a file names is there."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

HOUSE = Path(__file__).parents[2]
FOLDERS = ("qwen_nb", "tests", "benchmarks", "notebooks")
KINDS = {".py", ".toml", ".ipynb", ".js", ".ts", ".css", ".md", ".txt", ".csv"}

_HEADING = re.compile(r"#{2,3} (\d+(?:\.\d+)?)\.? ")
_ITEM = re.compile(r"(\d+)\. ")
_SECTION = re.compile(r"§(\d+(?:\.\d+)*)")
_OTHER_PAGE = re.compile(r"\b(?!protocol)[\w-]+\.md(?:[\s#,]+§\d+(?:\.\d+)*)+")


def sections(page: str) -> set[str]:
    """Return the numbers of the headings, and of the items of lists below them."""
    found, heading, is_code = set(), "", False
    for line in page.splitlines():
        is_code ^= line.startswith("```")
        if is_code:
            continue
        if match := _HEADING.match(line):
            heading = match[1]
            found.add(heading)
        elif heading and (match := _ITEM.match(line)):
            found.add(f"{heading}.{match[1]}")
    return found


def cited(text: str) -> Iterator[str]:
    """Yield the sections a text names, if it names the page; not those of other pages."""
    if "protocol.md" in text:
        yield from _SECTION.findall(_OTHER_PAGE.sub("", text))


SECTIONS = sections((HOUSE / "docs" / "protocol.md").read_text("utf-8"))
CITED = [
    (path.relative_to(HOUSE).as_posix(), number)
    for folder in FOLDERS
    for path in sorted((HOUSE / folder).rglob("*"))
    if path.suffix in KINDS
    for number in sorted(set(cited(path.read_text("utf-8"))))
]


@pytest.mark.parametrize(("path", "number"), CITED)
def test_a_section_that_a_file_names_is_on_the_page(path: str, number: str) -> None:
    assert number in SECTIONS, f"{path} names §{number}, which docs/protocol.md has not"


def test_the_files_do_name_sections() -> None:
    assert len(CITED) > 100


def test_a_section_is_found_however_it_is_named() -> None:
    text = "docs/protocol.md §1.3, §4.1.4 and\n# §9\n# §5.2; other.md §1, §2.1; §7.4."
    assert list(cited(text)) == ["1.3", "4.1.4", "9", "5.2", "7.4"]
    assert list(cited("other.md §1.3, §4.1")) == []


def test_headings_and_items_are_sections_and_code_is_not() -> None:
    page = "## 4. Streams\n### 4.1 Rules\n1. one\n2. two\n```\n3. code\n### 4.9 no\n```\n"
    assert sections(page) == {"4", "4.1", "4.1.1", "4.1.2"}
