// What every form gains: the summary of errors takes the focus, and a second press of a button
// while the first is on its way sends nothing. Forms work without it.

const summary = document.querySelector("[data-impex-focus]");
summary?.focus();

// As long as a slow answer may take: afterwards, or once it was stopped, a press counts again. The
// form's key makes the same form sent twice one act.
const HOLD = 10000;
const sent = new WeakMap();

// On the document, so that a page's own script has already said whether the form may leave.
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
