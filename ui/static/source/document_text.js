// A document's text, cut into what is shown of it: headings, paragraphs, lists, tables, pages.
// Nothing is left out but the line ends between blocks, so that every offset has its place.

import { leavesOf } from "./document_blocks.js";

const LONGEST_RUN = 3000;
const LONGEST_LINE = 20_000;
const ITEM = /^\s*(?:[-–•*]|\d{1,3}[.)])\s/;
const CELL_SEPARATOR = " | ";

// The server counts characters as Python does; here an emoji has the length of two.
export function unitsOf(text) {
  const wide = [];
  let before = 0;
  for (const found of text.matchAll(/[\ud800-\udbff][\udc00-\udfff]/g)) {
    wide.push(found.index - before);
    before += 1;
  }
  return (offset) => offset + firstAtLeast(wide, offset);
}

// How many of the sorted numbers are below this one.
function firstAtLeast(numbers, wanted) {
  let low = 0;
  let high = numbers.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (numbers[middle] < wanted) low = middle + 1;
    else high = middle;
  }
  return low;
}

// {kind, start, end, …} in the order of the text; all that is given counts as `text` does. Where
// nobody told the blocks, they are guessed.
export function* blocksOf(text, pages, headings, blocks = []) {
  const cuts = cutsOf(text, pages, blocks.length ? [] : headings);
  if (blocks.length) yield* authored(text, cuts, blocks);
  else yield* guessed(text, cuts, 0, text.length);
}

function* guessed(text, cuts, from, to) {
  let next = 0;
  for (const run of runsOf(text, from, to)) {
    let { start } = run;
    for (; next < cuts.length && cuts[next].at < run.end; next += 1) {
      const cut = cuts[next];
      if (cut.at < start) continue;
      yield* plain(text, start, cut.at);
      start = cut.at;
      if (cut.page) yield { kind: "page", start, end: start, page: cut.page };
      else {
        yield { kind: "heading", start, end: cut.end, level: cut.level };
        start = cut.end;
      }
    }
    yield* plain(text, start, run.end);
  }
}

// Neighbours of one list or table are shown as one, but for what would be laid out whole.
function* authored(text, pages, blocks) {
  let group = null;
  let next = 0;
  for (const leaf of leavesOf(text, blocks)) {
    const kind = leaf.list >= 0 ? "list" : leaf.kind === "row" ? "table" : "";
    const id = kind === "list" ? leaf.list : leaf.table;
    const turns = next < pages.length && pages[next].at <= leaf.start;
    const same = kind !== "" && group?.kind === kind && group.id === id;
    if (group && (turns || !same || leaf.start - group.start > LONGEST_RUN)) {
      yield group;
      if (!same) group = null;
    }
    for (; next < pages.length && pages[next].at <= leaf.start; next += 1) {
      yield { kind: "page", start: leaf.start, end: leaf.start, page: pages[next].page };
    }
    if (kind) {
      const part = kind === "table" ? cellsOf(text, leaf) : leaf;
      if (group && same && !turns && leaf.start - group.start <= LONGEST_RUN) group.parts.push(part);
      else group = { kind, id, parts: [part], start: leaf.start, continued: same, headed: leaf.level === 1 };
      group.end = leaf.end;
    } else if (leaf.kind === "heading") yield leaf;
    else {
      const inside = pages.slice(next).filter((page) => page.at < leaf.end);
      next += inside.length;
      yield* alone(text, leaf, inside);
    }
  }
  if (group) yield group;
}

// A leaf that is no part of a list or table; pages may begin within it.
function* alone(text, { kind, start, end, note }, pages) {
  if (!kind) return yield* guessed(text, pages, start, end);
  const shown = kind === "paragraph" && columns(text, start, end) ? "verbatim" : kind;
  for (const { at, page } of pages) {
    for (const part of short(text, shown, start, at)) yield { ...part, note };
    yield { kind: "page", start: at, end: at, page };
    start = at;
  }
  for (const part of short(text, shown, start, end)) yield { ...part, note };
}

// Stretches between blank lines. No pattern: one over megabytes runs out of the browser's stack.
function* runsOf(text, from, to) {
  let start = skipLineEnds(text, from);
  while (start < to) {
    const found = text.indexOf("\n\n", start);
    const end = found < 0 || found > to ? to : found;
    yield { start, end };
    start = skipLineEnds(text, end);
  }
}

function cutsOf(text, pages, headings) {
  // One page is no news; pages without text are told by the next one that has some.
  const starts = pages.length > 1 ? pages : [];
  const cuts = starts.map((at, index) => ({ at: skipLineEnds(text, at), page: index + 1 }))
    .filter((cut, index, all) => all[index + 1]?.at !== cut.at);
  for (const { start, level, text: line } of headings) {
    if (text.startsWith(line, start)) cuts.push({ at: start, end: start + line.length, level });
  }
  return cuts.sort((one, other) => one.at - other.at || (one.page ? -1 : 1));
}

function skipLineEnds(text, at) {
  while (text[at] === "\n") at += 1;
  return at;
}

function* plain(text, start, end) {
  while (start < end && text[start] === "\n") start += 1;
  while (end > start && text[end - 1] === "\n") end -= 1;
  if (start >= end) return;
  const lines = linesOf(text, start, end);
  const table = tableOf(text, lines);
  if (table) yield* grouped("table", table, (row) => [row[0].start, row.at(-1).end]);
  else if (lines.every((line) => ITEM.test(text.slice(line.start, line.end)))) {
    yield* grouped("list", lines, (line) => [line.start, line.end]);
  } else {
    yield* short(text, columns(text, start, end) ? "verbatim" : "paragraph", start, end);
  }
}

// Whether spaces put words where they are.
function columns(text, start, end) {
  return /\S {3,}\S|^ {2,}\S/m.test(text.slice(start, end));
}

// One list or table of a megabyte would be laid out whole, however little of it is in sight.
function* grouped(kind, parts, range) {
  let group = [];
  let continued = false;
  for (const part of parts) {
    const [, end] = range(part);
    group.push(part);
    if (end - range(group[0])[0] < LONGEST_RUN) continue;
    yield { kind, parts: group, start: range(group[0])[0], end, continued };
    group = [];
    continued = true;
  }
  if (group.length) {
    yield { kind, parts: group, start: range(group[0])[0], end: range(group.at(-1))[1], continued };
  }
}

// And so would a log without blank lines, as one paragraph.
function* short(text, kind, start, end) {
  let continued = false;
  while (end - start > LONGEST_RUN) {
    const line = text.lastIndexOf("\n", start + LONGEST_RUN);
    const space = end - start > LONGEST_LINE ? text.lastIndexOf(" ", start + LONGEST_RUN) : -1;
    const at = line > start ? line : space;
    if (at <= start) break;
    yield { kind, start, end: at, continued };
    start = at + 1;
    continued = true;
  }
  yield { kind, start, end, continued };
}

function linesOf(text, start, end) {
  const lines = [];
  while (start < end) {
    const found = text.indexOf("\n", start);
    const stop = found < 0 || found > end ? end : found;
    if (stop > start) lines.push({ start, end: stop });
    start = stop + 1;
  }
  return lines;
}

// Cells by row, where every line has the same number of them; else nothing.
function tableOf(text, lines) {
  if (lines.length < 2) return null;
  const rows = [];
  for (const line of lines) {
    const cells = cellsOf(text, line);
    if (cells.length < 2 || cells.length !== (rows[0] ?? cells).length) return null;
    rows.push(cells);
  }
  return rows;
}

function cellsOf(text, { start, end }) {
  const cells = [];
  for (const cell of text.slice(start, end).split(CELL_SEPARATOR)) {
    cells.push({ start, end: start + cell.length });
    start += cell.length + CELL_SEPARATOR.length;
  }
  return cells;
}

// Every place where these words stand, whatever space is between them: [[start, end], …].
export function placesOf(text, words, { anyCase = false } = {}) {
  const parts = words.split(/\s+/).filter(Boolean);
  if (!parts.length) return [];
  const pattern = parts.map((part) => part.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&")).join("\\s+");
  const found = text.matchAll(new RegExp(pattern, anyCase ? "giu" : "gu"));
  return Array.from(found, (one) => [one.index, one.index + one[0].length]);
}
