// The source panel: the whole document behind a footnote, its quote marked, as text or page by page
// as it looks. It stands beside the conversation, and over it as a sheet where there is no room for
// both.

import { announce, button, element, harmless, say, texts } from "../bridge.js";
import { inItsWords } from "./document_blocks.js";
import { DocumentSearch } from "./document_search.js";
import { placesOf } from "./document_text.js";
import { DocumentView } from "./document_view.js";
import { PageView } from "./page_view.js";
import { edgeOf } from "./panel_width.js";
import { placeIn } from "./place.js";
import { ViewChoice } from "./view_choice.js";

const KEPT_DOCUMENTS = 12;
const wide = matchMedia("(min-width: 62rem)");
const still = matchMedia("(prefers-reduced-motion: reduce)");

class Panel {
  constructor() {
    this.documents = new Map(); // by conversation and source: {reply, original, view}
    this.shown = null; // the footnote: the detail of "footnote:open"
    this.view = null;
    this.loading = null;
    this.search = new DocumentSearch((range) => this.#bring(range));
    this.leaf = new PageView((page) => this.#turned(page));
    this.choice = new ViewChoice(() => this.shown && this.view && this.#show(this.held, this.shown, false));
    this.#build();
    document.addEventListener("footnote:open", (event) => this.open(event.detail));
    document.addEventListener("keydown", (event) => this.#pressed(event));
    wide.addEventListener("change", () => this.shown && this.#stand());
  }

  async open(footnote) {
    this.shown?.opener?.classList.remove("open");
    this.shown = footnote;
    footnote.opener?.classList.add("open");
    this.#head(footnote);
    if (this.element.hidden) {
      this.element.hidden = false;
      document.body.classList.add("panel-open");
      tell(true);
    }
    this.#stand();
    await this.#load(footnote);
  }

  close() {
    if (!this.shown) return;
    const { opener } = this.shown;
    this.loading?.abort();
    this.shown = null;
    this.element.hidden = true;
    this.#stand();
    document.body.classList.remove("panel-open");
    opener?.classList.remove("open");
    focusAgain(opener);
    tell(false);
  }

  // The parts, once

  #build() {
    this.title = element("h2", { id: "panel-title", tabIndex: -1 });
    this.path = element("p", { className: "panel-path" });
    this.place = element("p", { className: "panel-place" });
    this.original = element("a", { className: "panel-original", target: "_blank",
      rel: "noopener", textContent: texts.panel_open_original });
    this.track = element("div", { className: "panel-track", "aria-hidden": "true" }, element("i"));
    this.told = element("div", { className: "panel-told" });
    this.body = element("div", { className: "panel-body", tabIndex: 0, role: "region",
      "aria-label": texts.panel_label });
    this.back = button(texts.panel_back, () => this.#toQuote(), { className: "panel-back", hidden: true });
    const close = button("×", () => this.close(), { className: "panel-icon panel-close",
      "aria-label": texts.panel_close, title: texts.panel_close });
    this.element = element("section", { id: "panel", hidden: true, "aria-labelledby": "panel-title" },
      edgeOf(() => this.element.offsetWidth),
      element("header", {},
        element("div", { className: "panel-top" }, this.title, close),
        element("div", { className: "panel-file" }, this.path, this.original),
        this.place,
        element("div", { className: "panel-tools" }, this.choice.element, this.search.element, this.leaf.tools)),
      this.track, this.body, this.back);
    this.shade = element("div", { className: "panel-shade", onclick: () => this.close() });
    this.sight = new IntersectionObserver((changes) => this.#look(changes), { root: this.body });
    document.body.append(this.shade, this.element);
  }

  // The way back to the quote is offered while no part of it can be seen.
  #look(changes) {
    for (const { target, isIntersecting } of changes) target.classList.toggle("seen", isIntersecting);
    const marks = this.#marks();
    this.back.hidden = !marks.length || marks.some((mark) => mark.classList.contains("seen"));
  }

  #marks() {
    return (this.paged ? this.leaf : this.view)?.marks ?? [];
  }

  // Beside the conversation it is one part of the page; over it, it is all there is.
  #stand() {
    const over = Boolean(this.shown) && !wide.matches;
    this.element.setAttribute("role", over ? "dialog" : "complementary");
    if (over) this.element.setAttribute("aria-modal", "true");
    else this.element.removeAttribute("aria-modal");
    document.documentElement.classList.toggle("panel-over", over);
    for (const other of document.body.children) {
      if (![this.element, this.shade].includes(other) && !other.matches("[aria-live], script, style")) {
        other.inert = over;
      }
    }
  }

  #head(footnote) {
    const { source, title, heading, slide, sheet } = footnote;
    const above = (heading || "").split(" > ").map((line) => (slide ? line.replace(`Slide ${slide}`, "").replace(/^: /, "") : line))
      .filter((line) => line && line !== title && line !== sheet);
    this.title.textContent = harmless(title || source);
    this.path.textContent = harmless(source);
    this.place.replaceChildren(...[placeIn(footnote), ...above].filter(Boolean)
      .map((part) => element("span", { textContent: part })));
    this.original.hidden = true;
  }

  // The document: loading it, showing it, saying why not

  async #load(footnote, { anew = false } = {}) {
    const key = JSON.stringify([footnote.conversation, footnote.source]);
    this.loading?.abort();
    const kept = anew ? null : this.documents.get(key);
    if (kept) {
      this.documents.delete(key); // and set again: the one used last is the last to go
      this.documents.set(key, kept);
      this.#show(kept, footnote, true);
      return;
    }
    this.#wait();
    this.loading = new AbortController();
    const { signal } = this.loading;
    try {
      const held = await fetched(footnote, signal);
      this.documents.set(key, held);
      if (this.documents.size > KEPT_DOCUMENTS) this.documents.delete(this.documents.keys().next().value);
      if (this.shown === footnote) this.#show(held, footnote, false);
    } catch (error) {
      if (this.shown === footnote && !signal.aborted) this.#fail(error, footnote);
    }
  }

  #wait() {
    this.#clear();
    const lines = Array.from({ length: 9 }, () => element("i"));
    this.body.setAttribute("aria-busy", "true");
    this.body.replaceChildren(element("p", { className: "unseen", textContent: texts.panel_loading }),
      element("div", { className: "panel-waiting", "aria-hidden": "true" }, ...lines));
    this.title.focus({ preventScroll: true });
    announce(texts.panel_loading);
  }

  #show(held, footnote, kept) {
    const { view, original } = held;
    const place = placeOf(view, footnote);
    // What was kept may be older than the answer.
    if (kept && place.note) return this.#load(footnote, { anew: true });
    if (this.view !== view) {
      this.#clear();
      this.view = view;
      this.body.replaceChildren(this.told, this.leaf.element, view.element);
      this.search.look(view);
    }
    this.held = held;
    this.original.hidden = !original;
    if (original) this.original.href = original + pageOf(footnote);
    this.#note(place, footnote);
    this.choice.offer(Boolean(held.addresses.page));
    if (this.choice.page) this.#draw(held, place, footnote);
    else this.#write(place);
  }

  #write(place) {
    this.#stage(false);
    this.#point(place);
  }

  // The page that the quote is on; the text where it cannot be drawn, as of a file that has changed.
  async #draw(held, place, footnote) {
    const { start, end } = place;
    const { view } = held;
    const range = end > start ? [start, end].map((at) => view.characters(at)) : null;
    const page = view.pageAt(range?.[0] ?? footnote.start ?? 0);
    this.view.unmark();
    this.#stage(true);
    try {
      await this.leaf.open({ ...held, page, range, scan: footnote.recognised != null,
        title: this.title.textContent, quote: quoteOf(footnote) && range ? view.text.slice(start, end) : "" });
      if (this.shown !== footnote || !this.paged) return;
      this.body.removeAttribute("aria-busy");
      this.#toQuote({ smooth: false });
      announce([place.note, range && texts.panel_quote, say(texts.panel_page, { page: this.leaf.page })]
        .filter(Boolean).join(". "));
    } catch (error) {
      if (this.shown !== footnote || error.name === "AbortError") return;
      this.choice.offer(false);
      this.#write(place);
    }
  }

  // Makes room for the page, or for the text.
  #stage(paged) {
    this.leaf.close();
    this.paged = paged;
    this.view.element.hidden = paged;
    this.search.element.hidden = paged;
    this.leaf.tools.hidden = !paged;
    this.track.hidden = true;
    this.back.hidden = true;
    this.sight.disconnect();
    if (paged) this.body.setAttribute("aria-busy", "true");
    else this.body.removeAttribute("aria-busy");
  }

  #turned(page) {
    if (!this.paged) return;
    if (this.held.original) this.original.href = `${this.held.original}#page=${page}`;
    this.sight.disconnect();
    for (const mark of this.leaf.marks) this.sight.observe(mark);
    this.back.hidden = Boolean(this.leaf.marks.length) || !this.leaf.found.length;
    if (this.leaf.marks.length) requestAnimationFrame(() => this.#bring(around(this.leaf.marks)));
    else this.body.scrollTop = 0;
  }

  #note({ note, start }, footnote) {
    this.told.replaceChildren();
    if (!note) return;
    const quote = start === undefined ? quotation(footnote) : [];
    if (start === undefined && !quote.length) note = note.replace(/\s*:$/, ".");
    this.told.append(element("p", { textContent: note }), ...quote);
  }

  // Marks the quote, tells where in the document it is, and goes there.
  #point({ start, end, note }) {
    this.sight.disconnect();
    this.track.hidden = start === undefined;
    this.back.hidden = true;
    const mark = start === undefined ? null : this.view.mark(start, end);
    if (!mark) {
      this.view.unmark();
      this.body.scrollTop = 0;
      this.title.focus({ preventScroll: true });
      return announce(note ?? "");
    }
    const percent = Math.round((start / Math.max(1, this.view.text.length)) * 100);
    this.track.style.setProperty("--from", `${(start / this.view.text.length) * 100}%`);
    this.track.style.setProperty("--size", `${((end - start) / this.view.text.length) * 100}%`);
    this.track.title = say(texts.panel_position, { percent });
    for (const part of this.view.marks) this.sight.observe(part);
    this.#toQuote({ smooth: false });
    announce([note, texts.panel_quote, this.track.title].filter(Boolean).join(". "));
  }

  async #toQuote({ smooth = true } = {}) {
    if (this.paged) {
      await this.leaf.back();
      if (this.leaf.marks.length) this.#bring(around(this.leaf.marks), { smooth });
      return this.leaf.sheet.focus({ preventScroll: true });
    }
    const [first] = this.view.marks;
    const range = document.createRange();
    range.setStartBefore(first);
    range.setEndAfter(this.view.marks.at(-1));
    this.#bring(range, { smooth });
    first.focus({ preventScroll: true });
  }

  // To the middle; sections that come into sight on the way may turn out higher than was guessed.
  #bring(range, { smooth = false, again = 3 } = {}) {
    const seen = this.body.getBoundingClientRect();
    const { top, height } = range.getBoundingClientRect();
    const above = height < seen.height * 0.8 ? (seen.height - height) / 2 : seen.height * 0.1;
    const by = top - seen.top - above;
    if (Math.abs(by) < 1) return;
    const near = Math.abs(by) < seen.height * 3;
    this.body.scrollBy({ top: by, behavior: smooth && near && !still.matches ? "smooth" : "instant" });
    if (again && !(smooth && near)) requestAnimationFrame(() => this.#bring(range, { again: again - 1 }));
  }

  #fail(error, footnote) {
    const gone = error.status === 404;
    this.#clear();
    this.body.removeAttribute("aria-busy");
    const sentence = gone ? texts.panel_gone : texts.panel_failed;
    const retry = button(texts.panel_retry, () => this.#load(footnote, { anew: true }), { className: "panel-retry" });
    this.told.replaceChildren(element("p", { textContent: sentence }), ...quotation(footnote), retry);
    this.body.replaceChildren(this.told);
    retry.focus();
    announce(sentence);
  }

  #clear() {
    this.view?.unmark();
    this.view = null;
    this.leaf.close();
    this.sight.disconnect();
    this.back.hidden = true;
    this.track.hidden = true;
    this.search.look(null);
  }

  // The keyboard

  #pressed(event) {
    if (!this.shown || event.defaultPrevented || document.querySelector("dialog[open]")) return;
    if (event.key === "Escape") {
      const typing = event.target.matches?.("input, textarea") && !this.element.contains(event.target);
      if (!typing) this.close();
    } else if (event.key === "Tab" && !wide.matches) this.#turn(event);
  }

  // Within the sheet, the last stop is followed by the first.
  #turn(event) {
    const stops = [...this.element.querySelectorAll("button, a[href], input, [tabindex='0']")]
      .filter((stop) => !stop.disabled && stop.offsetParent);
    const [first, last] = [stops[0], stops.at(-1)];
    const at = document.activeElement;
    const inside = this.element.contains(at);
    if (event.shiftKey ? at === first || !inside : at === last || !inside) {
      event.preventDefault();
      (event.shiftKey ? last : first).focus();
    }
  }
}

async function fetched({ source, conversation }, signal) {
  const asked = new URL("../../api/source", import.meta.url);
  asked.search = new URLSearchParams({ source, conversation: conversation ?? "" });
  const reply = await fetch(asked, { signal, headers: { Accept: "application/json" } });
  if (!reply.ok) throw Object.assign(new Error(reply.statusText), { status: reply.status });
  const held = await reply.json();
  const full = (address) => (address ? new URL(address, reply.url).href : null);
  const addresses = { page: full(held.page), marks: full(held.marks) };
  return { original: full(held.original), addresses, pages: held.pages.length, view: new DocumentView(held) };
}

// Several elements, to be brought into sight together.
function around(elements) {
  return {
    getBoundingClientRect() {
      const boxes = elements.map((one) => one.getBoundingClientRect());
      const top = Math.min(...boxes.map((box) => box.top));
      return { top, height: Math.max(...boxes.map((box) => box.bottom)) - top };
    },
  };
}

function pageOf({ source, page }) {
  return page && /\.pdf$/i.test(source) ? `#page=${page}` : "";
}

function quoteOf(footnote) {
  return footnote.quote ?? footnote.text ?? "";
}

// The quote, where its document does not show it. The words of a link are those of whoever made it,
// and are not shown as a document's.
function quotation(footnote) {
  const quote = footnote.linked ? "" : quoteOf(footnote);
  return quote ? [element("blockquote", { textContent: inItsWords(quote) })] : [];
}

// Where the quote is, in units of the text, and what there is to say about that. A wrong place is
// never marked: where the text is not the one that was quoted, the quote is looked for.
function placeOf(view, footnote) {
  const [start, end] = [view.units(footnote.start), view.units(footnote.end)];
  const quote = quoteOf(footnote);
  // A link leads to a heading, or to the document.
  if (!quote) return end > start ? { start, end } : {};
  if (view.text.slice(start, end) === quote) return { start, end };
  const places = placesOf(view.text, quote);
  if (places.length === 1) {
    return { start: places[0][0], end: places[0][1], note: texts.panel_changed_moved };
  }
  return { note: places.length ? texts.panel_changed_several : texts.panel_changed_lost };
}

// An answer that was drawn again since has another link in the place of the one that was pressed.
function focusAgain(opener) {
  const link = opener?.getAttribute?.("href");
  const now = opener?.isConnected ? opener : link && document.querySelector(`a[href="${CSS.escape(link)}"]`);
  (now || document.querySelector("#question textarea"))?.focus();
}

function tell(open) {
  document.dispatchEvent(new CustomEvent("footnote:panel", { detail: { open } }));
}

new Panel();
