// The live card. Text goes into text nodes only, so nothing a model writes is ever
// markup; each frame appends, so a long reply costs no more per frame than a short one.

const LIVE = ["waiting", "retrying", "thinking", "answering"];

// Is the reply still growing?
export const isLive = (state) => LIVE.includes(state);

// Length in code points, as Python counts.
export function codePoints(text) {
  let n = 0;
  for (const _ of text) n++;
  return n;
}

// What of `text`, which begins at `at`, comes after the `have` code points on the page.
// A view that was opened late has missed the beginning, and says so.
export function fresh(have, at, text) {
  if (at > have) return "…\n" + text;
  return at === have ? text : [...text].slice(have - at).join("");
}

// "3.2 s · ~187 tokens"
export function clock(words, seconds, tokens) {
  const time = words.seconds.replace("{n}", seconds.toFixed(1));
  return tokens ? time + " · " + words.tokens.replace("{n}", tokens) : time;
}

// Does a scrolled box show its end? Asked before each piece is added, since a scroll
// event may come too late.
export const atEnd = (box) => box.scrollHeight - box.scrollTop - box.clientHeight < 4;

function element(name, className, parent, attributes = {}) {
  const node = document.createElement(name);
  node.className = "qn-" + className;
  for (const key in attributes) node.setAttribute(key, attributes[key]);
  parent.append(node);
  return node;
}

// Where to cut a piece so that its rest begins a new paragraph; -1: not yet. A browser
// lays out a paragraph anew whenever it grows, so none may grow without end.
export const cut = (length, piece) => (length < 2000 ? -1 : piece.indexOf("\n"));

// One growing text: paragraphs of one text node each, only ever appended to.
function growing(parent) {
  let have = 0, text;
  const begin = () => element("div", "text", parent).append((text = document.createTextNode("")));
  begin();
  return (piece, at) => {
    let rest = fresh(have, at, piece);
    have = Math.max(have, at + codePoints(piece));
    const end = cut(text.length, rest);
    if (end >= 0) {
      text.appendData(rest.slice(0, end + 1));
      rest = rest.slice(end + 1);
      begin();
    }
    text.appendData(rest);
  };
}

function render({ model, el }) {
  const words = model.get("words");
  // Lumino listens for keys outside: D D on a focused summary would delete the cell.
  const keys = { "data-lm-suppress-shortcuts": "true" };
  const root = element("section", "card", el, { "aria-label": words.label, "aria-busy": "true", ...keys });
  root.addEventListener("keydown", (event) => event.stopPropagation());

  const header = element("header", "header", root);
  const name = element("span", "model", header, { title: model.get("server") });
  name.textContent = model.get("model");
  const dot = element("span", "dot", header, { "aria-hidden": "true" });
  const word = element("span", "state", header, { role: "status", "aria-live": "polite" });
  const time = element("span", "clock", header);
  for (const note of model.get("notes")) element("div", "note", root).textContent = note;

  const fold = element("details", "fold", root);
  const summary = element("summary", "summary", fold, keys);
  summary.textContent = words.fold;
  const box = element("div", "thinking", fold, { tabindex: "0", role: "region", "aria-label": words.region, ...keys });
  const answer = element("div", "answer", root);
  const addThinking = growing(box);
  const addAnswer = growing(answer);
  fold.hidden = answer.hidden = true;

  let state = "", tokens = 0, start = performance.now(), touched = false;
  summary.addEventListener("click", () => { touched = true; });

  const tick = () => { time.textContent = clock(words, (performance.now() - start) / 1000, tokens); };
  const timer = setInterval(() => isLive(state) && tick(), 100);

  function enter(next, said) {
    if (next === state && !said) return;
    state = next;
    root.dataset.state = state;
    word.textContent = said || words[state] || state;
    if (!isLive(state)) root.setAttribute("aria-busy", "false");
  }

  function onMessage(message) {
    // The kernel's clock counts; this one only ticks in between.
    start = performance.now() - 1000 * message.s;
    tokens = message.n;
    if (message.t) {
      if (fold.hidden) { fold.hidden = false; fold.open = true; }
      const following = atEnd(box);
      addThinking(message.t, message.to);
      if (following) box.scrollTop = box.scrollHeight;
    }
    if (message.a) {
      if (answer.hidden) {
        answer.hidden = false;
        summary.textContent = words.folded;
        if (!touched && !box.contains(document.activeElement)) fold.open = false;
      }
      addAnswer(message.a, message.ao);
    }
    enter(message.state, message.w);
    tick();
  }

  enter("waiting");
  tick();
  model.on("msg:custom", onMessage);
  return () => { clearInterval(timer); model.off("msg:custom", onMessage); };
}

export default { render };
