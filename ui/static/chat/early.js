"use strict";
// Runs before anything else of the page: what the address asks for, and what a frame may lack.

(() => {
  // Where a browser keeps a frame of another site from storage, Gradio would never start; what is
  // stored is then gone with the page, and nothing else is missing.
  class Memory {
    #held = new Map();

    get length() {
      return this.#held.size;
    }

    key(number) {
      return [...this.#held.keys()][number] ?? null;
    }

    getItem(name) {
      return this.#held.get(String(name)) ?? null;
    }

    setItem(name, value) {
      this.#held.set(String(name), String(value));
    }

    removeItem(name) {
      this.#held.delete(String(name));
    }

    clear() {
      this.#held.clear();
    }
  }

  for (const name of ["localStorage", "sessionStorage"]) {
    try {
      window[name].getItem("");
    } catch {
      Object.defineProperty(window, name, { value: new Memory(), configurable: true });
    }
  }

  // What is stored here is one reader's; the next one who signs in with this browser finds nothing.
  const said = (name) => document.querySelector(`meta[name=${name}]`)?.content ?? "";
  const viewer = said("footnote-viewer");
  if (viewer) {
    for (const store of [localStorage, sessionStorage]) {
      const before = store.getItem("footnote:viewer");
      if (before !== null && before !== viewer) {
        const names = Array.from({ length: store.length }, (_, number) => store.key(number));
        for (const name of names) if (name.startsWith("footnote:")) store.removeItem(name);
      }
      store.setItem("footnote:viewer", viewer);
    }
  }

  // Gradio's own few words go by the browser's language, the page by the one that was chosen.
  const { lang } = document.documentElement;
  for (const [name, value] of Object.entries({ language: lang, languages: Object.freeze([lang]) })) {
    Object.defineProperty(navigator, name, { value, configurable: true });
  }

  // Whichever proxy is in front of the server: the page is where the browser found it.
  if (window.gradio_config) {
    window.gradio_config.root = new URL(".", location.href).href.replace(/\/$/, "");
  }

  // A link to a quote: its words are in the part of the address that is sent to nobody. They are
  // marked where the document has them, and never shown as its own where it does not.
  function citedHere(asked) {
    const source = asked.get("source");
    if (!source) return null;
    const quote = new URLSearchParams(location.hash.slice(1)).get("quote") ?? "";
    const start = Number.parseInt(asked.get("start") ?? "", 10) || 0;
    return Object.freeze({ source, start, end: start + [...quote].length, quote, linked: true });
  }

  const asked = new URLSearchParams(location.search);
  const embedded = window.parent !== window && asked.has("embedded");
  const inline = embedded && asked.get("embedded") === "inline";
  const origin = asked.get("origin") ?? "";
  // The browser lets only these show the page; here they are those that hear of it.
  const origins = said("footnote-origins").split(" ");
  const mayHear = embedded && [location.origin, ...origins].filter(Boolean).includes(origin);
  window.footnoteContext = Object.freeze({
    embedded,
    inline,
    origin,
    question: asked.get("q") ?? "",
    folder: asked.get("folder") ?? "",
    cited: citedHere(asked),
    viewer,
    signsOut: Boolean(said("footnote-sign-out")),
    ownersPage: said("footnote-admin"),
    tell: mayHear ? (message) => window.parent.postMessage(message, origin) : null,
  });
  document.documentElement.classList.toggle("embedded", embedded);
  document.documentElement.classList.toggle("inline", inline);
  window.footnoteContext.tell?.({ footnote: "loading" });

  // Gradio puts the cursor into the question; somebody reading the page around would lose theirs.
  if (embedded) {
    const { focus } = HTMLElement.prototype;
    HTMLElement.prototype.focus = () => {};
    const release = () => (HTMLElement.prototype.focus = focus);
    for (const name of ["pointerdown", "keydown"]) addEventListener(name, release, { capture: true, once: true });
    addEventListener("message", ({ source, data }) => {
      if (source === window.parent && data?.footnote === "focus") release();
    });
  }

  // Gradio has a parameter of its own for the light; ours is the one that we tell people about.
  const theme = asked.get("theme");
  if (theme === "light" || theme === "dark") {
    const address = new URL(location.href);
    address.searchParams.set("__theme", theme);
    history.replaceState(history.state, "", address);
  }
})();
