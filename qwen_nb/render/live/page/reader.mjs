// The page's one reader of code and formulas. A table of cases holds it to the one in
// Python (values/code_blocks.py), and says where it is looser, since each card carries it:
// tests/render/cases/markdown.json.

// An end is looked for within this reach, so that a text full of beginnings stays cheap.
const REACH = 4000;
const FENCE = /^([ \t>]*(?:(?:[-+*]|\d{1,9}[.)])[ \t>]+)*)(?:(`{3,})([^`]*)|(~{3,})(.*))$/;
const SIGN = /[\\$`]/g;
const ENVIRONMENT = /\\begin\{([A-Za-z]{1,20}\*?)\}/y;

// Follows fences line by line, also in quotes and lists.
export class Lines {
  fence = null; // the open one, or the last

  #isOpen = false;

  // Take a line; say whether it is blank, text, or opens, fills or closes a fence.
  take(line) {
    if (this.#isOpen && !this.#isLeftBy(line)) {
      const text = line.replace(/^[ \t>]*/, "").trimEnd(), { marks } = this.fence;
      this.#isOpen = text.length < marks.length || text !== marks[0].repeat(text.length);
      return this.#isOpen ? "code" : "close";
    }
    const found = FENCE.exec(line.trimEnd());
    this.#isOpen = found !== null;
    if (!found) return line.trim() ? "text" : "blank";
    this.fence = { before: found[1], marks: found[2] ?? found[4], info: (found[3] ?? found[5]).trim() };
    return "open";
  }

  // A fence ends with the quote or the list item that it stands in.
  #isLeftBy(line) {
    const { before } = this.fence;
    return before.includes(">") ? !/^[ \t]*>/.test(line) : /[^ \t]/.test(before) && /^[^ \t]/.test(line);
  }
}

// The code and the formulas of a text, in order, each with where it begins and ends:
// fences (`info`, `lines`), code spans, formulas (`tex`), displayed or not.
export function spans(text) {
  const found = [], reader = new Lines();
  let from = 0, begin = 0; // of what is no fence, and of the line
  for (const line of text.split("\n")) {
    const kind = reader.take(line), end = begin + line.length;
    if (kind !== "text") {
      if (from < begin) inline(text.slice(from, begin), from, found);
      from = end + 1;
    }
    if (kind === "open") found.push({ kind: "fence", begin, end, lines: [], ...reader.fence });
    else if (kind === "code" || kind === "close") {
      const fence = found.at(-1);
      fence.end = end;
      if (kind === "code") fence.lines.push(line);
    }
    begin = end + 1;
  }
  if (from < text.length) inline(text.slice(from), from, found);
  return found;
}

// Add the code spans and formulas of a text without blank lines.
function inline(text, offset, found) {
  SIGN.lastIndex = 0;
  for (let match; (match = SIGN.exec(text)); ) {
    const index = match.index;
    let span = null, end = index + 1;
    if (match[0] === "`") {
      end = codeEnd(text, index);
      if (end > runEnd(text, index)) span = { kind: "code" };
    } else {
      span = formulaAt(text, index);
      end = span ? span.end : index + (match[0] === "\\" ? 2 : 1);
      // the marks of a quote are no part of it
      if (span && text[0] === ">") span.tex = span.tex.replace(/^[ \t]*>/gm, "").trim();
    }
    const source = text.slice(index, end);
    if (span) found.push({ ...span, source, begin: offset + index, end: offset + end });
    SIGN.lastIndex = end;
  }
}

// The index of `closer` within reach, not itself escaped; -1: nowhere near.
function closerAt(text, closer, from) {
  const near = text.slice(from, from + REACH);
  let found = near.indexOf(closer);
  while (found > 0 && /(?:^|[^\\])(?:\\\\)*\\$/.test(near.slice(Math.max(0, found - 50), found))) {
    found = near.indexOf(closer, found + 1);
  }
  return found < 0 ? -1 : from + found;
}

// Where the brace that opens at `from` is closed; -1: nowhere near.
function braceEnd(text, from) {
  let depth = 0;
  for (let i = from; i < text.length && i < from + REACH; i++) {
    if (text[i] === "\\") i++;
    else if (text[i] === "{") depth++;
    else if (text[i] === "}" && --depth === 0) return i + 1;
  }
  return -1;
}

function delimited(text, index, width, closer, kind) {
  const end = closerAt(text, closer, index + width);
  const tex = end < 0 ? "" : text.slice(index + width, end).trim();
  return tex ? { kind, tex, end: end + closer.length } : null;
}

// The formula that begins exactly here; null: none does.
function formulaAt(text, index) {
  if (text[index] === "$") {
    if (text[index - 1] === "$") return null;
    if (text[index + 1] === "$") return delimited(text, index, 2, "$$", "display");
    // Money is no mathematics: no space inside the signs, no digit right after them. Nor
    // is a dollar before code.
    const found = /\s/.test(text[index + 1] ?? " ") ? null : delimited(text, index, 1, "$", "formula");
    const isOdd = found && (/\s/.test(text[found.end - 2]) || /\d/.test(text[found.end] ?? "") || found.tex.includes("`"));
    return isOdd ? null : found;
  }
  if (text.startsWith("\\(", index)) return delimited(text, index, 2, "\\)", "formula");
  if (text.startsWith("\\[", index)) {
    // `\[words\](address)` is the usual way to write a link that is none
    const found = delimited(text, index, 2, "\\]", "display");
    return found && text[found.end] !== "(" ? found : null;
  }
  ENVIRONMENT.lastIndex = index;
  const environment = ENVIRONMENT.exec(text);
  if (environment) {
    const closer = `\\end{${environment[1]}}`;
    const found = delimited(text, index, environment[0].length, closer, "display");
    return found && { ...found, tex: text.slice(index, found.end) };
  }
  const end = text.startsWith("\\boxed{", index) ? braceEnd(text, index + 6) : -1;
  return end < 0 ? null : { kind: "formula", tex: text.slice(index, end), end };
}

function runEnd(text, index) {
  while (text[index] === "`") index++;
  return index;
}

// The end of the code span that begins here, or of the backticks if none does.
function codeEnd(text, index) {
  const start = runEnd(text, index), marks = text.slice(index, start), near = text.slice(start, start + REACH);
  for (let found = near.indexOf(marks); found >= 0; ) {
    const end = runEnd(near, found);
    if (end - found === marks.length) return start + end;
    found = near.indexOf(marks, end);
  }
  return start;
}
