// Footnote on any page: a button that opens the chat, or <footnote-chat> where it should stand.
(() => {
"use strict";
const script = document.currentScript;
if (customElements.get("footnote-chat")) return;

// What the server's settings say: a name, and by light an accent and what is written on it.
const BRAND = {};

const TEXTS = {
  en: {
    title: "Ask the documents",
    close: "Close",
    failed: "The chat is away, or may not be shown on this site.",
    retry: "Try again",
    link: "Open in a new window",
  },
  de: {
    title: "Die Dokumente fragen",
    close: "Schließen",
    failed: "Der Chat ist nicht erreichbar oder darf auf dieser Seite nicht gezeigt werden.",
    retry: "Noch einmal versuchen",
    link: "In neuem Fenster öffnen",
  },
  es: {
    title: "Preguntar a los documentos",
    close: "Cerrar",
    failed: "El chat no está disponible o no se puede mostrar en este sitio.",
    retry: "Reintentar",
    link: "Abrir en una ventana nueva",
  },
  fr: {
    title: "Poser une question aux documents",
    close: "Fermer",
    failed: "Le chat est injoignable ou ne peut pas être affiché sur ce site.",
    retry: "Réessayer",
    link: "Ouvrir dans une nouvelle fenêtre",
  },
};

// A sheet made by script needs no leave from a strict Content-Security-Policy.
const sheet = new CSSStyleSheet();
sheet.replaceSync(`
:host{all:initial!important;display:block!important}
:host([launcher]){position:fixed!important;inset:auto 20px 20px auto!important;z-index:2147483000!important}
:host([data-position=bottom-left]){inset:auto auto 20px 20px!important}
:host([hidden]){display:none!important}
.all{--paper:#fbfaf6;--ink:#1f2226;--muted:#5b5f66;--line:#dcd7ca;--accent:#7c2d1e;--on:#fff;color:var(--ink);color-scheme:light;font:15px/1.5 system-ui,sans-serif}
.dark{--paper:#17181a;--ink:#e7e4dd;--muted:#a5a69f;--line:#383a3f;--accent:#f0a58f;--on:#2a0f08;color-scheme:dark}
button{font:inherit;color:inherit;background:none;border:0;border-radius:8px;cursor:pointer}
a{color:inherit}
:focus-visible{outline:2px solid var(--accent);outline-offset:2px}
.launch{border-radius:24px;padding:0 20px;height:48px;background:var(--accent);color:var(--on);font-weight:600;box-shadow:0 4px 16px #0003}
.launch::after{content:"1"/"";font:600 .7em/0 Georgia,serif;vertical-align:.6em;margin-left:2px}
.box{box-sizing:border-box;flex-direction:column;padding:0;border:1px solid var(--line);border-radius:12px;background:var(--paper);color:inherit;overflow:hidden}
div.box,[open]{display:flex}
div.box{height:440px;max-height:max(440px,86vh)}
dialog{position:fixed;inset:auto 20px 80px auto;margin:0;width:420px;height:min(680px,100vh - 100px);max-width:none;max-height:none;box-shadow:0 12px 48px #0004}
:host([data-position=bottom-left]) dialog{inset:auto auto 80px 20px}
.head{display:flex;align-items:center;padding:6px 8px 6px 16px;border-bottom:1px solid var(--line);font-weight:600}
.head span{flex:1}
.head button{width:36px;height:36px;font:22px/1 system-ui}
iframe{flex:1;min-height:0;border:0}
.note{margin:auto;padding:24px;max-width:34ch;text-align:center}
.note button{border:1px solid var(--line);padding:8px 16px;margin:8px}
@media(max-width:520px){dialog.box{inset:0!important;width:100%;height:100dvh;border:0;border-radius:0}}
@media(prefers-reduced-motion:no-preference){[open]{animation:rise .2s}}
@keyframes rise{from{opacity:0;translate:0 8px}}`);

for (const [light, [accent, on]] of Object.entries(BRAND.colours ?? {})) {
  sheet.insertRule(`.all.${light}{--accent:${accent};--on:${on}}`, sheet.cssRules.length);
}
if (BRAND.name) sheet.insertRule(".launch::after{content:none}", sheet.cssRules.length);

const night = matchMedia("(prefers-color-scheme:dark)");

const make = (name, properties, ...children) => {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
};

// What the host page says of itself, then what it looks like, then what its reader prefers.
const isDark = () => {
  const root = document.documentElement;
  const said = [...Object.values(root.dataset), ...root.classList, getComputedStyle(root).colorScheme];
  const clear = said.find((word) => /^(dark|light)$/.test(word));
  if (clear) return clear === "dark";
  for (const shown of [document.body, root]) {
    const [red, green, blue, alpha = 1] = getComputedStyle(shown).backgroundColor.match(/[\d.]+/g);
    if (alpha > 0.5) return red * 3 + green * 6 + +blue < 1275;
  }
  return night.matches;
};

class FootnoteChat extends HTMLElement {
  static observedAttributes = ["src", "data-title", "data-filter", "data-question", "data-lang", "data-theme"];
  #root = this.attachShadow({ mode: "open" });
  #watch = new MutationObserver(() => this.#light());
  #waiting = [];
  #all;
  #box;
  #button;
  #frame;
  #said;
  #ready;
  #timer;

  connectedCallback() {
    this.#root.adoptedStyleSheets = [sheet];
    addEventListener("message", this.#heard);
    night.addEventListener("change", this.#light);
    for (const node of [document.documentElement, document.body]) this.#watch.observe(node, { attributes: true });
    this.#build();
  }

  disconnectedCallback() {
    removeEventListener("message", this.#heard);
    night.removeEventListener("change", this.#light);
    this.#watch.disconnect();
    clearTimeout(this.#timer);
  }

  attributeChangedCallback(name, before, now) {
    if (!this.#all || before === now) return;
    if (name === "data-theme") this.#light();
    else this.#build();
  }

  get #base() {
    const base = this.getAttribute("src") ?? new URL(".", script.src).href;
    return new URL(base.replace(/\/*$/, "/"), location.href);
  }

  get #theme() {
    return this.dataset.theme?.match(/^(light|dark)$/)?.[0] ?? (isDark() ? "dark" : "light");
  }

  get #lang() {
    return (this.dataset.lang || document.documentElement.lang || navigator.language).slice(0, 2).toLowerCase();
  }

  get #text() {
    return TEXTS[this.#lang] ?? TEXTS.en;
  }

  get #title() {
    return this.dataset.title || BRAND.name || this.#text.title;
  }

  #press(textContent, onclick, more) {
    return make("button", { type: "button", textContent, onclick, ...more });
  }

  #build() {
    const wasOpen = this.#box?.open;
    const launcher = this.hasAttribute("launcher");
    const title = this.#title;
    this.#frame = null;
    this.#box = make(launcher ? "dialog" : "div", { className: "box", role: launcher ? null : "region", ariaLabel: title });
    this.#all = make("div", { lang: this.#lang }, this.#box);
    if (launcher) {
      const close = this.#press("×", () => this.close(), { ariaLabel: this.#text.close });
      this.#box.append(make("div", { className: "head" }, make("span", { textContent: title }), close));
      this.#box.oncancel = (event) => (event.preventDefault(), this.close());
      this.#all.addEventListener("keydown", ({ key }) => key === "Escape" && this.close());
      this.#button = this.#press(title, () => this.toggle(), { className: "launch", ariaExpanded: "false", ariaHasPopup: "dialog" });
      this.#all.append(this.#button);
    }
    this.#light();
    this.#root.replaceChildren(this.#all);
    if (!launcher) this.#load();
    else if (wasOpen) this.open();
  }

  #load() {
    const { question = "", filter = "" } = this.dataset;
    const address = this.#base;
    address.search = new URLSearchParams({
      embedded: this.#button ? "1" : "inline",
      origin: location.origin,
      theme: this.#theme,
      lang: this.#lang,
      q: question,
      folder: filter.replace(/^folder:/, ""),
    });
    this.#said = this.#ready = false;
    this.#show(make("iframe", { title: this.#title, allow: "clipboard-write", src: address }));
    this.#frame = this.#box.lastChild;
    this.#frame.onload = () => this.#said || this.#expect(1000);
    this.#expect(20000);
  }

  // A page that may not be shown loads as well, but says nothing.
  #expect(milliseconds) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#ready || this.#fail(this.#text.failed), milliseconds);
  }

  #fail(message) {
    const text = this.#text;
    const retry = this.#press(text.retry, () => this.#load());
    this.#frame = null;
    this.#show(make("div", { className: "note", role: "alert" },
      make("p", { textContent: message }),
      retry,
      make("a", { href: this.#base, target: "_blank", rel: "noopener", textContent: text.link })));
    if (this.#box.open) retry.focus();
    this.#tell("error", { message });
  }

  #show(content) {
    this.#box.querySelector("iframe,.note")?.remove();
    this.#box.append(content);
  }

  #light = () => {
    this.#all.className = `all ${this.#theme}`;
    this.#send({ footnote: "theme", theme: this.#theme });
  };

  #send(message) {
    if (this.#ready) this.#frame?.contentWindow.postMessage(message, this.#base.origin);
  }

  #tell(name, detail) {
    this.dispatchEvent(new CustomEvent(`footnote:${name}`, { detail, bubbles: true, composed: true }));
  }

  #heard = ({ source, origin, data }) => {
    if (!this.#frame || source !== this.#frame.contentWindow || origin !== this.#base.origin) return;
    const { footnote: name, ...detail } = data ?? {};
    this.#said = true;
    // It may be shown; its scripts may take a while.
    if (name === "loading") this.#expect(60000);
    else if (name === "ready") {
      clearTimeout(this.#timer);
      this.#ready = true;
      this.#light();
      if (this.#box.open) this.#send({ footnote: "focus" });
      this.#tell(name);
      for (const question of this.#waiting.splice(0)) this.ask(question);
    } else if (name === "close") this.close();
    else if (name === "size" && !this.#button) this.#box.style.height = `${detail.height}px`;
    else if (name === "sign-in") {
      // The frame asks its reader to; it says so when it is ready.
      clearTimeout(this.#timer);
      this.#ready = false;
      this.#tell(name);
    }
    else if (name === "answer" || name === "error") this.#tell(name, detail);
  };

  open() {
    if (!this.#button || this.#box.open) return;
    const sheet = matchMedia("(max-width:520px)").matches;
    this.#box[sheet ? "showModal" : "show"]();
    this.#button.ariaExpanded = "true";
    if (!this.#frame) this.#load();
    this.#frame.focus();
    this.#send({ footnote: "focus" });
    this.#tell("open");
  }

  close() {
    if (!this.#box.open) return;
    this.#box.close();
    this.#button.ariaExpanded = "false";
    this.#button.focus();
    this.#tell("close");
  }

  toggle() {
    this.#box.open ? this.close() : this.open();
  }

  ask(question) {
    this.open();
    if (this.#ready) this.#send({ footnote: "ask", question });
    else this.#waiting.push(question);
  }
}

customElements.define("footnote-chat", FootnoteChat);

const first = () => document.querySelector("footnote-chat[launcher]") ?? document.querySelector("footnote-chat");
window.footnote = Object.fromEntries(
  ["open", "close", "toggle", "ask"].map((name) => [name, (...values) => first()?.[name](...values)]),
);

// The tag alone makes the button; with <footnote-chat> on the page, it needs data-position too.
const start = () => {
  if (first() && !script.dataset.position) return;
  const button = make("footnote-chat");
  Object.assign(button.dataset, script.dataset);
  button.toggleAttribute("launcher", true);
  document.body.append(button);
};
if (document.readyState === "loading") addEventListener("DOMContentLoaded", start);
else start();
})();
