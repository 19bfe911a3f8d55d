// Signed in, in a window that a frame of ours opened: the frame is told the code, and we close.

const { content: code } = document.querySelector("meta[name=footnote-code]");
if (window.opener) {
  window.opener.postMessage({ footnote: "signed-in", code }, location.origin);
  window.close();
}
