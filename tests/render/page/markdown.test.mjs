import assert from "node:assert/strict";
import test from "node:test";
import { protect, visible } from "../../../qwen_nb/render/live/page/markdown.mjs";

const tex = (source) => protect(source).formulas.map(({ tex, kind }) => [tex, kind === "display"]);

test("every spelling of a formula is found", () => {
  assert.deepEqual(tex("$a$ \\(b\\) $$c$$ \\[d\\] \\begin{cases}e\\end{cases} \\boxed{f{g}}"), [
    ["a", false],
    ["b", false],
    ["c", true],
    ["d", true],
    ["\\begin{cases}e\\end{cases}", true],
    ["\\boxed{f{g}}", false],
  ]);
});

test("money, escapes, code and odd links are no formulas", () => {
  for (const text of ["$5 and $6", "\\$a\\$", "`$a$` and ``\\(b\\)``", "\\[a\\](http://b)", "$ a $", "\\boxed{a"]) {
    assert.deepEqual(tex(text), [], text);
  }
});

test("a backtick after a dollar begins code", () => {
  assert.deepEqual(tex("$a `b$ c` $d$"), [["d", false]]);
});

test("what is protected can be put back", () => {
  const { text, formulas } = protect("<b>$a$ x < y <https://a.b> $$\nc\n$$");
  assert.equal(text, "\uE002b>\uE0000\uE001 x \uE002 y <https://a.b> \uE0001\uE001");
  assert.deepEqual(formulas.map((one) => one.source), ["$a$", "$$\nc\n$$"]);
});

test("a formula over the lines of a quote loses their marks", () => {
  const { text, formulas } = protect("> $a\n> b$ c");
  assert.equal(text, "> \uE0000\uE001 c");
  assert.deepEqual([formulas[0].tex, formulas[0].source], ["a\n b", "$a\n> b$"]);
});

test("a dollar in a list's fence begins no formula", () => {
  const text = "- ~~~\n  echo $PATH\n  ~~~\n- costs 5$ <b>";
  assert.deepEqual(protect(text), { text: text.replace("<", "\uE002"), formulas: [] });
});

test("a fence alone is spelled for any parser", () => {
  const spelled = (text) => protect(text).text;
  assert.equal(spelled("~~~py x\n```\n~~~\n"), "````py\n```\n````\n");
  assert.equal(spelled("```c++\n$a$ <b>"), "```c++\n$a$ <b>\n```\n");
  assert.equal(spelled("```mermaid\nx\n```"), "```\nx\n```\n");
  assert.equal(spelled("```\n\tx\n```"), "```\n\tx\n```\n");
  assert.equal(spelled("a\n```\n$b$"), "a\n```\n$b$"); // words stand above it
  assert.equal(protect("- ```mermaid\n  x\n  ```"), null);
});

test("signs of ours in an answer mean nothing", () => {
  assert.equal(protect("\uE0000\uE001\uE002").text, "\uFFFD0\uFFFD\uFFFD");
});

test("a text full of beginnings costs no more than another", () => {
  const cost = (text) => {
    const began = process.cpuUsage().user;
    protect(text);
    return process.cpuUsage().user - began;
  };
  const size = 4_000;
  cost("ab".repeat(size));
  for (const beginning of ["\\(", "\\[", "$$", "$a", "`", "\\boxed{"]) {
    const short = cost(beginning.repeat(size)), long = cost(beginning.repeat(4 * size));
    assert.ok(long < 12 * short + 50_000, `${beginning}: ${short} µs, then ${long} µs`);
  }
});

test("what a parser makes of a hidden sign is shown", () => {
  assert.equal(visible("a\x1bb\u202ec\x7f\td\n中\x9b"), "a␛b⟨U+202E⟩c␡\td\n中⟨U+009B⟩");
});
