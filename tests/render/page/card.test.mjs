import assert from "node:assert/strict";
import test from "node:test";
import { Arrived, isLive } from "../../../qwen_nb/render/live/page/card.mjs";

// A view that keeps what it is shown.
function view() {
  const shown = { t: "", a: "", now: null };
  return {
    shown,
    replace: (name, text) => { shown[name] = text; },
    add: (name, piece) => { shown[name] += piece; },
    update: (now) => { shown.now = now; },
  };
}

const message = (fields) => ({ state: "answering", n: 1, s: 1, ...fields });

test("only a growing reply is live", () => {
  assert.deepEqual(["waiting", "retrying", "thinking", "calling", "answering", "done", "cut"].map(isLive), [true, true, true, true, true, false, false]);
});

test("pieces are put together by their offsets", () => {
  const all = new Arrived(), seen = view();
  all.show(seen);
  all.take(message({ t: "Hm", to: 0 }));
  all.take(message({ t: "Hm.", to: 0, a: "中", ao: 0 }));
  all.take(message({ a: "文", ao: 1 }));
  assert.deepEqual([seen.shown.t, seen.shown.a], ["Hm.", "中文"]);
});

test("a view opened later sees what came before it", () => {
  const all = new Arrived(), seen = view();
  all.take(message({ a: "ab", ao: 0 }));
  all.show(seen);
  all.take(message({ a: "c", ao: 2 }));
  assert.equal(seen.shown.a, "abc");
});

test("a view that is gone hears nothing more", () => {
  const all = new Arrived(), seen = view();
  all.show(seen)();
  all.take(message({ a: "ab", ao: 0 }));
  assert.equal(seen.shown.a, "");
});

test("what was missed comes with the next snapshot", () => {
  const all = new Arrived(), seen = view();
  all.show(seen);
  all.take(message({ a: "c", ao: 2 }));
  assert.equal(seen.shown.a, "");
  all.takeSnapshot(message({ a: "abc", t: "" }));
  all.take(message({ a: "d", ao: 3 }));
  assert.equal(seen.shown.a, "abcd");
});

test("a snapshot that goes on adds to what is shown", () => {
  const all = new Arrived(), seen = view(), kinds = [];
  seen.replace = () => kinds.push("replace");
  seen.add = (name, piece) => kinds.push(`add ${name} ${piece}`);
  all.show(seen);
  all.take(message({ a: "ab", ao: 0 }));
  all.takeSnapshot(message({ a: "abcd", t: "Hm" }));
  assert.deepEqual(kinds, ["add a ab", "add t Hm", "add a cd"]);
});

test("a snapshot that is behind takes nothing back", () => {
  const all = new Arrived(), seen = view();
  all.show(seen);
  all.take(message({ a: "abc", ao: 0, s: 3, n: 9 }));
  all.takeSnapshot(message({ a: "ab", t: "", s: 2, n: 5 }));
  assert.deepEqual([seen.shown.a, seen.shown.now.n], ["abc", 9]);
});

test("the last snapshot ends it", () => {
  const all = new Arrived(), seen = view();
  all.show(seen);
  all.takeSnapshot({ state: "stopped", n: 4, s: 2, t: "Hm", a: "", e: "stopped by you", u: "in 3" });
  assert.deepEqual([seen.shown.t, seen.shown.now.state, seen.shown.now.e], ["Hm", "stopped", "stopped by you"]);
});

test("the rate counts from the first token, once it can be told", () => {
  const all = new Arrived();
  all.take(message({ a: "a", ao: 0, n: 10, s: 5 }));
  assert.equal(all.rate(5.5), 0);
  all.take(message({ a: "b", ao: 1, n: 110, s: 7 }));
  assert.equal(all.rate(7), 50);
});

const calls = (...names) => names.map((n) => ({ n, l: "()" }));

test("calls are added by their offset, once", () => {
  const all = new Arrived(), seen = view(), shown = [];
  let line;
  seen.call = (ended, words) => { shown.push(...ended.map(({ n }) => n)); line = words; };
  all.show(seen);
  all.take(message({ state: "calling", k: calls("a"), ko: 0, kh: "Called a" }));
  all.take(message({ state: "calling", k: calls("a", "b"), ko: 0, kh: "a, b" }));
  all.take(message({ k: calls("c"), ko: 2, kh: "a, b, c" }));
  all.take(message({ k: calls("c"), ko: 2, kh: "no" }));
  assert.deepEqual([shown, line], [["a", "b", "c"], "a, b, c"]);
});

test("calls that were missed come with the next snapshot, and to a later view", () => {
  const all = new Arrived(), seen = view(), later = view(), shown = [], all_of_them = [];
  seen.call = (ended) => shown.push(...ended);
  later.call = (ended) => all_of_them.push(...ended);
  all.show(seen);
  all.take(message({ k: calls("b"), ko: 1 }));
  assert.deepEqual(shown, []);
  all.takeSnapshot(message({ t: "", a: "", k: calls("a", "b") }));
  all.take(message({ k: calls("c"), ko: 2 }));
  all.show(later);
  assert.deepEqual(shown, calls("a", "b", "c"));
  assert.deepEqual(all_of_them, shown);
});
