// The edge between conversation and panel, to be dragged or moved with the arrow keys.

import { element, texts } from "../bridge.js";

const KEPT = "footnote:panel-width";
const NARROWEST = 320;
const STEP = 32;

// `now` tells how wide the panel is.
export function edgeOf(now) {
  const edge = element("div", { className: "panel-edge", role: "separator", tabIndex: 0,
    "aria-orientation": "vertical", "aria-label": texts.panel_resize, "aria-valuemin": NARROWEST });
  const widest = () => Math.max(NARROWEST, Math.round(window.innerWidth * 0.6));

  function set(wanted) {
    const width = Math.round(Math.min(widest(), Math.max(NARROWEST, wanted)));
    document.documentElement.style.setProperty("--panel-width", `${width}px`);
    edge.setAttribute("aria-valuenow", width);
    edge.setAttribute("aria-valuemax", widest());
    return width;
  }

  edge.addEventListener("keydown", (event) => {
    const width = now();
    const wanted = { ArrowLeft: width + STEP, ArrowRight: width - STEP, Home: NARROWEST, End: widest() };
    if (!(event.key in wanted)) return;
    event.preventDefault();
    keep(set(wanted[event.key]));
  });
  edge.addEventListener("pointerdown", (event) => {
    event.preventDefault();
    edge.setPointerCapture(event.pointerId);
    edge.onpointermove = (moved) => keep(set(window.innerWidth - moved.clientX));
  });
  edge.addEventListener("lostpointercapture", () => (edge.onpointermove = null));
  set(kept() ?? 460);
  return edge;
}

// A frame on another site may be refused the browser's storage.
function keep(width) {
  try {
    localStorage.setItem(KEPT, String(width));
  } catch {
    // then it lasts as long as the page
  }
}

function kept() {
  try {
    return Number(localStorage.getItem(KEPT)) || null;
  } catch {
    return null;
  }
}
