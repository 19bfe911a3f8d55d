// What an author set apart in a document, in the order of its text: every letter is in one leaf.

// {kind, start, end, …} of the text between the edges of the blocks, in units. Of a leaf within a
// list, `list` is the outermost one, `inner` the innermost, and `depth` counts them; `begins` says
// that an item begins with it. The kind is empty where no block holds the text.
export function* leavesOf(text, blocks) {
  const open = [];
  const begun = new Set();
  let at = 0;
  function* upTo(stop) {
    const [start, end] = trimmed(text, at, stop);
    at = Math.max(at, stop);
    if (start >= end) return;
    yield leaf(blocks, open, begun, start, end);
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

function leaf(blocks, open, begun, start, end) {
  const block = blocks[open.at(-1)];
  if (!block) return { kind: "", start, end };
  const of = (kind) => open.filter((place) => blocks[place].kind === kind);
  const lists = of("list");
  const begins = block.kind === "item" && !begun.has(open.at(-1));
  const alone = ["heading", "row", "code", "question"].includes(block.kind) || begins;
  return {
    kind: alone ? block.kind : "paragraph", start, end, begins, level: block.level,
    ordered: /[\da-z]/i.test(block.marker), note: of("note").length > 0,
    list: lists[0] ?? -1, inner: lists.at(-1) ?? -1, depth: lists.length, table: of("table").at(-1) ?? -1,
  };
}

// Without the line ends and blanks at both ends, but with the indentation of the first line.
function trimmed(text, start, end) {
  while (end > start && /\s/.test(text[end - 1])) end -= 1;
  let first = start;
  while (first < end && /\s/.test(text[first])) first += 1;
  const line = text.lastIndexOf("\n", first - 1) + 1;
  return [Math.max(start, line), end];
}
