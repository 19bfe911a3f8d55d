// Whether a document is shown page by page as it looks, or as text: for the next ones, too.

import { button, element, texts } from "../bridge.js";

const KEPT = "footnote:source-view";

export class ViewChoice {
  // `changed()` is called when the reader chose the other one.
  constructor(changed) {
    this.wanted = kept();
    const choice = (kind, label) => button(label, () => this.#choose(kind, changed), { className: "panel-choice" });
    this.buttons = { page: choice("page", texts.panel_as_page), text: choice("text", texts.panel_as_text) };
    this.element = element("div", { className: "panel-views", role: "group", hidden: true,
      "aria-label": texts.panel_view }, ...Object.values(this.buttons));
    this.#tell();
  }

  // Whether the document that is shown has pages that can be drawn.
  offer(there) {
    this.element.hidden = !there;
  }

  get page() {
    return !this.element.hidden && this.wanted === "page";
  }

  #choose(kind, changed) {
    if (kind === this.wanted) return;
    this.wanted = kind;
    keep(kind);
    this.#tell();
    changed();
    this.buttons[kind].focus();
  }

  #tell() {
    for (const [kind, one] of Object.entries(this.buttons)) {
      one.setAttribute("aria-pressed", String(kind === this.wanted));
    }
  }
}

// A frame on another site may be refused the browser's storage.
function keep(kind) {
  try {
    localStorage.setItem(KEPT, kind);
  } catch {
    // then it lasts as long as the page
  }
}

function kept() {
  try {
    return localStorage.getItem(KEPT) === "text" ? "text" : "page";
  } catch {
    return "page";
  }
}
