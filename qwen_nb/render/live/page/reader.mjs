// The page's one reader of code and formulas. A table of cases holds it to the one in
// Python (values/code_blocks.py): tests/render/cases/markdown.json.

// An end is looked for within this reach, so that a text full of beginnings stays cheap.
const REACH = 4000, REACH_LINES = 100;
const FENCE = /^(?:(`{3,})([^`]*)|(~{3,})(.*))$/;
const MARK = /^(?:[-+*]|\d{1,9}[.)])(?=[ \t]|$)/;
const RULE = /^([-*_])(?:[ \t]*\1){2,}[ \t]*$/;
const HEADING = /^(?:#{1,6}(?:[ \t]|$)|(?:=+|-+)[ \t]*$)/;
const UNDER_HEAD = /^\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*$/;
const SIGN = /[\\$`<]/g;
const ADDRESS = /<[a-z][a-z0-9+.-]*:[^\s<>]*>/iy;
const ENVIRONMENT = /\\begin\{([A-Za-z]{1,20}\*?)\}/y;

export const at = (pattern, text, index) => ((pattern.lastIndex = index), pattern.exec(text));

const step = (sign, column) => (sign === "\t" ? 4 - (column % 4) : 1);

// Follows quotes, lists, fences and indented code line by line, as CommonMark nests them.
export class Lines {
  #inside = []; // the open list items, by the column where their text begins; 0: a quote
  #fence = null;
  #paragraph = false;
  #isBare = false; // the last line was the mark of a list item and nothing else

  // How many quotes and lists the last line stands in.
  get depth() {
    return this.#inside.length;
  }

  // Take a line; say what it is and where its own text begins.
  take(line) {
    const place = this.#placed(line), open = this.#fence;
    if (open && place.isInside) return this.#inFence(line, place, open);
    this.#fence = null;
    if (place.next === line.length) {
      if (!place.isInside) this.#inside.length = place.depth;
      if (this.#isBare) this.#inside.pop(); // an item may not begin with two blank lines
      this.#paragraph = this.#isBare = false;
      return { kind: "blank" };
    }
    const goesOn = !this.#opened(line, place) && this.#paragraph;
    const text = line.slice(place.next), isIndented = text !== "" && place.column - place.base > 3;
    const fence = isIndented ? null : FENCE.exec(text);
    const isAlone = !isIndented && (!text || HEADING.test(text) || RULE.test(text));
    if (fence || isAlone || !goesOn) this.#inside.length = place.depth;
    this.#isBare = !text && this.#inside.at(-1) > 0;
    this.#paragraph = !fence && !isAlone && (goesOn || !isIndented);
    if (fence) {
      this.#fence = { marks: fence[1] ?? fence[3], column: place.column - place.base };
      return { kind: "open", info: (fence[2] ?? fence[4]).trim() };
    }
    if (isIndented && !goesOn) return { kind: "indented" };
    return { kind: isAlone ? "alone" : "text", at: place.next, goesOn, isIndented };
  }

  // Where the text of a further line of the same paragraph begins; -1: it does not go on.
  textAt(line) {
    const { next, isInside, column, base } = this.#placed(line);
    if (!isInside || next === line.length) return -1;
    return column - base < 4 && /^(?:`{3}|~{3})/.test(line.slice(next)) ? -1 : next;
  }

  // A formula of whole lines has ended.
  endParagraph() {
    this.#paragraph = false;
  }

  #inFence(line, { next, column, base }, { marks, column: indent }) {
    const text = line.slice(next).trimEnd();
    if (column - base < 4 && text.length >= marks.length && text === marks[0].repeat(text.length)) {
      this.#fence = null;
      return { kind: "close" };
    }
    let index = 0, width = 0;
    for (; width < base + indent && index < next; index++) width += step(line[index], width);
    return { kind: "code", text: " ".repeat(Math.max(0, width - base - indent)) + line.slice(index) };
  }

  // How far the open quotes and lists hold this line.
  #placed(line) {
    const place = { next: 0, column: 0, base: 0, depth: 0, isInside: false };
    skip(line, place);
    for (const begins of this.#inside) {
      if (begins ? place.next < line.length && place.column < begins : !quoted(line, place)) return place;
      if (begins) place.base = begins;
      place.depth++;
    }
    return Object.assign(place, { isInside: true });
  }

  // Open the quotes and list items that begin on this line; say whether any does.
  #opened(line, place) {
    let any = false;
    while (place.column - place.base < 4) {
      const text = line.slice(place.next), mark = RULE.test(text) ? null : MARK.exec(text)?.[0];
      // "1986. A year" and a bare dash go on with a paragraph
      const interrupts = any || !this.#paragraph || !place.isInside;
      if (quoted(line, place)) this.#inside.splice(place.depth++, Infinity, 0);
      else if (mark && (interrupts || (/^(?:[-+*]|1[.)])$/.test(mark) && text.slice(mark.length).trim()))) {
        const after = place.column + mark.length;
        place.next += mark.length;
        place.column = after;
        skip(line, place);
        const isFar = place.next === line.length || place.column - after > 4;
        place.base = isFar ? after + 1 : place.column;
        this.#inside.splice(place.depth++, Infinity, place.base);
      } else break;
      any = true;
    }
    return any;
  }
}

function skip(line, place) {
  for (; line[place.next] === " " || line[place.next] === "\t"; place.next++) {
    place.column += step(line[place.next], place.column);
  }
}

// Go past the mark of a quote, if one stands here.
function quoted(line, place) {
  if (line[place.next] !== ">" || place.column - place.base > 3) return false;
  place.next++;
  place.base = ++place.column + (/[ \t]/.test(line[place.next] ?? "") ? 1 : 0);
  skip(line, place);
  return true;
}

// The code and the formulas of a text, in order, each with where it begins and ends:
// fences (`code`, `info`), indented code, code spans, formulas (`tex`), displayed or not.
export function spans(text) {
  const found = [], reader = new Lines(), lines = [];
  for (const { 0: line, index } of text.matchAll(/[^\n]*(?:\n|$)/g)) {
    if (line || !index) lines.push({ begin: index, words: line.replace(/\r?\n$/, "") });
  }
  let paragraph = [], block = null;
  const flush = () => {
    for (const cell of cells(paragraph)) inline(cell, found);
    paragraph = [];
  };
  for (let i = 0; i < lines.length; i++) {
    const { begin, words } = lines[i], line = reader.take(words), end = begin + words.length;
    if (line.kind !== "text" || !line.goesOn) flush();
    if (line.kind === "open") found.push((block = { kind: "fence", begin, end, info: line.info, depth: reader.depth, lines: [] }));
    else if (line.kind === "code" || line.kind === "close") {
      block.end = end;
      if (line.kind === "code") block.lines.push(line.text);
    } else if (line.kind === "indented") {
      if (block?.kind !== "indented") found.push((block = { kind: "indented", begin }));
      block.end = end;
    } else if (line.kind !== "blank") {
      block = null;
      const whole = line.kind === "text" && !line.isIndented && formulaBlock(lines, i, line.at, reader);
      if (whole) {
        flush();
        reader.endParagraph();
        i = whole.last;
        const end = lines[i].begin + lines[i].words.length;
        found.push({ ...whole, begin: begin + line.at, end });
      } else paragraph.push({ begin: begin + line.at, words: words.slice(line.at) });
    }
  }
  flush();
  return found;
}

// A formula that takes whole lines, from the line `first` on; null: none does.
function formulaBlock(lines, first, index, reader) {
  let source = lines[first].words.slice(index).trimEnd();
  const environment = at(ENVIRONMENT, source, 0);
  const closer = environment ? `\\end{${environment[1]}}` : { "$$": "$$", "\\[": "\\]" }[source.slice(0, 2)];
  if (!closer) return null;
  let from = 2;
  for (let last = first; ; ) {
    if (closerAt(source, closer, from) >= 0) {
      const formula = formulaAt(source, 0);
      return formula?.end === source.length ? { ...formula, last, source } : null;
    }
    if (++last >= lines.length || last - first >= REACH_LINES || source.length > REACH) return null;
    const next = reader.textAt(lines[last].words);
    if (next < 0) return null;
    from = source.length + 1;
    source += "\n" + lines[last].words.slice(next).trimEnd();
  }
}

// The texts that a paragraph's lines make: one, or those of a table's cells.
function cells(lines) {
  const head = lines.findIndex(({ words }, i) => i && words.includes("|") && UNDER_HEAD.test(words)) - 1;
  if (head < 0) return lines.length ? [lines] : [];
  const parts = head ? [lines.slice(0, head)] : [];
  for (const { begin, words } of lines.slice(head)) {
    for (const { 0: cell, index } of words.matchAll(/(?:\\[^]|[^\\|])+/g)) parts.push([{ begin: begin + index, words: cell }]);
  }
  return parts;
}

// Add the code spans and formulas of lines that make one text.
function inline(lines, found) {
  const text = lines.map(({ words }) => words).join("\n").trimEnd();
  let line = 0, passed = 0; // the line that is reached, and the signs before it
  const placed = (index) => {
    while (index > passed + lines[line].words.length) passed += lines[line++].words.length + 1;
    return lines[line].begin + index - passed;
  };
  SIGN.lastIndex = 0;
  for (let match; (match = SIGN.exec(text)); ) {
    const index = match.index;
    let span = null, end = index + 1;
    if (match[0] === "`") {
      end = codeEnd(text, index);
      if (end > runEnd(text, index)) span = { kind: "code", end };
    } else if (match[0] === "<") end += (at(ADDRESS, text, index)?.[0].length ?? 1) - 1;
    else {
      span = formulaAt(text, index);
      end = span ? span.end : index + (match[0] === "\\" ? 2 : 1);
    }
    if (span) found.push({ ...span, begin: placed(index), end: placed(end - 1) + 1, source: text.slice(index, end) });
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
  const environment = at(ENVIRONMENT, text, index);
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
