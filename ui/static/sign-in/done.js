// Signed in, in a window that a frame of ours opened: we send the frame the code, and close.

const { content: code } = document.querySelector("meta[name=footnote-code]");
if (window.opener) {
  window.opener.postMessage({ footnote: "signed-in", code }, location.origin);
  window.close();
}
