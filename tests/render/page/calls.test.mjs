import assert from "node:assert/strict";
import test from "node:test";

// As little of a document as the list of calls uses.
class Node {
  constructor(name) {
    Object.assign(this, { name, className: "", children: [], attributes: {}, hidden: false });
  }
  setAttribute(name, value) { this.attributes[name] = value; }
  append(...nodes) { this.children.push(...nodes); }
  set textContent(text) { this.children = [text]; }
  get textContent() { return this.children.map((each) => each.textContent ?? each).join(""); }
  all(name) {
    const below = this.children.flatMap((each) => each.all?.(name) ?? []);
    return this.name === name ? [this, ...below] : below;
  }
}
globalThis.document = { createElement: (name) => new Node(name) };
const { callList } = await import("../../../qwen_nb/render/live/page/calls.mjs");

function listed(...calls) {
  const root = new Node("section"), list = callList(root);
  if (calls.length) list(calls, "Called f");
  return root.children[0];
}

test("without a call nothing shows", () => {
  assert.equal(listed().hidden, true);
});

test("a call is one line below the heading, folded", () => {
  const fold = listed({ n: "f", l: "(a=1) → 2" });
  assert.deepEqual([fold.hidden, "open" in fold.attributes], [false, false]);
  assert.equal(fold.all("summary")[0].textContent, "Called f");
  assert.deepEqual(fold.all("code").map((each) => each.textContent), ["f(a=1) → 2"]);
  assert.equal(fold.all("pre").length, 0);
});

test("what a line has no room for unfolds, what was printed stands below it", () => {
  const fold = listed({ n: "f", l: "()", b: [["Result", "<b>1\n2"]], p: ["Printed", "x"] });
  const [more] = fold.all("details").slice(1);
  assert.deepEqual(more.all("pre").map((each) => each.textContent), ["<b>1\n2"]);
  assert.deepEqual(fold.all("pre").map((each) => each.attributes["aria-label"]), ["Result", "Printed"]);
  assert.ok(fold.all("pre").every((each) => each.attributes.tabindex === "0"));
});

test("what keys reach keeps them from the notebook", () => {
  const fold = listed({ n: "f", l: "()", b: [["Result", "1"]] });
  const reached = [...fold.all("summary"), ...fold.all("pre")];
  assert.ok(reached.every((each) => each.attributes["data-lm-suppress-shortcuts"] === "true"));
});
