// The calls of tools that have ended, folded under one line; each on a line of its own, which
// unfolds where it has no room for all. Text goes into text nodes only.

import { element, KEYS } from "./element.mjs";

function boxed(parent, [caption, body]) {
  element("div", "caption", parent, { dir: "auto" }).textContent = caption + ":";
  element("pre", "lines", parent, { tabindex: "0", role: "group", "aria-label": caption, ...KEYS }).textContent = body;
}

// One call: `n` name, `l` the rest of its line, `b` what unfolds, `p` what it printed.
function drawCall(parent, { n, l, b, p }) {
  const call = element("div", "call", parent, { dir: "ltr" });
  const fold = b && element("details", "more", call);
  const code = element("code", "line", fold ? element("summary", "summary", fold, KEYS) : call);
  element("strong", "name", code).textContent = n;
  code.append(l);
  b?.forEach((each) => boxed(fold, each));
  if (p) boxed(call, p);
}

// What draws the calls that have ended, and says the line above them.
export function callList(parent) {
  const fold = element("details", "fold", parent);
  const summary = element("summary", "summary", fold, KEYS);
  const list = element("div", "calls", fold);
  fold.hidden = true;
  return (calls, words) => {
    fold.hidden = false;
    for (const call of calls) drawCall(list, call);
    summary.textContent = words;
  };
}
