import assert from "node:assert/strict";
import test from "node:test";
import { Blocks } from "../../../qwen_nb/render/live/page/blocks.mjs";

function cutUp(text, pieces = [text]) {
  const blocks = new Blocks(), finished = [];
  for (const piece of pieces) finished.push(...blocks.push(piece));
  return [finished, blocks.tail];
}

const cases = {
  "a paragraph is finished by what follows a blank line": ["a\nb\n\nc", ["a\nb\n\n"], "c"],
  "a paragraph that may still grow is not": ["a\nb\n\n", [], "a\nb\n\n"],
  "a fence is finished by its end": ["```py\na\n\nb\n```\n", ["```py\na\n\nb\n```\n"], ""],
  "a fence ends the paragraph above it": ["a\n```\nb\n", ["a\n"], "```\nb\n"],
  "a shorter fence inside does not end it": ["````\n```\na\n", [], "````\n```\na\n"],
  "another fence's sign does not end it": ["~~~\n```\n\na", [], "~~~\n```\n\na"],
  "a blank line ends a formula too, as where the answer is saved": ["\\[\na\n\nb\n", ["\\[\na\n\n"], "b\n"],
  "a formula on one line holds nothing back": ["$$x$$\n\nc", ["$$x$$\n\n"], "c"],
  "a list goes on over blank lines": ["- a\n\n- b\n\n  c\n\nd\n", ["- a\n\n- b\n\n  c\n\n"], "d\n"],
  "a fence in a list belongs to it": ["1. a\n   ```\n\n   b\n   ```\n2. c\n", [], "1. a\n   ```\n\n   b\n   ```\n2. c\n"],
  "a list after a paragraph is a block of its own": ["a\n\n- b\n\nc\n", ["a\n\n", "- b\n\n"], "c\n"],
  "a fence in a quote belongs to it": ["> a\n> ```\n> b\n> ```\n\nc\n", ["> a\n> ```\n> b\n> ```\n\n"], "c\n"],
  "a fence in a quote ends with it": ["> ```\n> a\n\nb\n", ["> ```\n> a\n\n"], "b\n"],
  "blank lines at the beginning are nothing": ["\n\na", [], "a"],
};

for (const [name, [text, finished, tail]] of Object.entries(cases)) {
  test(name, () => assert.deepEqual(cutUp(text), [finished, tail]));
  test(`${name}, character by character`, () => assert.deepEqual(cutUp(text, [...text]), [finished, tail]));
}

test("nothing is lost, wherever the text is cut", () => {
  const lines = ["a", "", "- b", "  c", "```", "~~~", "$$", "\\[", "\\]", "| x |", "1. y", "    z", "# h"];
  let seed = 7;
  const random = (n) => (seed = (seed * 48271) % 2147483647) % n;
  for (let round = 0; round < 500; round++) {
    const text = "a\n" + Array.from({ length: 25 }, () => lines[random(lines.length)]).join("\n");
    const pieces = [];
    for (let at = 0; at < text.length; ) pieces.push(text.slice(at, (at += 1 + random(9))));
    const [finished, tail] = cutUp(text, pieces);
    assert.deepEqual([finished, tail], cutUp(text));
    const without = (all) => all.replace(/\n+/g, "\n");
    assert.equal(without(finished.join("") + tail), without(text));
  }
});
