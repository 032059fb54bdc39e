// Cuts growing Markdown into top-level blocks. A finished block is drawn once and for
// all; only the tail is drawn again as it grows.

import { Lines } from "./reader.mjs";

const ITEM = /^ {0,3}(?:>|(?:[-+*]|\d{1,9}[.)])(?:[ \t]|$))/; // or a quote

export class Blocks {
  #lines = new Lines();
  #body = ""; // whole lines of the block that is not finished
  #line = ""; // the line that is not finished
  #blank = false;
  #list = false;

  // What is not finished yet.
  get tail() {
    return this.#body + this.#line;
  }

  // Take a piece, return the blocks that it finishes.
  push(piece) {
    const finished = [];
    const lines = (this.#line + piece).split("\n");
    this.#line = lines.pop();
    for (const line of lines) this.#take(line, finished);
    // Only a list may go on after a blank line, and only its next line tells.
    if (this.#blank && !this.#list && this.#line.trim()) this.#finish(finished);
    return finished;
  }

  // No formula goes over a blank line or a fence, so none is cut here.
  #take(line, finished) {
    const kind = this.#lines.take(line);
    if (kind === "blank") {
      this.#blank = this.#body !== "";
      if (this.#blank) this.#body += line + "\n";
      return;
    }
    const goesOn = this.#list && (ITEM.test(line) || /^\s/.test(line));
    // A fence may follow a paragraph directly; in a list it belongs to the item.
    if ((this.#blank && !goesOn) || (kind === "open" && !this.#list)) this.#finish(finished);
    if (!this.#body) this.#list = ITEM.test(line);
    this.#blank = false;
    this.#body += line + "\n";
    if (kind === "close" && !this.#list) this.#finish(finished);
  }

  #finish(finished) {
    if (this.#body) finished.push(this.#body);
    this.#body = "";
    this.#blank = this.#list = false;
  }
}
