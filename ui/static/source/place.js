// Where in its file a footnote is: page, slide, or sheet and rows; and how well it was read from a scan.

import { say, texts } from "../bridge.js";

const HARD_TO_READ = 0.8; // below it, as in qa.hard_to_read

export function placeIn({ page, slide, sheet, rows, recognised }) {
  const [first, last] = rows ?? [];
  const parts = [
    page && say(texts.panel_page, { page }),
    slide && say(texts.slide, { number: slide }),
    sheet && say(texts.sheet, { name: sheet }),
    rows && say(first === last ? texts.row : texts.rows, { rows: first === last ? first : `${first}–${last}` }),
    recognised != null && say(recognised < HARD_TO_READ ? texts.scan_unsure : texts.scan,
      { percent: Math.round(100 * recognised) }),
  ];
  const told = parts.filter(Boolean).join(", ");
  return told && told[0].toUpperCase() + told.slice(1);
}
