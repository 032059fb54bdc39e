import assert from "node:assert/strict";
import test from "node:test";
import { atEnd, clock, codePoints, cut, fresh } from "../../../qwen_nb/render/live/page/text.mjs";

const words = { seconds: "{n} s", tokens: "~{n} tokens", rate: "{n} tokens/s" };

test("lengths count code points, as Python does", () => {
  assert.deepEqual(["", "abc", "中文", "👍a"].map(codePoints), [0, 3, 2, 2]);
});

test("a piece that follows is taken whole", () => {
  assert.equal(fresh(2, 2, "cd"), "cd");
});

test("what is known already is left out", () => {
  assert.equal(fresh(3, 2, "👍d"), "d");
  assert.equal(fresh(9, 2, "cd"), "");
});

test("a piece after a gap cannot be used", () => {
  assert.equal(fresh(0, 5, "x"), null);
});

test("the clock shows tenths, and tokens and their rate once there are some", () => {
  assert.equal(clock(words, 3.21, 187, 58), "3.2 s · ~187 tokens · 58 tokens/s");
  assert.equal(clock(words, 0, 0, 0), "0.0 s");
});

test("a box that shows its end is followed", () => {
  assert.equal(atEnd({ scrollHeight: 500, scrollTop: 400, clientHeight: 100 }), true);
  assert.equal(atEnd({ scrollHeight: 500, scrollTop: 300, clientHeight: 100 }), false);
});

test("a long paragraph ends at the next line end", () => {
  assert.equal(cut(10, "a\nb"), -1);
  assert.equal(cut(3000, "ab"), -1);
  assert.equal(cut(3000, "a\nb"), 1);
});
