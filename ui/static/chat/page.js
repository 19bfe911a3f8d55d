// The chat page: starts what the other scripts bring, and keeps watch over the conversation.

import { busy, field, fill, record, show, submit } from "../bridge.js";
import { citedBy, decorate, finished, numberOf, pressed, proclaim } from "./answers.js";
import { arrived, askNext, askWhatWasLost, watchAsking } from "./asking.js";
import { takeFiles } from "./attaching.js";
import { offerExamples, placeExamples } from "./examples.js";
import { askAgain, draft, forgetCurrent, last, leave, save } from "./history.js";
import { lookAtState, showMasthead } from "./masthead.js";
import { showQuotes } from "./quotes.js";

const context = window.footnoteContext ?? {};
let announced = 0;

// Who asks before the record is there, asks when it is.
let pressedEarly = false;
function holdBack(event) {
  const asks = event.type === "click" ? event.target.closest?.("#question .submit-button")
    : event.key === "Enter" && !event.shiftKey && event.target === field("question");
  if (!asks) return;
  event.preventDefault();
  event.stopPropagation();
  pressedEarly = true;
}
for (const kind of ["keydown", "click"]) document.addEventListener(kind, holdBack, true);

// Gradio builds the page after its scripts have come; the record is the last thing to arrive.
function whenReady(start) {
  const ready = () => field("question") && record() && document.getElementById("masthead");
  if (ready()) return start();
  const timer = setInterval(() => {
    if (!ready()) return;
    clearInterval(timer);
    start();
  }, 20);
}

function start() {
  const conversation = document.getElementById("conversation");
  // Gradio's log would be read out again with each piece of an answer, and its labels with the marks
  // of the HTML in them; we announce whole answers.
  const quieten = () => {
    for (const labelled of conversation.querySelectorAll("[data-testid][aria-label]")) {
      labelled.removeAttribute("aria-label");
    }
    // A list of buttons is none.
    conversation.querySelector(".examples[role=list]")?.removeAttribute("role");
    for (const log of conversation.querySelectorAll("[aria-live]:not([aria-live=off])")) {
      log.setAttribute("aria-live", "off");
    }
  };
  document.addEventListener("click", pressed, true);
  document.addEventListener("keydown", pressed, true);
  showMasthead(startAnew);
  showQuotes(citedBy);
  offerExamples(conversation);
  document.addEventListener("footnote:anew", () => offerExamples(conversation));
  takeFiles();
  hearOfFiles();
  keepDraft();
  leaveRoom();
  // What is kept of a question is said before it is asked, aloud, too.
  if (document.getElementById("kept-note")) field("question").setAttribute("aria-describedby", "kept-note");
  new MutationObserver(() => {
    quieten();
    arrived();
    placeExamples(conversation);
    decorate(conversation);
    document.body.classList.toggle("busy", busy());
    look(conversation);
  }).observe(conversation, { childList: true, subtree: true, characterData: true });
  quieten();
  watchAsking(conversation, (left) => (announced = left));
  const before = last();
  if (before) {
    announced = before.exchanges.length;
    show(before);
  }
  keepToFolder();
  if (context.question) fill("question", context.question);
  // In a frame the cursor stays where the reader of the page around it left it.
  if (!context.embedded) field("question").focus();
  for (const kind of ["keydown", "click"]) document.removeEventListener(kind, holdBack, true);
  document.body.classList.toggle("in-corner", Boolean(context.embedded && !context.inline));
  document.body.classList.add("ready");
  document.dispatchEvent(new CustomEvent("footnote:ready"));
  if (context.cited) document.dispatchEvent(new CustomEvent("footnote:open", { detail: context.cited }));
  if (pressedEarly) submit();
  else askWhatWasLost(before?.exchanges.length ?? 0);
}

// A new answer is kept, read out and told to the page around us, once its record has come too.
function look(conversation) {
  const shown = finished(conversation);
  const growing = conversation.querySelector(".waiting, .growing");
  if (growing) {
    announced = Math.min(announced, shown.length);
    keepInSight(growing);
    return;
  }
  if (shown.length <= announced) return;
  const newest = shown.at(-1);
  const at = numberOf(newest);
  const held = record();
  if (!held || held.exchanges.length <= at) {
    // The record comes a moment later; what was refused without being asked has none.
    if (!newest.matches(".problem")) requestAnimationFrame(() => look(conversation));
    return;
  }
  announced = shown.length;
  save(held);
  draft(field("question").value); // the next question may be in it by now
  proclaim(held.exchanges[at], newest);
  keepInSight(newest);
  document.dispatchEvent(new CustomEvent("footnote:answered", { detail: held.exchanges[at] }));
  askNext();
}

// The question stays at the top of what is seen: an answer is read from its beginning.
function keepInSight(answer) {
  const asked = document.querySelector(`#conversation .asked.exchange-${numberOf(answer)}`)
    ?? [...document.querySelectorAll("#conversation .asked")].at(-1);
  asked?.scrollIntoView({ block: "start", behavior: "auto" });
}

function startAnew() {
  if (busy()) return;
  leave();
  forgetCurrent();
  announced = 0;
  const id = [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  show({ id, folder: context.folder ?? "", exchanges: [] });
  document.dispatchEvent(new CustomEvent("footnote:anew"));
  field("question").focus();
}

// What is typed survives a reload, and a question that never reached the server comes back.
function keepDraft() {
  const box = field("question");
  const held = draft();
  if (held && !box.value) fill("question", held);
  document.addEventListener("input", (event) => {
    if (!event.isTrusted || !event.target.matches?.("#question textarea, .editor textarea")) return;
    draft(event.target.value);
    askAgain("");
  });
}

// What is scrolled to must not end up behind the box for questions, which grows with what it holds.
function leaveRoom() {
  const composer = document.getElementById("composer");
  new ResizeObserver(() => {
    document.documentElement.style.setProperty("--composer", `${composer.offsetHeight}px`);
  }).observe(composer);
}

// A page around us may ask for one folder only; then there is nothing to choose.
function keepToFolder() {
  if (!context.folder) return;
  fill("record", JSON.stringify({ ...record(), folder: context.folder }));
  document.body.classList.add("one-folder");
}

// When something is said of files, there may be news of the index, too.
function hearOfFiles() {
  const said = () => [...document.querySelectorAll("#attached p")].map((line) => line.textContent).join();
  let before = said();
  new MutationObserver(() => {
    if (said() === before) return;
    before = said();
    lookAtState();
  }).observe(document.getElementById("composer"), { childList: true, subtree: true, characterData: true });
}

whenReady(start);
