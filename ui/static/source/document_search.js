// Searching within the document that is shown.

import { button, element, say, texts } from "../bridge.js";
import { placesOf } from "./document_text.js";

// More highlights than this on either side of the current one make a browser slow.
const HIGHLIGHTED = 400;

export class DocumentSearch {
  // `show(range)` brings a place into sight.
  constructor(show) {
    this.show = show;
    this.view = null;
    this.places = [];
    this.at = -1;
    this.box = element("input", { type: "search", placeholder: texts.panel_search,
      "aria-label": texts.panel_search, autocomplete: "off", spellcheck: false });
    this.count = element("span", { className: "panel-count", role: "status" });
    this.back = button("↑", () => this.go(-1), iconed(texts.panel_previous));
    this.on = button("↓", () => this.go(1), iconed(texts.panel_next));
    this.element = element("form", { className: "panel-search", role: "search" },
      this.box, this.count, this.back, this.on);
    this.element.addEventListener("submit", (event) => event.preventDefault());
    this.box.addEventListener("input", () => this.find());
    this.box.addEventListener("keydown", (event) => this.#pressed(event));
    this.#tell();
  }

  // Looks in another document; what was searched for stays in the box.
  look(view) {
    this.view = view;
    this.box.disabled = !view;
    this.find({ quietly: true });
  }

  find({ quietly = false } = {}) {
    this.places = this.view ? placesOf(this.view.text, this.box.value, { anyCase: true }) : [];
    this.at = -1;
    if (this.places.length && !quietly) return this.go(1);
    this.#highlight();
    this.#tell();
  }

  go(step) {
    if (!this.places.length) return;
    const from = this.at < 0 && step < 0 ? 0 : this.at;
    this.at = (from + step + this.places.length) % this.places.length;
    this.#highlight();
    this.#tell();
    const range = this.view.range(...this.places[this.at]);
    if (range) this.show(range);
  }

  clear() {
    this.box.value = "";
    this.find();
  }

  #pressed(event) {
    if (event.isComposing) return;
    if (event.key === "Enter") {
      event.preventDefault();
      this.go(event.shiftKey ? -1 : 1);
    } else if (event.key === "Escape" && this.box.value) {
      event.preventDefault(); // the first press empties the box, the next one closes the panel
      event.stopPropagation();
      this.clear();
    }
  }

  #highlight() {
    if (!globalThis.CSS?.highlights) return;
    const from = Math.max(0, this.at - HIGHLIGHTED);
    const near = this.places.slice(from, Math.max(0, this.at) + HIGHLIGHTED);
    const ranges = near.map((place) => this.view.range(...place)).filter(Boolean);
    const current = this.at < 0 ? null : this.view.range(...this.places[this.at]);
    CSS.highlights.set("panel-found", new Highlight(...ranges));
    const now = new Highlight(...(current ? [current] : []));
    now.priority = 1;
    CSS.highlights.set("panel-current", now);
  }

  #tell() {
    const total = this.places.length;
    const asked = this.box.value.trim() !== "";
    this.count.textContent = !asked ? ""
      : total ? say(texts.panel_count, { number: Math.max(0, this.at) + 1, total })
        : texts.panel_no_match;
    this.element.classList.toggle("nothing", asked && !total);
    for (const arrow of [this.back, this.on]) arrow.disabled = !total;
  }
}

function iconed(label) {
  return { className: "panel-icon", "aria-label": label, title: label };
}
