// In a frame, before its reader has signed in: the page around gets a message, and what the window in
// which they do brings a code that lets this frame in, too.

const form = document.getElementById("frame");
const [, query = ""] = form.elements.next.value.split("?");
const parent = new URLSearchParams(query).get("origin") ?? "";
const origins = document.querySelector("meta[name=footnote-origins]").content.split(" ");
const mayHear = [location.origin, ...origins].filter(Boolean).includes(parent);

addEventListener("message", ({ origin, data }) => {
  if (origin !== location.origin || data?.footnote !== "signed-in") return;
  form.elements.code.value = data.code;
  form.submit();
});

if (window.parent !== window && mayHear) window.parent.postMessage({ footnote: "sign-in" }, parent);
