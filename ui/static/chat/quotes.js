// The quote behind a marker, beside it while the pointer or the focus is there. Escape puts it away.

import { element } from "../bridge.js";
import { inItsWords } from "../source/document_blocks.js";
import { placeIn } from "../source/place.js";

const ID = "marker-quote";
// Long enough to go from a marker to its quote, short enough to be out of the way.
const MILLISECONDS = 180;
const LONGEST = 600;

let shown = null; // the marker whose quote is shown
let timer = 0;
const box = element("div", { id: ID, role: "tooltip", hidden: true });

// `citedBy(marker)` gives its footnote.
export function showQuotes(citedBy) {
  document.body.append(box);
  const markerOf = ({ target }) => target.closest?.("#conversation a.cite");
  for (const kind of ["pointerover", "focusin"]) {
    document.addEventListener(kind, (event) => {
      const marker = markerOf(event);
      // A finger that presses a marker wants the source; so does a reader who came back from it.
      if (event.pointerType === "touch") return;
      if (marker && (kind !== "focusin" || marker.matches(":focus-visible"))) show(marker, citedBy(marker));
      else if (box.contains(event.target)) clearTimeout(timer);
      else if (shown) hideSoon();
    });
  }
  document.addEventListener("focusout", (event) => markerOf(event) && hideSoon());
  document.addEventListener("click", hide, true);
  document.addEventListener("scroll", hide, { capture: true, passive: true });
  // Along with whatever else Escape closes: who wants the panel gone has no use for the quote.
  window.addEventListener("keydown", (event) => {
    if (event.key === "Escape") hide();
  }, true);
}

function show(marker, cited) {
  clearTimeout(timer);
  if (!cited || shown === marker) return;
  hide();
  shown = marker;
  const { title, source } = cited;
  const quote = inItsWords(cited.quote);
  const where = [title || source, placeIn(cited)].filter(Boolean).join(" · ");
  const words = quote.length > LONGEST ? `${quote.slice(0, LONGEST).trimEnd()} …` : quote;
  box.replaceChildren(element("p", { textContent: words }),
    element("p", { className: "of", textContent: where }));
  box.hidden = false;
  marker.setAttribute("aria-describedby", ID);
  place(marker);
}

// Above the marker where there is room, else below; never beyond the window.
function place(marker) {
  const { left, top, bottom } = marker.getBoundingClientRect();
  const room = document.documentElement.clientWidth - box.offsetWidth - 8;
  box.style.left = `${Math.max(8, Math.min(left - 24, room))}px`;
  const above = top - box.offsetHeight - 6;
  box.style.top = `${above > 8 ? above : bottom + 6}px`;
}

function hideSoon() {
  clearTimeout(timer);
  timer = setTimeout(hide, MILLISECONDS);
}

function hide() {
  clearTimeout(timer);
  shown?.removeAttribute("aria-describedby");
  shown = null;
  box.hidden = true;
}
