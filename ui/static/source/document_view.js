// A document on the page: its blocks as elements, and a way from an offset in its text to them.

import { blocksOf, unitsOf } from "./document_text.js";
import { element, harmless, say, texts } from "../bridge.js";

// The title of the panel is an h2; the document's own headings stand below it.
const LEVELS_ABOVE = 2;
const LETTERS_IN_SECTION = 8000;

export class DocumentView {
  // `source` is what the server gives: {text, pages, headings, blocks, …}, counted in characters.
  constructor(source) {
    this.text = source.text;
    this.pages = source.pages;
    this.units = unitsOf(source.text);
    this.next = 0; // of the links, the first that no piece has yet
    this.pieces = []; // {start, end, node}: the text of each node, whole and alone
    this.marks = [];
    this.element = element("div", { className: "panel-text" });
    this.element.append(...this.#sections(source));
  }

  // The opposite of `units`.
  characters(at) {
    return at - [...this.text.slice(0, at).matchAll(/[\ud800-\udbff][\udc00-\udfff]/g)].length;
  }

  // The number of the page that an offset in characters is on.
  pageAt(offset) {
    return Math.max(1, this.pages.filter((start) => start <= offset).length);
  }

  // In sections, of which the browser lays out only those in sight.
  *#sections({ pages, headings, blocks = [], links = [] }) {
    let section = null;
    let began = 0;
    const counted = headings.map((one) => ({ ...one, start: this.units(one.start) }));
    this.links = links.map((one) => ({ ...one, start: this.units(one.start), end: this.units(one.end) }));
    const apart = blocks.map((one) => ({ ...one, start: this.units(one.start), end: this.units(one.end) }));
    for (const block of blocksOf(this.text, pages.map(this.units), counted, apart)) {
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
        return continuing(block, block.id === undefined ? element("ul", { role: "list" },
          ...block.parts.map((line) => this.#item(line))) : this.#list(block));
      case "table":
        return continuing(block, this.#table(block));
      case "code":
        return continuing(block, this.#code(block));
      default: {
        const shown = this.#piece("p", block);
        shown.className = `panel-${block.kind}`;
        shown.classList.toggle("panel-note", Boolean(block.note));
        return continuing(block, shown);
      }
    }
  }

  // Lists within lists, and what belongs to an item besides its first words.
  #list({ parts }) {
    const root = element("div", { className: "panel-list" });
    const open = []; // {list, id, item}, outermost first
    for (const part of parts) {
      while (open.length > part.depth || (open.length === part.depth && open.at(-1).id !== part.inner)) open.pop();
      while (open.length < part.depth) {
        const list = element(part.ordered ? "ol" : "ul", { role: "list" });
        const above = open.at(-1);
        if (above && !above.item) above.list.append((above.item = element("li")));
        (above?.item ?? root).append(list);
        open.push({ list, id: part.inner, item: null });
      }
      const here = open.at(-1);
      if (part.begins || !here.item) here.list.append((here.item = element("li")));
      here.item.append(part.kind === "code" ? this.#code(part) : this.#piece(part.begins ? "span" : "p", part));
      if (part.begins) here.item.lastChild.className = "panel-own";
      if (part.bullet) here.item.className = "panel-only";
    }
    return root;
  }

  #table({ parts, headed }) {
    const rows = parts.map((row, at) => element("tr", {}, ...row.map((cell) => {
      const shown = this.#piece(headed && at === 0 ? "th" : "td", cell);
      if (headed && at === 0) shown.scope = "col";
      return shown;
    })));
    return element("div", { className: "panel-table", role: "region", tabIndex: 0, "aria-label": texts.table },
      element("table", {}, element("tbody", {}, ...rows)));
  }

  #code(block) {
    const shown = this.#piece("code", block);
    return element("pre", { className: "panel-code" }, shown);
  }

  #item(line) {
    const item = this.#piece("li", line);
    const depth = /^ */.exec(item.textContent)[0].length / 2;
    if (depth) item.style.marginInlineStart = `${Math.min(depth, 6) * 1.2}em`;
    return item;
  }

  #piece(name, { start, end, bullet }) {
    // As long as it was, for the offsets.
    const plain = (from, to) => harmless(this.text.slice(from, to), "\u200b");
    const shown = document.createElement(name);
    let at = start;
    // Not shown, but there, for the offsets.
    if (bullet) shown.append(element("span", { className: "panel-bullet", textContent: plain(at, (at += bullet)) }));
    for (const link of this.#linksIn(start, end)) {
      shown.append(plain(at, link.start), linked(plain(link.start, link.end), link.target));
      at = link.end;
    }
    shown.append(document.createTextNode(plain(at, end)));
    this.pieces.push({ start, end, shown });
    return shown;
  }

  // Pieces come in the order of the text, and so do links.
  #linksIn(start, end) {
    while (this.next < this.links.length && this.links[this.next].start < start) this.next += 1;
    const found = [];
    while (this.next < this.links.length && this.links[this.next].end <= end) found.push(this.links[this.next++]);
    return found;
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
      // A quote may begin or end within a link, which is then two.
      mark.append(range.extractContents());
      range.insertNode(mark);
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

// Only what may be followed: the server says so, and so does this.
function linked(words, target) {
  if (target.startsWith("#source:")) return element("a", { href: target, className: "within", textContent: words });
  if (!/^(https?|mailto):/i.test(target)) return words;
  return element("a", { href: target, className: "out", target: "_blank", rel: "noopener", textContent: words });
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
