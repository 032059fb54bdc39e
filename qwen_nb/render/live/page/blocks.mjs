// Cuts growing Markdown into top-level blocks. A finished block is drawn once and for
// all; only the tail is drawn again as it grows.

const FENCE = /^\s*(`{3,}|~{3,})/;
const FORMULA = /^\s*(?:(\$\$)|(\\\[))/;
const ITEM = /^ {0,3}(?:[-+*]|\d{1,9}[.)])(?:[ \t]|$)/;

// Which later line ends what this line opens: a fence, a formula, or nothing.
function closing(line) {
  const fence = FENCE.exec(line)?.[1];
  if (fence) {
    return (later) => {
      const text = later.trim();
      return text.length >= fence.length && text === fence[0].repeat(text.length);
    };
  }
  const formula = FORMULA.exec(line);
  if (!formula) return null;
  const end = formula[1] ? "$$" : "\\]";
  if (line.indexOf(end, formula[0].length) >= 0) return null;
  return (later) => later.includes(end);
}

export class Blocks {
  #body = ""; // whole lines of the block that is not finished
  #line = ""; // the line that is not finished
  #closes = null;
  #fenced = false; // the block is one fence or formula
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

  #take(line, finished) {
    if (this.#closes) {
      this.#body += line + "\n";
      if (!this.#closes(line)) return;
      this.#closes = null;
      if (this.#fenced) this.#finish(finished);
      return;
    }
    if (!line.trim()) {
      this.#blank = this.#body !== "";
      if (this.#blank) this.#body += line + "\n";
      return;
    }
    const closes = closing(line);
    const goesOn = this.#list && (ITEM.test(line) || /^\s/.test(line));
    // A fence may follow a paragraph directly; in a list it belongs to the item.
    if ((this.#blank && !goesOn) || (closes && !this.#list)) this.#finish(finished);
    if (!this.#body) {
      this.#list = ITEM.test(line);
      this.#fenced = closes !== null && !this.#list;
    }
    this.#blank = false;
    this.#closes = closes;
    this.#body += line + "\n";
  }

  #finish(finished) {
    if (this.#body) finished.push(this.#body);
    this.#body = "";
    this.#blank = this.#fenced = this.#list = false;
  }
}
