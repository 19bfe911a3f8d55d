// The page in a frame of another page: the messages to and from that page.

const { embedded, inline, tell } = window.footnoteContext ?? {};
const root = document.documentElement;
// The least height in which a source can be read beside the question.
const LEAST_HEIGHT = 440;
const READING_HEIGHT = 640;

function ready() {
  window.addEventListener("message", heard);
  document.addEventListener("footnote:answered", ({ detail }) => answered(detail));
  closeOnEscape();
  if (inline) tellSize();
  tell({ footnote: "ready" });
}

function heard({ source, origin, data }) {
  if (source !== window.parent || origin !== window.footnoteContext.origin) return;
  const { footnote: name, question, theme } = data ?? {};
  if (name === "ask" && typeof question === "string") {
    document.dispatchEvent(new CustomEvent("footnote:ask", { detail: { question } }));
  } else if (name === "theme") {
    document.body.classList.toggle("dark", theme === "dark");
    root.style.colorScheme = theme === "dark" ? "dark" : "light";
  } else if (name === "focus") {
    document.querySelector("#question textarea")?.focus();
  }
}

function answered(exchange) {
  const { question, text, short, found, citations, problem } = exchange;
  if (problem) tell({ footnote: "error", message: problem });
  else tell({ footnote: "answer", question, text, short, found, citations });
}

// Escape closes what is open in the page first, and only then the page.
function closeOnEscape() {
  let inUse = false;
  window.addEventListener(
    "keydown",
    () => (inUse = Boolean(document.querySelector("body.panel-open, dialog[open], details[open]"))),
    true,
  );
  window.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !inUse && !event.defaultPrevented) tell({ footnote: "close" });
  });
}

// The page as high as what it holds, so that the page around need not scroll twice.
function tellSize() {
  const main = document.querySelector("main") ?? document.body;
  let told = 0;
  const look = () => {
    const least = document.body.classList.contains("panel-open") ? READING_HEIGHT : LEAST_HEIGHT;
    const height = Math.max(least, Math.ceil(main.scrollHeight));
    if (height !== told) tell({ footnote: "size", height: (told = height) });
  };
  new ResizeObserver(look).observe(main);
  document.addEventListener("footnote:panel", look);
  look();
}

if (embedded && tell) {
  const looks = new CSSStyleSheet();
  // The page around gives the title; in the text it gives the height as well.
  looks.replaceSync(`
    .embedded #masthead > :has(h1) { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
    .embedded #masthead h1 { display: block !important; }
    .inline body, .inline .gradio-container, .inline main { min-height: 0 !important; }
    .inline #conversation .placeholder-content { padding-top: 1.5rem; }
  `);
  document.adoptedStyleSheets.push(looks);
  if (document.body.classList.contains("ready")) ready();
  else document.addEventListener("footnote:ready", ready, { once: true });
}
