// What every form gains: the summary of errors takes the focus, and a second press of a button
// while the first is on its way sends nothing. Forms work without it.

const summary = document.querySelector("[data-impex-focus]");
summary?.focus();

for (const form of document.querySelectorAll("form[method=post]")) {
  let sent = false;
  form.addEventListener("submit", (event) => {
    if (event.defaultPrevented) return;
    if (sent) {
      event.preventDefault();
      return;
    }
    sent = true;
    // A page taken back from the browser's memory must be able to send again.
    window.addEventListener("pageshow", () => { sent = false; }, { once: true });
  });
}
