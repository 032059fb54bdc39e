"""Every usage that the guides print, in the line under an answer.

What an SDK printed is put back into the object it was read from. The guides lie beside the
project: where they are missing these tests are skipped.
"""

import ast
import json
import re
from dataclasses import replace
from typing import Any, Literal

import pytest

from qwen_nb import Reply
from qwen_nb.render.usage import usage_line

from ._reading import read, reply_of
from .cases import DONE, chunk, event, frame, native_event, trailing
from .test_seeds import EN, QWQ, SAMPLES, SEEDS, ZH, lines, repaired

pytestmark = pytest.mark.skipif(not SEEDS.is_dir(), reason="the seed documents are not here")


def python_object(told: str) -> dict[str, Any]:
    """Return what the Python SDK printed as `CompletionUsage(…)`."""

    def value(node: ast.expr) -> Any:
        if isinstance(node, ast.Call):
            return {str(each.arg): value(each.value) for each in node.keywords}
        return ast.literal_eval(node)

    usage: dict[str, Any] = value(ast.parse(told.strip(), mode="eval").body)
    return usage


def node_object(told: str) -> dict[str, Any]:
    """Return what Node printed as `{ name: 1 }`."""
    usage: dict[str, Any] = json.loads(re.sub(r"(\w+):", r'"\1":', told))
    return usage


def printed(first: int, last: int) -> str:
    return "\n".join(lines(ZH, first, last))


def compat(usage: dict[str, Any]) -> Reply:
    told = event(chunk({"content": "Hi"}, "stop")) + event(trailing(usage)) + DONE
    return reply_of(read("openai", [told]))  # type: ignore[no-any-return]


def native(usage: dict[str, Any]) -> Reply:
    told = native_event(frame({"content": "Hi"}, "stop", usage=usage))
    return reply_of(read("dashscope", [told]))  # type: ignore[no-any-return]


def java() -> Reply:
    told = "".join(f"event:result\ndata:{line}\n\n" for line in lines(EN, 1628, 1647))
    return reply_of(read("dashscope", [told.encode()]))  # type: ignore[no-any-return]


def sample(name: str) -> Any:
    of = SAMPLES[name]
    return lambda: reply_of(read(of.dialect, [repaired(of)]))


# the lines they stand in, how they come to us, and the line, in English
LINES: dict[str, tuple[str, tuple[int, int], Any, str]] = {
    "compat_think_edges": (EN, (190, 194), sample("compat_think_edges"), "in 10 · out 360"),
    "native_think": (EN, (383, 431), sample("native_think"), "in 11 · out 367"),
    "the same again": (EN, (918, 922), sample("compat_think_edges"), "in 10 · out 360"),
    "native_budget50": (
        EN, (1093, 1109), sample("native_budget50"), "in 11 · out 138, of which thinking 50"
    ),
    "tools in Java": (EN, (1628, 1647), java, "in 238 · out 108"),
    "compat_no_think": (
        EN, (1835, 1858), sample("compat_no_think"), "in 15 · out 80, of which thinking 0"
    ),
    "native_no_think": (
        EN, (2022, 2109), sample("native_no_think"), "in 15 · out 82, of which thinking 0"
    ),
    "zh_compat_edges": (ZH, (329, 337), sample("zh_compat_edges"), "in 10 · out 360"),
    "zh_native_think": (ZH, (555, 614), sample("zh_native_think"), "in 11 · out 367"),
    "Python": (
        ZH, (698, 698), lambda: compat(python_object(printed(698, 698))),
        "in 10 (cached 0) · out 221, of which thinking 172",
    ),
    "Node.js": (
        ZH, (782, 788), lambda: compat(node_object(printed(782, 788))),
        "in 10 (cached 0) · out 288, of which thinking 188",
    ),
    "native": (
        ZH, (897, 897), lambda: native(json.loads(printed(897, 897))),
        "in 11 (cached 0) · out 405, of which thinking 256",
    ),
    "zh_native_think again": (ZH, (1023, 1082), sample("zh_native_think"), "in 11 · out 367"),
    "zh_compat_edges again": (ZH, (1270, 1278), sample("zh_compat_edges"), "in 10 · out 360"),
    "zh_native_budget": (
        ZH, (1485, 1505), sample("zh_native_budget"), "in 11 · out 138, of which thinking 50"
    ),
    "zh_preserve_compat": (
        ZH, (1769, 1777), sample("zh_preserve_compat"), "in 3463 · out 2387"
    ),
    "zh_preserve_native": (
        ZH, (1938, 1953), sample("zh_preserve_native"),
        "in 3463 · out 2387, of which thinking 1347",
    ),
    "qwq_compat": (QWQ, (104, 127), sample("qwq_compat"), "in 18 · out 1015"),
}  # fmt: skip


def figures(line: str) -> list[int]:
    return [int(told.replace(",", "")) for told in re.findall(r"\d[\d,]*", line)]


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("name", LINES)
def test_the_line_shows_the_very_numbers(name: str, language: Literal["en", "zh"]) -> None:
    _, _, told, line = LINES[name]
    reply = replace(told(), model="")  # its id has figures too
    assert figures(usage_line(reply, language)) == figures(line)


@pytest.mark.parametrize("name", LINES)
def test_a_sample_that_comes_twice_is_the_same(name: str) -> None:
    file, (first, last), told, _ = LINES[name]
    text = "\n".join(lines(file, first, last))
    usage = told().usage
    assert usage is not None
    for count in (usage.input, usage.output):
        assert re.search(rf"\b{count}\b", text)


PRINTS_USAGE = re.compile(
    r'usage":\s*\{|CompletionUsage\(|^\s*"?prompt_tokens"?:\s*\d|"input_tokens":|input_tokens='
)


def test_no_printed_usage_is_left_out() -> None:
    covered = {
        (file, line)
        for file, (first, last), *_ in LINES.values()
        for line in range(first, last + 1)
    }
    found = [
        (path.name, number)
        for path in sorted(SEEDS.glob("*.txt"))
        for number, line in enumerate(path.read_text("utf-8").split("\n"), 1)
        if PRINTS_USAGE.search(line)
    ]
    assert len(found) == 99
    assert set(found) <= covered
