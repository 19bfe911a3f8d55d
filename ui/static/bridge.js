// The way from our scripts to what Gradio holds: its fields are filled and its buttons pressed as a
// reader would, so that there is one path to an answer.

export const texts = JSON.parse(document.getElementById("footnote-texts").textContent);

export function say(text, values = {}) {
  return text.replace(/\{(\w+)\}/g, (all, name) => values[name] ?? all);
}

export function field(id) {
  return document.querySelector(`#${id} textarea, #${id} input`);
}

export function fill(id, value) {
  const box = field(id);
  box.value = value;
  box.dispatchEvent(new Event("input", { bubbles: true }));
}

export function press(id) {
  const found = document.getElementById(id);
  (found?.matches("button") ? found : found?.querySelector("button"))?.click();
}

// Gradio takes over what was filled in with its next update.
export function settled() {
  return new Promise((resolve) => setTimeout(resolve));
}

export function record() {
  try {
    return JSON.parse(field("record").value);
  } catch {
    return null;
  }
}

export function busy() {
  return Boolean(document.querySelector("#pending, #conversation .waiting, #conversation .growing"));
}

// Asks; with `at`, in place of that exchange and all that came after it.
export async function ask(question, at = null) {
  const held = record();
  if (!held || busy()) return false;
  if (at !== null) fill("record", JSON.stringify({ ...held, exchanges: held.exchanges.slice(0, at) }));
  fill("question", question);
  await settled();
  submit();
  return true;
}

export function submit() {
  document.querySelector("#question .submit-button")?.click();
}

export async function show(conversation) {
  fill("record", JSON.stringify(conversation));
  await settled();
  press("restore");
}

// Controls, and what turns the direction of the text around it: by these a file called "gpj.exe" is
// read as "exe.jpg". The page says what it is given by the server without them, too.
const MISLEADING = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g;

export function harmless(text, instead = "") {
  return String(text).replace(MISLEADING, instead);
}

export function element(name, properties = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (key.includes("-") || key === "role") made.setAttribute(key, value);
    else made[key] = key === "textContent" ? harmless(value) : value;
  }
  made.append(...children);
  return made;
}

export function button(label, press_, properties = {}) {
  return element("button", { type: "button", onclick: press_, textContent: label, ...properties });
}

// For screen readers; what is seen changes elsewhere.
const voice = element("div", { role: "status", "aria-live": "polite", className: "unseen" });
document.body.append(voice);

export function announce(text) {
  voice.textContent = "";
  setTimeout(() => (voice.textContent = text), 50);
}

export async function post(path, body) {
  const reply = await fetch(path, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
  if (!reply.ok) throw new Error(`${path}: ${reply.status}`);
  return reply;
}
