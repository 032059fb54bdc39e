// The growing answer: finished blocks are drawn once, the tail again and again, but never
// so often that drawing takes more than a small share of the page's time.

import { Blocks } from "./blocks.mjs";
import { Markdown } from "./markdown.mjs";
import { PlainText } from "./text.mjs";

const LEAST_MS = 80; // between two drawings of the tail
const SHARE = 8; // and at least this many times as long as a drawing takes

const block = (parent) => {
  const made = document.createElement("div");
  made.className = "qn-block";
  parent.append(made);
  return made;
};

// An answer drawn as Markdown.
class DrawnAnswer {
  #parent;
  #markdown;
  #copy;
  #blocks;
  #waiting; // finished blocks that are not drawn yet
  #tail;
  #drawing = false;
  #timer = 0;
  #seen = ""; // the tail that was drawn

  constructor(parent, markdown, copy) {
    this.#parent = parent;
    this.#markdown = markdown;
    this.#copy = copy;
    this.clear();
  }

  clear() {
    this.#parent.replaceChildren();
    this.#blocks = new Blocks();
    this.#waiting = [];
    this.#seen = "";
    this.#tail = block(this.#parent);
  }

  push(piece) {
    this.#waiting.push(...this.#blocks.push(piece));
    if (!this.#drawing && !this.#timer) this.#draw();
  }

  // Nothing more comes: what is left is drawn as well as everything before it.
  end() {
    const rest = this.#blocks.tail;
    this.#blocks = new Blocks();
    if (rest.trim()) this.#waiting.push(rest);
    clearTimeout(this.#timer);
    this.#timer = 0;
    if (!this.#drawing) this.#draw();
  }

  async #draw() {
    this.#drawing = true;
    const began = performance.now(), mine = this.#blocks;
    while (this.#waiting.length) {
      const source = this.#waiting.shift(), host = this.#tail;
      await this.#markdown.draw(source, host, { typeset: true, copy: this.#copy });
      if (host !== this.#tail) break; // everything began anew meanwhile
      this.#tail = block(this.#parent);
      this.#seen = "";
    }
    const tail = this.#blocks.tail, host = this.#tail;
    if (tail !== this.#seen && mine === this.#blocks) {
      await this.#markdown.draw(tail, host, { typeset: false });
      if (host === this.#tail) this.#seen = tail;
    }
    this.#drawing = false;
    if (!this.#waiting.length && this.#blocks.tail === this.#seen) return;
    const pause = Math.max(LEAST_MS, SHARE * (performance.now() - began));
    this.#timer = setTimeout(() => {
      this.#timer = 0;
      this.#draw();
    }, this.#waiting.length ? 0 : pause);
  }
}

// The best view of an answer that a page can give.
export function growingAnswer(parent, { rendermime, commands, words, copy }) {
  if (Markdown.isHere(rendermime)) {
    return new DrawnAnswer(parent, new Markdown(rendermime, commands, words), copy);
  }
  return Object.assign(new PlainText(parent), { end() {} });
}
