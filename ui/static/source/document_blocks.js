// What an author set apart in a document, in the order of its text: every letter is in one leaf.

const BULLET = /^\s*[-–•*]\s+/;

// {kind, start, end, …} of the text between the edges of the blocks, in units. Of a leaf within a
// list, `list` is the outermost one, `inner` the innermost, and `depth` counts them; `begins` says
// that an item begins with it, `bullet` is the length of a bullet that nobody needs. The kind is empty
// where no block holds the text.
export function* leavesOf(text, blocks) {
  const only = onlyItems(blocks);
  const open = [];
  const begun = new Set();
  let at = 0;
  function* upTo(stop) {
    const [start, end] = trimmed(text, at, stop);
    at = Math.max(at, stop);
    if (start >= end) return;
    yield leaf(blocks, open, begun, start, end, bulletOf(text, start, end, only.has(open.at(-1))));
    begun.add(open.at(-1));
  }
  for (const [place, block] of blocks.entries()) {
    while (open.length && blocks[open.at(-1)].end <= block.start) {
      yield* upTo(blocks[open.at(-1)].end);
      open.pop();
    }
    yield* upTo(block.start);
    open.push(place);
  }
  while (open.length) {
    yield* upTo(blocks[open.at(-1)].end);
    open.pop();
  }
  yield* upTo(text.length);
}

function leaf(blocks, open, begun, start, end, bullet) {
  const block = blocks[open.at(-1)];
  if (!block) return { kind: "", start, end };
  const of = (kind) => open.filter((place) => blocks[place].kind === kind);
  const lists = of("list");
  const begins = block.kind === "item" && !begun.has(open.at(-1));
  const alone = ["heading", "row", "code", "question"].includes(block.kind) || begins;
  return {
    kind: alone ? block.kind : "paragraph", start, end, begins, level: block.level, bullet: begins ? bullet : 0,
    ordered: /[\da-z]/i.test(block.marker), note: of("note").length > 0,
    list: lists[0] ?? -1, inner: lists.at(-1) ?? -1, depth: lists.length, table: of("table").at(-1) ?? -1,
  };
}

// The items that are all of an outermost list, such as the only line above a file.
function onlyItems(blocks) {
  const lists = new Map(); // the items of each list
  const open = [];
  for (const [place, block] of blocks.entries()) {
    while (open.length && blocks[open.at(-1)].end <= block.start) open.pop();
    if (block.kind === "item" && open.filter((one) => blocks[one].kind === "list").length === 1) {
      lists.set(open.at(-1), [...(lists.get(open.at(-1)) ?? []), place].slice(0, 2));
    }
    open.push(place);
  }
  return new Set([...lists.values()].filter((items) => items.length === 1).flat());
}

function bulletOf(text, start, end, only) {
  return only ? BULLET.exec(text.slice(start, end))?.[0].length ?? 0 : 0;
}

// A quote of one item without its bullet, which is a mark of the list.
export function inItsWords(quote) {
  return /\n\s*[-–•*]\s/.test(quote) ? quote : quote.replace(BULLET, "");
}

// Without the line ends and blanks at both ends, but with the indentation of the first line.
function trimmed(text, start, end) {
  while (end > start && /\s/.test(text[end - 1])) end -= 1;
  let first = start;
  while (first < end && /\s/.test(text[first])) first += 1;
  const line = text.lastIndexOf("\n", first - 1) + 1;
  return [Math.max(start, line), end];
}
