// Files for a conversation: chosen with the button or dropped anywhere, sent one after the other, and
// read by the server once they are there. It only gets the ids that it gave out itself.

import { announce, element, field, fill, press, record, say, settled, texts } from "../bridge.js";

const MEGABYTE = 1_000_000;
const limit = Number(document.querySelector("meta[name=footnote-megabytes]")?.content ?? Infinity);

let line = null;
let sending = Promise.resolve();

export function takeFiles() {
  const button = document.getElementById("attach");
  takeDrops(Boolean(button));
  if (!button) return; // this server takes no files
  line = element("div", { id: "sending" });
  const composer = document.getElementById("composer");
  composer.prepend(line);
  new MutationObserver(labelled).observe(composer, { childList: true, subtree: true });
  const input = element("input", { type: "file", multiple: true, hidden: true });
  input.addEventListener("change", () => {
    add([...input.files]);
    input.value = ""; // the same file can be chosen again
  });
  document.body.append(input);
  button.addEventListener("click", () => input.click());
  for (const kind of ["click", "keydown"]) document.addEventListener(kind, removed);
  // What was refused was told, and is not told again.
  for (const name of ["footnote:answered", "footnote:anew"]) document.addEventListener(name, () => tell());
}

function takeDrops(allowed) {
  const hint = element("div", { id: "drop", textContent: texts.drop, hidden: true });
  document.body.append(hint);
  const carriesFiles = (event) => event.dataTransfer?.types.includes("Files");
  document.addEventListener("dragover", (event) => {
    if (!carriesFiles(event)) return;
    event.preventDefault();
    hint.hidden = !allowed;
    if (!allowed) event.dataTransfer.dropEffect = "none";
  });
  document.addEventListener("dragleave", (event) => event.relatedTarget || (hint.hidden = true));
  document.addEventListener("drop", (event) => {
    if (!carriesFiles(event)) return;
    event.preventDefault(); // or the browser would leave the page for the file
    hint.hidden = true;
    if (!allowed) return;
    const { items, files } = event.dataTransfer;
    const folders = new Set([...items].filter((item) => item.kind === "file")
      .map((item, at) => [item.webkitGetAsEntry?.(), files[at]])
      .filter(([entry]) => entry?.isDirectory).map(([, file]) => file));
    add([...files], folders);
  });
}

function add(files, folders = new Set()) {
  const conversation = record()?.id;
  if (files.length && conversation) sending = sending.catch(() => {}).then(() => send(files, folders, conversation));
}

async function send(files, folders, conversation) {
  const ids = [];
  const refused = [];
  for (const file of files) {
    try {
      if (folders.has(file)) throw new Error(texts.upload_folder);
      if (file.size > limit * MEGABYTE) throw new Error(say(texts.upload_too_large, { limit }));
      ids.push(await sent(file, conversation));
    } catch ({ message }) {
      refused.push(say(texts.upload_refused, { name: file.name, reason: message }));
    }
  }
  tell(...refused);
  if (refused.length) announce(refused.join(" "));
  // A reader who went on to another conversation has no use for them; the server deletes them.
  if (!ids.length || record()?.id !== conversation) return;
  fill("uploaded", ids.join(" "));
  await settled();
  press("read");
}

// The id of a file that has arrived. `fetch` would not tell how far it is.
function sent(file, conversation) {
  const progress = (loaded) => {
    const percent = Math.round((100 * loaded) / Math.max(file.size, 1));
    tell(say(texts.upload_sending, { name: file.name, percent: Math.min(percent, 100) }));
  };
  progress(0);
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.upload.onprogress = ({ loaded }) => progress(loaded);
    request.onerror = () => reject(new Error(texts.upload_broken));
    request.onload = () => {
      const { id, error } = request.response ?? {};
      if (id) resolve(id);
      else reject(new Error(error ?? texts.upload_broken));
    };
    request.responseType = "json";
    request.open("POST", `../api/uploads?${new URLSearchParams({ conversation, name: file.name })}`);
    request.send(file);
  });
}

// A press on the cross of a file takes it away again.
async function removed(event) {
  const link = event.target.closest?.("#attached a.remove");
  if (!link || (event.type === "keydown" && event.key !== " ")) return;
  event.preventDefault();
  fill("uploaded", decodeURIComponent(link.getAttribute("href").slice("#remove-".length)));
  await settled();
  press("remove");
  field("question").focus();
}

// What Gradio shows of files is no more than links; here they are the buttons that they mean to be.
function labelled() {
  for (const link of document.querySelectorAll("#attached a.remove:not([role])")) {
    link.setAttribute("role", "button");
    link.setAttribute("aria-label", link.title);
  }
}

function tell(...lines) {
  line.replaceChildren(...lines.map((text) => element("p", { textContent: text })));
}
