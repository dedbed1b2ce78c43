// For every form: the summary of errors gets the focus, and a second press of a button
// before the response is ignored. Forms work without this script.

const summary = document.querySelector("[data-impex-focus]");
summary?.focus();

// As long as a slow response may take: afterwards, or once it was stopped, a press counts again. The
// form's key makes the same form sent twice one action.
const HOLD = 10000;
const sent = new WeakMap();

// On the document, so that the page's own script decides first whether the form is sent.
document.addEventListener("submit", (event) => {
  if (event.defaultPrevented || event.target.method !== "post") return;
  const now = Date.now();
  if (now - (sent.get(event.target) ?? 0) < HOLD) event.preventDefault();
  else sent.set(event.target, now);
});

// A page taken back from the browser's memory must be able to send again.
window.addEventListener("pageshow", () => {
  for (const form of document.forms) sent.delete(form);
});
