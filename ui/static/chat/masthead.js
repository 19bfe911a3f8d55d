// The line above the conversation: what the index holds, and what can be done with a conversation.

import { announce, button, element, record, say, texts } from "../bridge.js";
import { copy, exported } from "./answers.js";
import { openHistory } from "./history.js";

const SECONDS = { quiet: 20, reading: 1, away: 2 };

let away = false;
let known = false; // whether the state has ever been told
let timer = 0;

export function showMasthead(startAnew) {
  const masthead = document.getElementById("masthead");
  const tools = element("div", { className: "tools", role: "toolbar", "aria-label": texts.title },
    button(texts.new, startAnew, { id: "new" }),
    button(texts.history, (event) => openHistory(event.currentTarget), { id: "earlier" }),
    takeAway(),
    ...ownersPage(),
    ...signOut());
  masthead.append(element("p", { id: "state" }), tools);
  lookAtState();
}

// Not in a frame, where the page of whoever runs the server is never shown. A sign, since there is no
// room for its name in every language.
function ownersPage() {
  const { ownersPage: title, embedded } = window.footnoteContext ?? {};
  if (!title || embedded) return [];
  const href = `../admin?lang=${texts.language}`;
  return [element("a", { id: "owners-page", href, title, "aria-label": title })];
}

// A form, so that its answer is the page to sign in at.
function signOut() {
  const { viewer, signsOut } = window.footnoteContext ?? {};
  if (!signsOut) return [];
  const next = `${texts.language}/${location.search}`;
  return [element("form", { method: "post", action: "../sign-out" },
    element("input", { type: "hidden", name: "next", value: next }),
    element("button", { textContent: texts.sign_out, title: viewer }))];
}

// A menu without a script of its own: <details> opens and closes with every key and reader.
function takeAway() {
  const menu = element("details", { className: "menu", id: "take-away" },
    element("summary", { textContent: texts.more }));
  const done = (text) => {
    menu.open = false;
    announce(text);
    menu.querySelector("summary").focus();
  };
  const items = element("div", {},
    button(texts.copy_all, () => copy("markdown", null, done)),
    button(texts.download_markdown, () => download("markdown", "md").then(() => done(""))),
    button(texts.download_html, () => download("html", "html").then(() => done(""))));
  if (navigator.share) items.append(button(texts.share, share));
  menu.append(items);
  menu.addEventListener("keydown", ({ key }) => key === "Escape" && menu.open && done(""));
  document.addEventListener("click", (event) => menu.contains(event.target) || (menu.open = false));
  return menu;
}

async function download(format, suffix) {
  const text = await exported(format);
  const first = record().exchanges[0]?.question ?? texts.title;
  const name = first.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, "-").replace(/^-|-$/g, "").slice(0, 60);
  const url = URL.createObjectURL(new Blob([text], { type: "text/plain;charset=utf-8" }));
  element("a", { href: url, download: `${name || "footnote"}.${suffix}` }).click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

async function share() {
  const text = await exported("text");
  await navigator.share({ title: texts.title, text }).catch(() => {});
}

// Asked now and then, more often while something is read or the server is away; whether it is.
export async function lookAtState() {
  clearTimeout(timer);
  let next = SECONDS.quiet;
  try {
    const reply = await fetch("../api/state");
    // The session is over: the same address leads to where its reader can sign in again.
    if (reply.status === 401 && known) location.reload();
    if (!reply.ok) throw new Error(String(reply.status));
    const state = await reply.json();
    known = true;
    if (away) document.dispatchEvent(new CustomEvent("footnote:back"));
    tell(inWords(state), false);
    if (state.reading) next = SECONDS.reading;
  } catch {
    tell(texts.state_away, true);
    next = SECONDS.away;
  }
  clearTimeout(timer);
  timer = setTimeout(lookAtState, next * 1000);
  return away;
}

function tell(text, isAway) {
  const line = document.getElementById("state");
  if (!line) return;
  line.textContent = text;
  document.body.classList.toggle("away", isAway);
  if (isAway !== away) announce(text);
  away = isAway;
}

function inWords({ documents, updated, reading }) {
  const number = new Intl.NumberFormat(texts.language).format(documents);
  const held = { 0: texts.state_none, 1: texts.state_one }[documents] ?? say(texts.state_many, { number });
  const parts = [held];
  if (updated && documents) parts.push(say(texts.state_updated, { when: ago(new Date(updated)) }));
  if (reading) parts.push(say(texts.state_reading, reading));
  return parts.join(" · ");
}

function ago(moment) {
  const seconds = (moment - Date.now()) / 1000;
  const words = new Intl.RelativeTimeFormat(texts.language, { numeric: "auto" });
  const units = [["day", 86_400], ["hour", 3_600], ["minute", 60]];
  const [unit, length] = units.find(([, length]) => Math.abs(seconds) >= length) ?? ["minute", 60];
  return words.format(Math.round(seconds / length), unit);
}
