// A document on the page: its blocks as elements, and a way from an offset in its text to them.

import { blocksOf, unitsOf } from "./document_text.js";
import { element, say, texts } from "./bridge.js";

// The title of the panel is an h2; the document's own headings stand below it.
const LEVELS_ABOVE = 2;
const LETTERS_IN_SECTION = 8000;

export class DocumentView {
  // `source` is what the server gives: {text, pages, headings, …}, counted in characters.
  constructor(source) {
    this.text = source.text;
    this.units = unitsOf(source.text);
    this.pieces = []; // {start, end, node}: the text of each node, whole and alone
    this.marks = [];
    this.element = element("div", { className: "panel-text" });
    this.element.append(...this.#sections(source));
  }

  // In sections, of which the browser lays out only those in sight.
  *#sections({ pages, headings }) {
    let section = null;
    let began = 0;
    const counted = headings.map((one) => ({ ...one, start: this.units(one.start) }));
    for (const block of blocksOf(this.text, pages.map(this.units), counted)) {
      if (!section || block.start - began > LETTERS_IN_SECTION) {
        if (section) yield sized(section, block.start - began);
        section = element("div", { className: "panel-section" });
        began = block.start;
      }
      section.append(this.#shown(block));
    }
    if (section) yield sized(section, this.text.length - began);
  }

  #shown(block) {
    switch (block.kind) {
      case "page":
        return element("div", { className: "panel-page" },
          element("span", { textContent: say(texts.panel_page, { page: block.page }) }));
      case "heading":
        return this.#piece(`h${Math.min(6, block.level + LEVELS_ABOVE)}`, block);
      case "list":
        return continuing(block, element("ul", { role: "list" },
          ...block.parts.map((line) => this.#item(line))));
      case "table":
        return continuing(block, element("div", { className: "panel-table" },
          element("table", {}, element("tbody", {}, ...block.parts.map((row) =>
            element("tr", {}, ...row.map((cell) => this.#piece("td", cell))))))));
      default: {
        const shown = this.#piece("p", block);
        shown.className = `panel-${block.kind}`;
        return continuing(block, shown);
      }
    }
  }

  #item(line) {
    const item = this.#piece("li", line);
    const depth = /^ */.exec(item.textContent)[0].length / 2;
    if (depth) item.style.marginInlineStart = `${Math.min(depth, 6) * 1.2}em`;
    return item;
  }

  #piece(name, { start, end }) {
    const node = document.createTextNode(this.text.slice(start, end));
    const shown = document.createElement(name);
    shown.append(node);
    this.pieces.push({ start, end, shown });
    return shown;
  }

  // The pieces that hold something of these units of the text.
  #piecesIn(start, end) {
    let low = 0;
    let high = this.pieces.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.pieces[middle].end <= start) low = middle + 1;
      else high = middle;
    }
    let last = low;
    while (last < this.pieces.length && this.pieces[last].start < end) last += 1;
    return this.pieces.slice(low, last);
  }

  // A DOM range over text[start:end], in units; null where nothing of it is shown.
  range(start, end) {
    const pieces = this.#piecesIn(start, end);
    if (!pieces.length) return null;
    const first = pieces[0];
    const last = pieces.at(-1);
    const range = document.createRange();
    range.setStart(...within(first, Math.max(start, first.start) - first.start));
    range.setEnd(...within(last, Math.min(end, last.end) - last.start));
    return range;
  }

  // Highlights text[start:end]; a quote over several blocks has a mark in each. The first one.
  mark(start, end) {
    this.unmark();
    for (const piece of this.#piecesIn(start, end)) {
      const range = document.createRange();
      range.setStart(...within(piece, Math.max(start, piece.start) - piece.start));
      range.setEnd(...within(piece, Math.min(end, piece.end) - piece.start));
      const mark = document.createElement("mark");
      range.surroundContents(mark);
      this.marks.push(mark);
    }
    const first = this.marks[0] ?? null;
    if (first) Object.assign(first, { id: "footnote-quote", tabIndex: -1 });
    return first;
  }

  unmark() {
    for (const mark of this.marks.splice(0)) {
      const parent = mark.parentNode;
      mark.replaceWith(...mark.childNodes);
      parent.normalize();
    }
  }
}

// Text node and offset in it of the n-th unit of a piece.
function within(piece, at) {
  const walker = document.createTreeWalker(piece.shown, NodeFilter.SHOW_TEXT);
  let node = walker.nextNode();
  while (at > node.length) {
    at -= node.length;
    node = walker.nextNode();
  }
  return [node, at];
}

function continuing({ continued }, shown) {
  shown.classList.toggle("continued", Boolean(continued));
  return shown;
}

// A guess of its height, so that the scrollbar hardly moves while sections come into sight.
function sized(section, letters) {
  section.style.containIntrinsicSize = `auto ${Math.ceil(letters / 50) * 27}px`;
  return section;
}
