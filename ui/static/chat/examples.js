// The examples of a page that was drawn before they were known: shown as soon as they are.

import { ask, button, element } from "../bridge.js";

let known = [];

export async function offerExamples(conversation) {
  if (conversation.querySelector(".example, .asked")) return;
  const reply = await fetch("../api/examples").catch(() => null);
  if (!reply?.ok) return;
  known = (await reply.json()).examples;
  placeExamples(conversation);
}

// The greeting may come after the examples, and may bring examples of its own.
export function placeExamples(conversation) {
  const late = conversation.querySelector(".late");
  if (late && conversation.querySelector(".example")) return late.remove();
  const place = conversation.querySelector(".placeholder-content");
  if (late || !place || !known.length || conversation.querySelector(".example")) return;
  const offered = known.map((question) => button(question, () => ask(question)));
  place.append(element("div", { className: "late" }, ...offered));
}
