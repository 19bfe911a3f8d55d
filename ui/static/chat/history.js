// Conversations in the browser's own keeping: saved after each answer, listed, shown again, removed.

import { busy, button, element, record, say, show, texts } from "../bridge.js";

const KEY = "footnote:conversations";
const CURRENT = "footnote:current";
const DRAFT = "footnote:draft";
const AGAIN = "footnote:again";
const MOST = 50;

function kept() {
  try {
    return JSON.parse(localStorage.getItem(KEY)) ?? [];
  } catch {
    return [];
  }
}

function keep(conversations) {
  // A full store gives up its oldest conversations, not the newest.
  for (let list = conversations.slice(0, MOST); ; list = list.slice(0, -1)) {
    try {
      const before = kept();
      localStorage.setItem(KEY, JSON.stringify(list));
      const held = new Set([...list.map(({ id }) => id), record()?.id]);
      for (const { id } of before) if (!held.has(id)) forgetFiles(id);
      return;
    } catch {
      if (!list.length) return;
    }
  }
}

export function save(held) {
  if (!held.exchanges.length) return;
  const others = kept().filter((one) => one.id !== held.id);
  keep([{ ...held, saved: new Date().toISOString() }, ...others]);
  sessionStorage.setItem(CURRENT, held.id);
}

// A conversation that can be opened no more needs its files no more.
function forgetFiles(id) {
  fetch(`../api/uploads?conversation=${id}`, { method: "DELETE", keepalive: true }).catch(() => {});
}

// What is shown is left: one that nothing was asked in is not kept, and its files go with it.
export function leave() {
  const id = record()?.id;
  const files = document.querySelector("#attached .file");
  if (id && files && !kept().some((one) => one.id === id)) forgetFiles(id);
}
addEventListener("pagehide", ({ persisted }) => persisted || leave());

// What was open in this tab is there again after a reload.
export function last() {
  const id = sessionStorage.getItem(CURRENT);
  return kept().find((one) => one.id === id);
}

export function forgetCurrent() {
  sessionStorage.removeItem(CURRENT);
}

export function draft(text) {
  if (text === undefined) return sessionStorage.getItem(DRAFT) ?? "";
  sessionStorage.setItem(DRAFT, text);
  return text;
}

// The question that is asked again when the server is back; the same one is so once only.
export function askAgain(question) {
  const [held = "", before = ""] = JSON.parse(sessionStorage.getItem(AGAIN) ?? "[]");
  if (question === undefined) return held;
  const again = question === before ? "" : question;
  sessionStorage.setItem(AGAIN, JSON.stringify([again, question || held || before]));
  return again;
}

export function openHistory(opener) {
  const list = element("ul");
  const dialog = element("dialog", { id: "history", "aria-label": texts.history },
    element("header", {}, element("h2", { textContent: texts.history }),
      button("×", () => dialog.close(), { className: "quiet close", "aria-label": texts.close })),
    list);
  const fillIn = () => list.replaceChildren(...entries(dialog, fillIn));
  fillIn();
  dialog.onclose = () => {
    dialog.remove();
    opener?.focus();
  };
  // A press beside the sheet closes it, as everywhere.
  dialog.addEventListener("click", ({ target }) => target === dialog && dialog.close());
  document.body.append(dialog);
  dialog.showModal();
}

function entries(dialog, again) {
  const conversations = kept();
  if (!conversations.length) return [element("li", { className: "nothing", textContent: texts.history_empty })];
  const when = new Intl.DateTimeFormat(texts.language, { dateStyle: "medium", timeStyle: "short" });
  const lines = conversations.map((one) => {
    const title = one.exchanges[0].question;
    const open = button("", () => {
      if (busy()) return;
      dialog.close();
      leave();
      sessionStorage.setItem(CURRENT, one.id);
      show(one);
    });
    open.append(element("span", { textContent: title }), element("time", { textContent: when.format(new Date(one.saved)) }));
    if (one.id === record()?.id) open.setAttribute("aria-current", "true");
    const remove = button("×", () => {
      keep(kept().filter((other) => other.id !== one.id));
      again();
    }, { className: "quiet", "aria-label": say(texts.history_remove, { title }) });
    return element("li", {}, open, remove);
  });
  // What is gone is gone, so the first press only asks.
  const clear = button(texts.history_clear, () => {
    if (clear.textContent === texts.history_clear) {
      clear.textContent = say(texts.history_clear_sure, { number: conversations.length });
      return;
    }
    keep([]);
    again();
  }, { className: "quiet" });
  return [...lines, element("li", {}, clear)];
}
