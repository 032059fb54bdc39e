// The live card: what a person sees and presses while a reply grows.
//
// What came is kept once for each card (`arrived`), for any number of views of it. Text
// goes into text nodes only; what the answer's Markdown becomes is decided in markdown.mjs.

import { growingAnswer } from "./answer.mjs";
import { callList } from "./calls.mjs";
import { element, KEYS } from "./element.mjs";
import { atEnd, clock, codePoints, fresh, PlainText } from "./text.mjs";

const LIVE = ["waiting", "retrying", "thinking", "calling", "answering"];
const GONE = ["dead", "restarting", "autorestarting", "terminating", "unknown"];
const ACKNOWLEDGED_MS = 150;
const AGAIN_MS = 500;

// Is the reply still growing?
export const isLive = (state) => LIVE.includes(state);

const ALL = new Map(); // run → what arrived of it

// What arrived of one reply: from messages, each with its offset, and from the snapshots
// that a view opened later, or a page loaded again, begins with.
export class Arrived {
  #text = { t: "", a: "" };
  #have = { t: 0, a: 0 };
  #calls = []; // those that have ended
  #called;
  #views = new Set();
  now = { state: "waiting", s: 0, n: 0 };
  at = 0;
  begunAt = null; // seconds and tokens when the first text came
  interrupts = 0; // sent by this page

  take(message) {
    for (const [text, offset] of [["t", "to"], ["a", "ao"]]) {
      if (message[text]) this.#add(text, message[text], message[offset]);
    }
    this.#call(message);
    this.#tell(message);
  }

  // A snapshot counts where it knows more than the messages that came.
  takeSnapshot(snapshot) {
    if (!snapshot?.state) return;
    for (const text of ["t", "a"]) {
      const whole = snapshot[text] ?? "";
      const length = codePoints(whole);
      if (length <= this.#have[text]) continue;
      const known = this.#text[text], goesOn = whole.startsWith(known);
      this.#text[text] = whole;
      this.#have[text] = length;
      for (const view of this.#views) {
        if (goesOn) view.add(text, whole.slice(known.length));
        else view.replace(text, whole);
      }
    }
    this.#call(snapshot);
    if (!isLive(snapshot.state) || snapshot.s >= this.now.s) this.#tell(snapshot);
  }

  // Each view is told what came before it, and then what comes.
  show(view) {
    for (const text of ["t", "a"]) if (this.#text[text]) view.replace(text, this.#text[text]);
    if (this.#calls.length) view.call(this.#calls, this.#called);
    view.update(this.now);
    this.#views.add(view);
    return () => this.#views.delete(view);
  }

  text(name) {
    return this.#text[name];
  }

  #add(name, piece, at) {
    // Where something is missing, the next snapshot brings it.
    const rest = fresh(this.#have[name], at, piece);
    if (!rest) return;
    this.#text[name] += rest;
    this.#have[name] = at + codePoints(piece);
    for (const view of this.#views) view.add(name, rest);
  }

  #call({ k = [], ko = 0, kh }) {
    const have = this.#calls.length, rest = k.slice(have - ko);
    if (ko > have || !rest.length) return;
    this.#calls.push(...rest);
    this.#called = kh; // the line above them
    for (const view of this.#views) view.call(rest, kh);
  }

  #tell({ state, s, n, w, h, e, u, c }) {
    this.now = { state, s, n, w, h: h ?? this.now.h, e, u, c };
    this.at = performance.now();
    if (n && !this.begunAt) this.begunAt = { s, n };
    for (const view of this.#views) view.update(this.now);
  }

  // Tokens a second since the first; 0: too early to say.
  rate(seconds) {
    const past = this.begunAt ? seconds - this.begunAt.s : 0;
    return past < 1 ? 0 : Math.round((this.now.n - this.begunAt.n) / past);
  }
}

function arrived(model) {
  const run = model.get("run");
  if (!ALL.has(run)) ALL.set(run, new Arrived());
  return ALL.get(run);
}

function initialize({ model }) {
  const all = arrived(model);
  all.takeSnapshot(model.get("snap"));
  const onMessage = (message) => ("ack" in message ? (all.acknowledged = true) : all.take(message));
  const onSnapshot = () => {
    all.takeSnapshot(model.get("snap"));
    // The kernel waits for this: from now on no interrupt of this card's follows.
    if (all.pressed === undefined || all.isOver || isLive(all.now.state)) return;
    all.isOver = true;
    model.send({ over: all.interrupts });
  };
  model.on("msg:custom", onMessage);
  model.on("change:snap", onSnapshot);
  return () => {
    model.off("msg:custom", onMessage);
    model.off("change:snap", onSnapshot);
    ALL.delete(model.get("run"));
  };
}

async function writeToClipboard(text) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    // a page without a secure origin has only the old way
    const area = element("textarea", "hidden", document.body);
    area.value = text;
    area.select();
    document.execCommand("copy");
    area.remove();
  }
}

// Ask the kernel to stop this run, the way it can hear.
function stop(model, all) {
  const kernel = model.widget_manager?.kernel, route = model.get("stops");
  const interrupt = () => {
    if (!kernel || all.isOver || !isLive(all.now.state)) return;
    all.interrupts += 1;
    kernel.interrupt();
  };
  const again = all.pressed !== undefined, now = performance.now();
  // A stop takes effect before the second of two quick clicks does: as an interrupt, that
  // one would hit the next cell, which this page does not yet know to be running.
  if (!isLive(all.now.state) || (again && now - all.pressed < AGAIN_MS)) return;
  all.pressed = now;
  // Whoever presses again later does not want to wait for the message either.
  if (route === "interrupt" || (route === "message" && again)) return interrupt();
  model.send({ stop: true });
  if (route === "message") setTimeout(() => all.acknowledged || interrupt(), ACKNOWLEDGED_MS);
}

function render({ model, el }) {
  const words = model.get("words"), all = arrived(model);
  const root = element("section", "card", el, { "aria-label": words.label, "aria-busy": "true", ...KEYS });
  root.addEventListener("keydown", (event) => event.stopPropagation());

  const header = element("header", "header", root);
  element("span", "model", header, { title: model.get("server") }).textContent = model.get("model");
  element("span", "dot", header, { "aria-hidden": "true" });
  const word = element("span", "state", header, { role: "status", "aria-live": "polite" });
  const time = element("span", "clock", header);
  const buttons = element("span", "buttons", header);
  for (const note of model.get("notes")) element("div", "note", root, { dir: "auto" }).textContent = note;

  const button = (parent, label, name, press) => {
    const made = element("button", "button", parent, { type: "button", "aria-label": name, ...KEYS });
    made.textContent = label;
    made.addEventListener("click", press);
    return made;
  };
  const copyButton = (parent, name, text) => {
    const made = button(parent, words.copy, name, async () => {
      await writeToClipboard(text());
      made.textContent = words.copied;
      setTimeout(() => { made.textContent = words.copy; }, 1500);
    });
    return made;
  };
  const copy = copyButton(buttons, words.copy_answer, () => all.text("a"));
  const stopButton = button(buttons, words.stop, words.stop, () => {
    stop(model, all);
    stopButton.textContent = words.stopping;
  });

  const fold = element("details", "fold", root);
  const summary = element("summary", "summary", fold, KEYS);
  const box = element("div", "thinking", fold, { tabindex: "0", role: "region", "aria-label": words.region, ...KEYS });
  const calls = callList(root);
  const body = element("div", "answer", root, { dir: "auto" });
  const ending = element("p", "ending", root);
  const usage = element("div", "usage", root);
  fold.hidden = body.hidden = ending.hidden = usage.hidden = copy.hidden = true;
  summary.textContent = words.fold;

  const thinking = new PlainText(box);
  const answer = growingAnswer(body, {
    rendermime: model.get("plain") ? null : model.widget_manager?.rendermime,
    commands: model.get("tex"),
    words,
    copy: (text) => copyButton(null, words.copy_code, text),
  });
  let touched = false, ended = false;
  summary.addEventListener("click", () => { touched = true; });

  function reveal(name) {
    if (name === "t" && fold.hidden) {
      fold.hidden = false;
      fold.open = body.hidden;
    } else if (name === "a" && body.hidden) {
      body.hidden = copy.hidden = false;
      if (!touched && !box.contains(document.activeElement)) fold.open = false;
    }
  }

  const kernel = model.widget_manager?.kernel;
  const lost = () => kernel && (kernel.isDisposed || GONE.includes(kernel.status));
  const tick = () => {
    const { state, s, n, c } = all.now, live = isLive(state);
    if (live && lost()) return all.take({ ...all.now, state: "cut", w: undefined });
    const seconds = s + (live ? (performance.now() - all.at) / 1000 : 0);
    time.textContent = c || (s || live ? clock(words, seconds, n, live && all.rate(seconds)) : "");
  };

  const forget = all.show({
    replace(name, text) {
      reveal(name);
      const target = name === "t" ? thinking : answer;
      target.clear();
      target.push(text);
    },
    add(name, piece) {
      reveal(name);
      if (name === "a") return answer.push(piece);
      const following = atEnd(box);
      thinking.push(piece);
      if (following) box.scrollTop = box.scrollHeight;
    },
    call: calls,
    update({ state, w, h, e, u }) {
      const said = w || words[state] || state;
      // Said again, a screen reader would read it again.
      if (word.textContent !== said) word.textContent = said;
      root.dataset.state = state;
      if (h) summary.textContent = h;
      const live = isLive(state);
      stopButton.hidden = !live || !model.get("stops");
      if (!live && !ended) {
        ended = true;
        answer.end();
        root.setAttribute("aria-busy", "false");
        for (const [node, text] of [[ending, e], [usage, u]]) {
          node.hidden = !text;
          node.textContent = text ?? "";
        }
      }
      tick();
    },
  });
  const timer = setInterval(() => isLive(all.now.state) && tick(), 100);
  return () => {
    clearInterval(timer);
    forget();
  };
}

export default { initialize, render };
