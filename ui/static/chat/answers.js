// What can be done with an answer and with its question: footnotes, copying, asking again, verdicts.

import { announce, ask, button, element, post, record, say, texts } from "../bridge.js";

const ANSWERS = ".answer.done, .refusal.done, .problem.done";
// What each of our additions belongs to: Gradio replaces an answer without knowing of them.
const owners = new WeakMap();

export function decorate(conversation) {
  for (const ours of conversation.querySelectorAll(".actions, .comment, .editor")) {
    if (!owners.get(ours)?.isConnected) ours.remove();
  }
  for (const link of conversation.querySelectorAll("a.cite:not([role]), a.footnote:not([role]), a.suggestion:not([role]), a.more:not([role]), a.within:not([role]), a.section:not([role])")) {
    link.setAttribute("role", "button");
    if (link.matches(".cite")) link.setAttribute("aria-label", labelOf(link));
  }
  for (const table of conversation.querySelectorAll(".table:not([role])")) tabled(table);
  for (const answer of conversation.querySelectorAll(ANSWERS)) {
    if (answer.nextElementSibling?.matches(".actions")) continue;
    answer.after(owned(actions(answer), answer));
  }
  for (const asked of conversation.querySelectorAll(".asked")) {
    if (asked.nextElementSibling?.matches(".actions, .editor")) continue;
    const at = numberOf(asked);
    const pencil = button(texts.edit, () => edit(asked, at), { className: "quiet", "aria-label": texts.edit_question });
    asked.after(owned(element("div", { className: "actions for-question" }, ...shortened(asked), pencil), asked));
  }
}

// A table that is wider than the page is scrolled, with the keyboard too.
function tabled(table) {
  for (const [name, value] of Object.entries({ role: "region", tabindex: "0", "aria-label": texts.table })) {
    table.setAttribute(name, value);
  }
  for (const head of table.querySelectorAll("th")) head.scope = "col";
}

// Of a question that fills the screen a few lines, and the rest on demand.
function shortened(asked) {
  asked.classList.add("short");
  // A paragraph of it is cut at its fifth line, and all of it at its own height.
  const cut = (box) => box.scrollHeight > box.clientHeight + 2;
  if (![asked, ...asked.querySelectorAll("p")].some(cut)) {
    asked.classList.remove("short");
    return [];
  }
  const more = button("", () => turn(asked.classList.toggle("short")), { className: "quiet" });
  const turn = (short) => {
    more.textContent = short ? texts.whole : texts.shorter;
    more.setAttribute("aria-expanded", String(!short));
  };
  turn(true);
  return [more];
}

function owned(ours, owner) {
  owners.set(ours, owner);
  return ours;
}

export function finished(conversation) {
  return [...conversation.querySelectorAll(ANSWERS)];
}

export function numberOf(shown) {
  return Number(/exchange-(\d+)/.exec(shown.className)?.[1] ?? -1);
}

// A press on a footnote, wherever it is, opens the source; one on a suggestion asks it.
export function pressed(event) {
  const link = event.target.closest?.("a.cite, a.footnote, a.suggestion, a.more, a.within, a.section");
  if (!link || (event.type === "keydown" && event.key !== " ")) return;
  event.preventDefault();
  event.stopPropagation();
  if (link.matches(".suggestion")) {
    ask(link.textContent);
    return;
  }
  const cited = link.matches(".within") ? within(link) : citedBy(link);
  if (!cited) return;
  const detail = { ...cited, conversation: record().id, opener: link };
  document.dispatchEvent(new CustomEvent("footnote:open", { detail }));
}

// A link of a document to another one, or to a place in its own.
function within(link) {
  const [, source, start, end] = /^#source:([^:]+)(?::(\d+)-(\d+))?$/.exec(link.getAttribute("href")) ?? [];
  return source && { source: decodeURIComponent(source), start: Number(start ?? 0), end: Number(end ?? 0), quote: "" };
}

export function citedBy(link) {
  const [, kind, at, number] = /#(cite|close|part)-(\d+)-(\d+)$/.exec(link.getAttribute("href")) ?? [];
  const exchange = record()?.exchanges[Number(at)];
  const list = { cite: "citations", close: "passages", part: "sections" }[kind];
  return exchange?.[list]?.find((one) => one.number === Number(number));
}

function labelOf(link) {
  const cited = citedBy(link);
  return say(texts.footnote, { number: link.textContent, title: cited?.title || cited?.source || "" });
}

function actions(answer) {
  const at = numberOf(answer);
  const bar = element("div", { className: "actions" });
  const told = element("span", { className: "told", role: "status" });
  const tell = (text) => {
    told.textContent = text;
    setTimeout(() => (told.textContent = ""), 4000);
  };
  if (answer.matches(".answer")) {
    bar.append(
      button(texts.copy, () => copy("text", at, tell), { className: "quiet" }),
      button(texts.copy_markdown, () => copy("markdown", at, tell), { className: "quiet" }),
    );
  }
  bar.append(button(texts.retry, () => ask(record().exchanges[at].question, at), { className: "quiet" }));
  if (!answer.matches(".problem")) {
    const verdicts = [["up", texts.good], ["down", texts.bad]].map(([verdict, label]) =>
      button("", (event) => judge(event.currentTarget, verdict, at, bar, tell), {
        className: `quiet thumb ${verdict}`, "aria-label": label, title: label, "aria-pressed": "false",
      }));
    bar.append(...verdicts);
  }
  bar.append(told);
  return bar;
}

export async function exported(format, exchange = null) {
  const reply = await post("../api/export", { record: record(), format, exchange, language: texts.language });
  return reply.text();
}

export async function copy(format, exchange, tell) {
  try {
    await intoClipboard(await exported(format, exchange));
    tell(texts.copied);
  } catch {
    tell(texts.copy_failed);
  }
}

async function intoClipboard(text) {
  // Only pages of a secure origin have the clipboard; an intranet's often are not.
  if (navigator.clipboard) {
    try {
      return await navigator.clipboard.writeText(text);
    } catch {
      // In a frame it may be forbidden where the older way is not.
    }
  }
  const box = element("textarea", { value: text, className: "unseen" });
  const before = document.activeElement;
  document.body.append(box);
  box.select();
  const done = document.execCommand("copy");
  box.remove();
  before?.focus();
  if (!done) throw new Error("copying is not allowed");
}

async function judge(pressed_, verdict, at, bar, tell) {
  for (const thumb of bar.querySelectorAll(".thumb")) {
    thumb.setAttribute("aria-pressed", String(thumb === pressed_));
  }
  const send = async (comment) => {
    const { id, exchanges } = record();
    const { question, text, citations } = exchanges[at];
    try {
      await post("../api/feedback", { conversation: id, question, answer: text, verdict, comment, citations });
      tell(texts.thanks);
    } catch {
      tell(texts.not_kept);
    }
  };
  await send("");
  bar.parentElement.querySelector(".comment")?.remove();
  if (!document.querySelector("meta[name=footnote-comments]")) return; // none would be kept
  const box = element("textarea", { rows: 2, maxLength: 5000, placeholder: texts.comment, "aria-label": texts.comment });
  const form = element("form", { className: "comment" }, box,
    element("div", {}, element("button", { textContent: texts.comment_send }),
      button(texts.cancel, () => close(), { className: "quiet" })));
  const close = () => {
    form.remove();
    pressed_.focus();
  };
  form.onsubmit = async (event) => {
    event.preventDefault();
    if (box.value.trim()) await send(box.value.trim());
    close();
  };
  form.addEventListener("keydown", ({ key }) => key === "Escape" && close());
  bar.after(owned(form, owners.get(bar)));
  form.scrollIntoView({ block: "nearest" });
  box.focus({ preventScroll: true });
}

function edit(asked, at) {
  const { question } = record().exchanges[at];
  const box = element("textarea", { value: question, rows: Math.min(6, question.split("\n").length + 1), maxLength: 10000, "aria-label": texts.question });
  const form = element("form", { className: "editor" }, box,
    element("div", {}, element("button", { textContent: texts.edit_send }),
      button(texts.cancel, () => close(), { className: "quiet" })));
  const pencil = asked.nextElementSibling;
  const close = () => {
    form.replaceWith(pencil);
    asked.hidden = false;
    pencil.querySelector("button")?.focus();
  };
  const send = async () => {
    if (box.value.trim() && (await ask(box.value.trim(), at))) close();
  };
  form.onsubmit = (event) => {
    event.preventDefault();
    send();
  };
  form.addEventListener("keydown", (event) => {
    if (event.key === "Escape") close();
    if (event.key === "Enter" && !event.shiftKey && event.target === box) {
      event.preventDefault();
      send();
    }
  });
  asked.hidden = true;
  pencil.replaceWith(owned(form, asked));
  box.focus();
  box.setSelectionRange(question.length, question.length);
}

export function proclaim(exchange, shown) {
  if (!exchange) return;
  announce(exchange.found
    ? say(texts.answered, { text: wordsOf(shown), number: exchange.citations.length })
    : say(texts.refused, { text: exchange.problem || shown.querySelector("p")?.textContent || exchange.text }));
}

// What an answer says, without the marks of its shape and of its footnotes.
function wordsOf(answer) {
  const copy = answer.cloneNode(true);
  for (const other of copy.querySelectorAll("a.cite, .footnotes, .offered")) other.remove();
  for (const part of copy.querySelectorAll("p, li, tr, th, td, pre")) part.append(" ");
  return copy.textContent.replace(/\s+/g, " ").trim();
}
