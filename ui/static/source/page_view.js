// A page of a PDF or an image as it looks, with the quote marked on it: other pages and sizes on demand.

import { button, element, harmless, say, texts } from "../bridge.js";

const WIDTHS = [600, 900, 1200, 1800, 2400]; // in which the server draws
const SIZES = [1, 1.5, 2, 3]; // of the panel's width
const MARGIN = 16; // points beside a quote that is wider than the panel
const SETTLED = 200; // milliseconds after which a panel that is being widened is drawn for

export class PageView {
  // `turned(page)` is called when another page or size is shown.
  constructor(turned) {
    this.turned = turned;
    this.marks = []; // the elements on the page that is shown
    this.size = 0;
    this.sheet = element("div", { className: "panel-sheet", tabIndex: -1 });
    this.words = element("blockquote");
    this.caption = element("figcaption", {},
      element("span", { textContent: texts.panel_quote }), this.words);
    this.element = element("figure", { className: "panel-leaf", hidden: true },
      (this.frame = element("div", { className: "panel-frame", tabIndex: -1, role: "group",
        "aria-label": texts.panel_as_page }, this.sheet)), this.caption);
    this.count = element("span", { className: "panel-number", role: "status" });
    const icon = (label, sign, press) =>
      button(sign, press, { className: "panel-icon", "aria-label": label, title: label });
    this.before = icon(texts.panel_page_before, "‹", () => this.#turn(-1));
    this.after = icon(texts.panel_page_after, "›", () => this.#turn(1));
    this.smaller = icon(texts.panel_smaller, "−", () => this.#resize(-1));
    this.larger = icon(texts.panel_larger, "+", () => this.#resize(1));
    this.tools = element("div", { className: "panel-turning", role: "group",
      "aria-label": texts.panel_as_page }, this.before, this.count, this.after, this.smaller, this.larger);
    new ResizeObserver(() => this.#widened()).observe(this.element);
  }

  // Shows the first page of a quote; an error where the server draws none, or does not find it.
  // The words of a scan take seconds to find: its page is shown before they are marked.
  async open({ addresses, pages, page, title, quote, range, scan }) {
    const opening = (this.opening = new AbortController());
    this.addresses = addresses;
    this.pages = pages;
    this.title = title;
    this.words.textContent = quote;
    this.caption.hidden = !quote;
    this.found = [];
    if (range) {
      if (scan) await this.show(page ?? 1, opening.signal);
      this.sheet.setAttribute("aria-busy", "true");
      const found = await placesOf(addresses.marks, range, opening.signal);
      opening.signal.throwIfAborted();
      this.found = found;
    }
    await this.show(this.found[0]?.page ?? page ?? 1, opening.signal);
  }

  close() {
    this.opening?.abort();
    this.element.hidden = true;
  }

  // Whether a page has a part of the quote.
  get quoted() {
    return this.found.find(({ page }) => page === this.page);
  }

  async show(page, signal = this.opening.signal) {
    const width = this.#width();
    this.sheet.setAttribute("aria-busy", "true");
    // Only what is there to be seen takes the place of what is seen.
    const image = element("img", { draggable: false });
    image.src = `${this.addresses.page}&${new URLSearchParams({ page, width })}`;
    await image.decode();
    signal.throwIfAborted();
    Object.assign(this, { page, width });
    image.alt = say(texts.panel_page_alt, { page, title: harmless(this.title) });
    this.marks = (this.quoted?.boxes ?? []).map(boxed);
    this.sheet.replaceChildren(image, ...this.marks);
    this.sheet.removeAttribute("aria-busy");
    this.count.textContent = say(texts.panel_count, { number: page, total: this.pages });
    this.element.hidden = false;
    this.#tell();
    this.#across();
    this.turned(page);
  }

  // To the page where the quote begins.
  async back() {
    const [first] = this.found;
    if (first && first.page !== this.page) await this.show(first.page);
  }

  #turn(by) {
    const page = (this.wanted?.busy ? this.wanted.page : this.page) + by;
    if (page < 1 || page > this.pages) return;
    const wanted = (this.wanted = { page, busy: true });
    this.show(page).catch(() => {}).finally(() => {
      wanted.busy = false;
      this.sheet.removeAttribute("aria-busy");
    });
  }

  #resize(by) {
    this.size = Math.max(0, Math.min(SIZES.length - 1, this.size + by));
    this.element.style.setProperty("--size", SIZES[this.size]);
    this.#tell();
    this.#across();
    this.turned(this.page);
    this.#widened();
  }

  // Of a page that is wider than the panel, the part with the quote.
  #across() {
    const [first] = this.marks;
    const left = Math.min(...this.marks.map((mark) => mark.offsetLeft));
    const right = Math.max(...this.marks.map((mark) => mark.offsetLeft + mark.offsetWidth));
    const spare = (this.frame.clientWidth - (right - left)) / 2;
    // All of it in the middle, or where it begins.
    this.frame.scrollLeft = !first ? 0 : spare > MARGIN ? left - spare : first.offsetLeft - MARGIN;
    // What is scrolled is reached with the keyboard, too.
    this.frame.tabIndex = this.size ? 0 : -1;
  }

  #tell() {
    this.before.disabled = this.page <= 1;
    this.after.disabled = this.page >= this.pages;
    this.smaller.disabled = this.size === 0;
    this.larger.disabled = this.size === SIZES.length - 1;
  }

  // The narrowest picture that has a point for each point of the screen.
  #width() {
    const shown = (this.element.clientWidth || this.element.parentElement?.clientWidth || 400) * SIZES[this.size];
    return WIDTHS.find((width) => width >= shown * devicePixelRatio) ?? WIDTHS.at(-1);
  }

  #widened() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      if (!this.element.hidden && this.#width() > this.width) this.show(this.page).catch(() => {});
    }, SETTLED);
  }
}

function boxed([left, top, right, bottom]) {
  const mark = element("span", { className: "panel-box", "aria-hidden": "true" });
  const percent = (part) => `${part * 100}%`;
  Object.assign(mark.style, { left: percent(left), top: percent(top),
    width: percent(right - left), height: percent(bottom - top) });
  return mark;
}

async function placesOf(address, [start, end], signal) {
  const reply = await fetch(`${address}&${new URLSearchParams({ start, end })}`, { signal });
  if (!reply.ok) throw new Error(reply.statusText);
  const { pages } = await reply.json();
  if (!pages.length) throw new Error("the quote is on no page");
  return pages;
}
