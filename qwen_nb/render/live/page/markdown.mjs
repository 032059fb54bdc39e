// Draws a block of Markdown with the front end's own parser, and trusts nothing of it.
//
// The parser's HTML is read in a document that runs and loads nothing, and only the
// elements named here are built anew for the page, without the attributes of theirs.

import { spans } from "./reader.mjs";

const KEPT = new Set(
  ("p h1 h2 h3 h4 h5 h6 ul ol li blockquote table thead tbody tr th td em strong del s code pre " +
    "br hr").split(" "),
);
const BLOCK = new Set("p h1 h2 h3 h4 h5 h6 ul ol blockquote table".split(" "));
// `http:x` would be a path on the notebook's own server.
const FOLLOWED = /^(?:https?:\/\/[^/\\?#]|mailto:)/i;
const INLINE_IMAGE = /^data:image\/(?:png|jpeg|gif|webp);base64,[A-Za-z0-9+/]+={0,2}$/;

// Signs of ours, private to this file, that a Markdown parser takes for letters.
const OPEN = "\uE000", CLOSE = "\uE001", LESS = "\uE002";
const OURS = /[\uE000-\uE002]/g;
const HELD = /\uE000(\d+)\uE001/;

// An address may hold them too, spelled as an address spells such signs.
const HELD_ANYWHERE = /(?:\uE000|%EE%80%80)(\d+)(?:\uE001|%EE%80%81)/g;
const LESS_ANYWHERE = /\uE002|%EE%80%82/g;

// The kernel sends none of these as they are (see `visible` in _safe.py), but a parser
// makes them of "&#27;".
const HIDDEN = /[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

const LESS_SIGN = /<(?![a-z][a-z0-9+.-]*:[^\s<>]*>)/gi; // of no address

export const visible = (text) => text.replace(HIDDEN, (sign) => {
  const code = sign.charCodeAt(0);
  if (code < 0x20) return String.fromCharCode(0x2400 + code);
  return code === 0x7f ? "␡" : `⟨U+${code.toString(16).toUpperCase().padStart(4, "0")}⟩`;
});

// Spell a block for the front end's parser: formulas out of its reach, and every "<" too,
// for markup of a model is text. A fence alone is spelled so that it is code to any parser.
// null: it is not to be parsed, as a diagram would be drawn, with all that it loads.
export function protect(source) {
  const text = source.replace(OURS, "\uFFFD"), formulas = [], found = spans(text);
  if (isFence(text, found[0])) return { text: canonical(found[0]), formulas };
  if (/mermaid/i.test(text)) return null;
  let out = "", from = 0;
  const plain = (end) => text.slice(from, end).replace(LESS_SIGN, LESS);
  for (const span of found) {
    out += plain(span.begin);
    if (span.tex) out += OPEN + (formulas.push(span) - 1) + CLOSE;
    else out += text.slice(span.begin, span.end);
    from = span.end;
  }
  return { text: out + plain(), formulas };
}

function isFence(text, span) {
  if (span?.kind !== "fence" || !/^ {0,3}$/.test(span.before)) return false;
  return !(text.slice(0, span.begin) + text.slice(span.end)).trim();
}

export class Markdown {
  #rendermime;
  #harmful;
  #words;

  // `rendermime`: the front end's; `commands`: the TeX commands never handed to a
  // typesetter, as a pattern; `words`: our own.
  constructor(rendermime, commands, words) {
    this.#rendermime = rendermime;
    this.#harmful = new RegExp(`\\\\(?:${commands})(?![A-Za-z])|\`|~~~`);
    this.#words = words;
  }

  // Can this page draw Markdown?
  static isHere(rendermime) {
    return typeof rendermime?.markdownParser?.render === "function";
  }

  // Draw a block into an element; formulas are typeset where asked, which takes longer.
  async draw(source, host, { typeset, copy }) {
    const held = protect(source);
    const html = held ? await this.#parse(held.text) : undefined;
    host.replaceChildren(this.#written(html, held?.formulas, copy) ?? plainly(source));
    if (typeset && host.querySelector(".qn-formula")) {
      this.#rendermime.latexTypesetter?.typeset(host);
    }
  }

  #written(html, formulas, copy) {
    if (html === undefined) return null;
    const inert = new DOMParser().parseFromString(html, "text/html");
    const nodes = document.createDocumentFragment();
    new Writer(formulas, this.#harmful, this.#words, copy).write(inert.body, nodes);
    return nodes;
  }

  async #parse(text) {
    try {
      return await this.#rendermime.markdownParser.render(text);
    } catch {
      return undefined; // the text itself is shown
    }
  }
}

function plainly(source) {
  const plain = wrapped("div", source);
  plain.className = "qn-text";
  return plain;
}

// A fence spelled so that no parser takes it for anything but code.
function canonical({ info, lines }) {
  const code = lines.join("\n"), language = /^[\w+#.-]*/.exec(info)[0];
  const longest = Math.max(2, ...(code.match(/`+/g) ?? []).map((run) => run.length));
  const around = "`".repeat(longest + 1);
  return `${around}${/mermaid/i.test(language) ? "" : language}\n${code}\n${around}\n`;
}

class Writer {
  constructor(formulas, harmful, words, copy) {
    Object.assign(this, { formulas, harmful, words, copy });
  }

  write(from, to, inCode = false, inLink = false) {
    for (const node of from.childNodes) {
      if (node.nodeType === Node.TEXT_NODE) this.text(node.data, to, inCode);
      else if (node.nodeType === Node.ELEMENT_NODE) this.element(node, to, inCode, inLink);
    }
  }

  element(node, to, inCode, inLink) {
    const tag = node.localName;
    if (KEPT.has(tag)) {
      const made = document.createElement(tag);
      if (BLOCK.has(tag)) made.dir = "auto";
      if (tag === "ol" && node.start !== 1) made.start = node.start;
      const align = tag[0] === "t" && /^(?:center|right)$/.exec(node.align || node.style.textAlign);
      if (align) made.style.textAlign = align[0];
      this.write(node, made, inCode || tag === "code" || tag === "pre", inLink);
      to.append(tag === "pre" ? this.code(made) : tag === "table" ? scrolled(made) : made);
    } else if (tag === "span" && inCode) {
      const made = document.createElement("span");
      made.className = node.className; // the colour of a highlighted word
      this.write(node, made, inCode, inLink);
      to.append(made);
    } else if (tag === "a" && !inLink) this.link(node.getAttribute("href"), to, (a) => this.write(node, a, inCode, true));
    else if (tag === "img") this.image(node, to, inLink);
    else if (tag === "input") to.append(node.checked ? "☑ " : "☐ ");
    else if (tag === "a" || tag === "figure" || tag === "div") this.write(node, to, inCode, inLink);
    else this.text(node.outerHTML, to, true);
  }

  // Text is text; a formula's signs stand alone in an element, any other "$" and "\" too,
  // so that a typesetter never pairs them.
  text(data, to, inCode) {
    data.split(/(\uE000\d+\uE001)/).forEach((part) => {
      const formula = this.formulas[HELD.exec(part)?.[1]];
      if (formula && inCode) to.append(formula.source);
      else if (formula) this.formula(formula, to);
      else {
        const plain = visible(part.replaceAll(LESS, "<"));
        if (inCode) to.append(plain);
        else plain.split(/([$\\])/).forEach((piece, odd) => {
          if (odd % 2) to.append(wrapped("span", piece));
          else if (piece) to.append(piece);
        });
      }
    });
  }

  formula({ source, tex, kind }, to) {
    if (this.harmful.test(tex)) return to.append(wrapped("code", source));
    const sign = kind === "display" ? "$$" : "$";
    const made = wrapped("span", sign + tex + sign);
    made.className = "qn-formula";
    to.append(made);
  }

  // Only http, https and mailto are followed, and the page says where to.
  link(href, to, fill) {
    const address = this.restored(href ?? "");
    let url = null;
    try {
      url = new URL(address);
    } catch {} // not an address
    const place = url && (url.protocol === "mailto:" ? url.pathname : url.hostname);
    const follow = place && FOLLOWED.test(address);
    const made = document.createElement(follow ? "a" : "span");
    if (follow) Object.assign(made, { href: address, rel: "noopener noreferrer nofollow", target: "_blank" });
    fill(made);
    to.append(made);
    const shown = visible(follow ? place : address.slice(0, 80));
    if (shown && !made.textContent.includes(shown)) {
      const beside = wrapped("span", ` (${shown})`);
      beside.className = "qn-place";
      to.append(beside);
    }
  }

  image(node, to, inLink) {
    const source = this.restored(node.getAttribute("src") ?? ""), alt = this.restored(node.alt);
    if (INLINE_IMAGE.test(source)) {
      const made = document.createElement("img");
      Object.assign(made, { src: source, alt: visible(alt) });
      return to.append(made);
    }
    const said = alt.trim() ? this.words.image.replace("{alt}", alt) : this.words.image_bare;
    if (inLink) this.text(said, to, false);
    else this.link(source, to, (a) => this.text(said, a, false));
  }

  restored(text) {
    return text
      .replace(HELD_ANYWHERE, (signs, n) => this.formulas[n]?.source ?? signs)
      .replace(LESS_ANYWHERE, "<");
  }

  // A code block can be copied, and reached and scrolled by keyboard.
  code(pre) {
    pre.tabIndex = 0;
    pre.dataset.lmSuppressShortcuts = "true";
    const box = document.createElement("div");
    box.className = "qn-code";
    box.append(pre);
    if (this.copy) box.append(this.copy(() => pre.textContent.replace(/\n$/, "")));
    return box;
  }
}

function wrapped(tag, text) {
  const made = document.createElement(tag);
  made.textContent = text;
  return made;
}

function scrolled(table) {
  const box = wrapped("div", "");
  box.className = "qn-wide";
  box.tabIndex = 0;
  box.dataset.lmSuppressShortcuts = "true";
  box.append(table);
  return box;
}
