import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import { spans } from "../../../qwen_nb/render/live/page/reader.mjs";

// The same table as tests/values/test_reader.py runs. `page`: what this reader takes it for
// instead, since it knows no blocks but fences: inside code or between two blocks, where
// the front end's parser has the last word.
const cases = JSON.parse(readFileSync(new URL("../cases/markdown.json", import.meta.url), "utf8"));

// A code span without the blank on both sides that lets it hold backticks.
const plain = (code) => code.replaceAll("\n", " ").replace(/^ (?=.*[^ ])(.*) $/, "$1");

// The code of a fence stands in the page with the marks of its quote or list.
const bare = (code) => code.replace(/^[ \t>]+|\r$/gm, "");

const read = (text) =>
  spans(text).map(({ kind, tex, lines, source }) => {
    if (kind === "fence") return [kind, bare(lines.join("\n"))];
    return [kind, tex?.replaceAll("\n ", "\n") ?? plain(source.replace(/^`+|`+$/g, ""))];
  });

for (const { text, reads, page = reads } of cases) {
  const expected = page.map(([kind, code]) => [kind, kind === "fence" ? bare(code) : code]);
  test(`reads ${JSON.stringify(text)}`, () => assert.deepEqual(read(text), expected));
}

test("where a span begins and ends is told in the text", () => {
  const text = "> a `b`\r\n> $c\r\n> d$\n\n- ```\n  x\n  ```\n";
  const told = spans(text).map(({ begin, end }) => text.slice(begin, end));
  assert.deepEqual(told, ["`b`", "$c\r\n> d$", "- ```\n  x\n  ```"]);
});

test("a long hostile text costs no more than its length", () => {
  const cost = (text) => {
    const began = process.cpuUsage().user;
    spans(text);
    return process.cpuUsage().user - began;
  };
  const pieces = ["$$\n", "\\[ \\\\]\n", "\\begin{a}\n\\end{b}\n", "$a\\", "> ", "- ", "- a\n", "`a ``b ", "```\n", "a | b\n-|-\n", "> `a\n"];
  cost("ab".repeat(9_000));
  for (const piece of pieces) {
    const short = cost(piece.repeat(2_000)), long = cost(piece.repeat(8_000));
    assert.ok(long < 12 * short + 50_000, `${piece}: ${short} µs, then ${long} µs`);
  }
});
