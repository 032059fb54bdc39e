// How a growing text is put together from pieces, and small words about it.

// Length in code points, as Python counts.
export function codePoints(text) {
  let n = 0;
  for (const _ of text) n++;
  return n;
}

// What of `piece`, which begins at `at`, comes after the `have` code points that are known;
// null where something between is missing.
export function fresh(have, at, piece) {
  if (at > have) return null;
  return at === have ? piece : [...piece].slice(have - at).join("");
}

// "3.2 s · ~187 tokens · 58 a second"
export function clock(words, seconds, tokens, rate) {
  const parts = [words.seconds.replace("{n}", seconds.toFixed(1))];
  if (tokens) parts.push(words.tokens.replace("{n}", tokens));
  if (rate) parts.push(words.rate.replace("{n}", rate));
  return parts.join(" · ");
}

// Does a scrolled box show its end? Asked before each piece is added, since a scroll
// event may come too late.
export const atEnd = (box) => box.scrollHeight - box.scrollTop - box.clientHeight < 4;

// Where to cut a piece so that its rest begins a new paragraph; -1: not yet. A browser
// lays out a paragraph anew whenever it grows, so none may grow without end.
export const cut = (length, piece) => (length < 2000 ? -1 : piece.indexOf("\n"));

// Plain text in paragraphs of one text node each, only ever appended to.
export class PlainText {
  #parent;
  #text;

  constructor(parent) {
    this.#parent = parent;
    this.clear();
  }

  clear() {
    this.#parent.replaceChildren();
    this.#begin();
  }

  push(piece) {
    const end = cut(this.#text.length, piece);
    if (end >= 0) {
      this.#text.appendData(piece.slice(0, end + 1));
      piece = piece.slice(end + 1);
      this.#begin();
    }
    this.#text.appendData(piece);
  }

  #begin() {
    const paragraph = document.createElement("div");
    paragraph.className = "qn-text";
    paragraph.dir = "auto";
    paragraph.append((this.#text = document.createTextNode("")));
    this.#parent.append(paragraph);
  }
}
