// What changes by itself on the owner's page: alerts, and how far a sync or a review is.

// Alerts are there within a minute, and the readiness of the server is looked at anew each time.
const SECONDS = { quiet: 10, busy: 2 };
const language = document.documentElement.lang;
const parts = new Map([...document.querySelectorAll("[data-part]")].map((one) => [one.dataset.part, one]));
let wasBusy = false;

function withLocalTimes(root) {
  for (const time of root.querySelectorAll("time")) {
    time.textContent = new Date(time.dateTime).toLocaleString(language, { dateStyle: "medium", timeStyle: "short" });
  }
}

async function look() {
  let busy = false;
  try {
    const reply = await fetch(`admin/state?lang=${language}`);
    if (reply.ok) {
      const told = await reply.json();
      busy = told.busy;
      for (const [name, html] of Object.entries(told.parts)) put(parts.get(name), html);
      // What it has changed is in the rest of the page.
      if (wasBusy && !busy && !isFillingIn()) location.reload();
      wasBusy = busy;
    }
  } catch {
    // The server is away; it is asked again.
  }
  setTimeout(look, 1000 * (busy ? SECONDS.busy : SECONDS.quiet));
}

// The server has escaped what others wrote. What is the same is left alone, so that nothing is announced again.
function put(place, html) {
  if (!place || place.told === html) return;
  place.told = html;
  place.innerHTML = html;
  withLocalTimes(place);
}

function isFillingIn() {
  return [...document.querySelectorAll("input:not([type=hidden])")].some((input) => input.value !== input.defaultValue);
}

withLocalTimes(document);
look();
