// From the press to the answer: shown as asked at once, one after the other, and back in the box
// where the answer will not come.

import { announce, ask, busy, element, field, fill, record, show, submit, texts } from "../bridge.js";
import { finished } from "./answers.js";
import { askAgain, draft, last } from "./history.js";
import { lookAtState } from "./masthead.js";

const GROWING = ".waiting, .growing";

let conversation = null;
let pending = null; // {element, question, asked, kept}: what was pressed and has not come back yet

// `lost(number)` is called when an answer will not come, with how many are left.
export function watchAsking(of, lost) {
  conversation = of;
  for (const kind of ["keydown", "click"]) document.addEventListener(kind, pressed, true);
  document.addEventListener("footnote:back", () => {
    // A server that was started anew has no files of this conversation any more.
    if (!busy() && document.querySelector("#attached .file")) show(record());
    takeBack(lost);
  });
  new MutationObserver((changes) => {
    const failed = changes.some(({ addedNodes }) => [...addedNodes].some((added) =>
      added.querySelector?.(".toast-body.error") || added.matches?.(".toast-body.error")));
    if (failed) takeBack(lost);
  }).observe(document.body, { childList: true, subtree: true });
  document.addEventListener("footnote:ask", (event) => {
    inLine.push(event.detail.question);
    askNext();
  });
}

// Questions of the page around us.
const inLine = [];
export function askNext() {
  if (inLine.length && !busy()) ask(inLine.shift());
}

// While an answer grows, Enter waits; what is typed stays in the box.
function pressed(event) {
  const question = askedBy(event);
  if (question === null) return;
  if (busy()) {
    event.preventDefault();
    event.stopPropagation();
  } else if (question.trim()) {
    begin(question);
  }
}

// What this press asks, null if nothing.
function askedBy({ type, key, shiftKey, target }) {
  const box = field("question");
  if (type === "keydown") return key === "Enter" && !shiftKey && target === box ? box.value : null;
  if (target.closest?.("#question .submit-button")) return box.value;
  return target.closest?.("#conversation .example")?.innerText ?? null;
}

// The server may take its time; that it was asked is seen in the next frame.
function begin(question) {
  notice("");
  const asked = element("div", { className: "asked" }, element("p", { textContent: question }));
  const waiting = element("div", { className: "answer waiting" }, element("p", { textContent: texts.looking }));
  pending = {
    element: element("div", { id: "pending" }, asked, waiting),
    question,
    asked: questions().length,
    kept: record().exchanges.length,
  };
  conversation.after(pending.element);
  document.body.classList.add("busy", "pending");
  asked.scrollIntoView({ block: "start" });
  const look = () => pending && (arrived(), requestAnimationFrame(look));
  requestAnimationFrame(look);
}

// The conversation itself shows the question now, or its answer already.
export function arrived() {
  if (!pending) return;
  const there = conversation.querySelector(GROWING) || questions().length > pending.asked
    || record()?.exchanges.length > pending.kept;
  if (there) end();
}

function end() {
  pending?.element.remove();
  pending = null;
  document.body.classList.remove("pending");
  document.body.classList.toggle("busy", busy());
}

function questions() {
  return conversation.querySelectorAll(".asked");
}

// A question whose answer will not come any more goes back into the box, and what it would have
// taken the place of comes back.
async function takeBack(lost) {
  if (!busy()) return;
  const held = record();
  const cut = held.exchanges.at(-1);
  const question = pending?.question ?? (cut?.stopped ? cut.question : [...questions()].at(-1).textContent);
  end();
  fill("question", question);
  draft(question);
  // The server may be away, and not take the record: what hangs is taken for done here.
  for (const hanging of conversation.querySelectorAll(GROWING)) {
    const at = /exchange-\d+/.exec([...questions()].at(-1)?.className)?.[0];
    for (const part of [hanging, ...conversation.querySelectorAll(`.asked.${at}`)]) part.hidden = true;
    hanging.classList.remove("waiting", "growing");
  }
  document.body.classList.remove("busy");
  const before = last();
  const left = before?.id === held.id ? before : { ...held, exchanges: [] };
  lost(left.exchanges.length);
  await show(left);
  const away = await lookAtState();
  if (away) askAgain(question);
  notice(away ? texts.failed_away : texts.failed);
}

// What a reload found unanswered is asked again, once, unless its reader changed it.
export async function askWhatWasLost(shown) {
  const question = askAgain();
  if (!question || field("question").value !== question) return;
  askAgain("");
  await until(() => finished(conversation).length >= shown);
  submit();
}

function until(true_) {
  return new Promise((resolve) => {
    const look = () => (true_() ? resolve() : requestAnimationFrame(look));
    look();
  });
}

function notice(text) {
  const line = document.getElementById("notice")
    ?? document.getElementById("composer").insertAdjacentElement("afterbegin", element("p", { id: "notice" }));
  line.textContent = text;
  line.hidden = !text;
  if (text) announce(text);
}
