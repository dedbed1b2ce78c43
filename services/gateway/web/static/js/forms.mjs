// What every form gains: the summary of errors takes the focus, and a second press of a button
// while the first is on its way sends nothing. Forms work without it.

const summary = document.querySelector("[data-impex-focus]");
summary?.focus();

const sent = new WeakSet();

// On the document, so that a page's own script has already said whether the form may leave.
document.addEventListener("submit", (event) => {
  if (event.defaultPrevented || event.target.method !== "post") return;
  if (sent.has(event.target)) event.preventDefault();
  sent.add(event.target);
});

// A page taken back from the browser's memory must be able to send again.
window.addEventListener("pageshow", () => {
  for (const form of document.forms) sent.delete(form);
});
