// For every form: the summary of errors gets the focus, or the only field; what the server refused is
// no longer shown as wrong once it is changed; a second press of a button before the response is
// ignored; a dialog begins at its main button. Forms work without this script.

const summary = document.querySelector("[data-impex-focus]");
summary?.focus();

// An attribute `autofocus` would scroll past what stands above the field, on a phone past the header.
const only = document.querySelector("[data-impex-begin]");
if (only && !summary && document.activeElement === document.body) {
  if (only.getBoundingClientRect().bottom <= window.innerHeight) only.focus({ preventScroll: true });
}

const WRONG = ["fr-input-group--error", "fr-select-group--error", "fr-checkbox-group--error"];

/** The server's message speaks of the value that was sent, not of the one that is typed now. */
function accept(field) {
  if (field.getAttribute("aria-invalid") !== "true") return;
  field.removeAttribute("aria-invalid");
  field.classList.remove("fr-input--error", "fr-select--error");
  for (const name of WRONG) field.closest(`.${name}`)?.classList.remove(name);
  document.getElementById(`${field.id}-messages`)?.replaceChildren();
  field.addEventListener("change", () => forget(field), { once: true });
}

let pressing = false;
document.addEventListener("pointerdown", () => { pressing = true; }, true);
for (const end of ["pointerup", "pointercancel"]) {
  document.addEventListener(end, () => { pressing = false; }, true);
}

/**
 * Out of the summary only when the field is left: what one types in must not move, nor the button
 * by whose press one leaves it, which would miss.
 */
function forget(field) {
  if (pressing) {
    document.addEventListener("pointerup", () => window.setTimeout(() => forget(field)), { once: true });
    return;
  }
  const link = `a[href="#${field.id}"]`;
  document.querySelector(`#erreurs ${link}`)?.closest("li").remove();
  if (!document.querySelector("#erreurs li")) document.getElementById("erreurs")?.remove();
  if (document.querySelector(`#alerte ${link}`)) document.getElementById("alerte").remove();
}

document.addEventListener("input", (event) => accept(event.target));

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

/**
 * The design system gives the focus to « Fermer », the first of a dialog; it is ready a few frames
 * after it was opened. A dialog without a main button, or where that is still hidden, stays so.
 */
function focusMain(button, tries = 60) {
  button.focus({ preventScroll: true });
  if (document.activeElement !== button && tries > 0) {
    window.requestAnimationFrame(() => focusMain(button, tries - 1));
  }
}

document.addEventListener("dsfr.disclose", (event) => {
  const main = event.target.querySelector("[data-impex-main]");
  if (main && !main.hidden) focusMain(main);
});
