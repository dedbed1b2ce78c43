// The creation of the account in a dialog: it follows the creation and ends with a button, not
// with a redirect. After closing, the page shows the same.

import { follow } from "./follow.mjs";

const SLOW = 10000;
const page = document.getElementById("suivi");
const dialog = document.getElementById("creation");
const texts = new Map(Object.entries(JSON.parse(document.getElementById("textes").textContent)));

function say(key) {
  for (const element of document.querySelectorAll("[data-creation-text]")) {
    if (element.textContent !== texts.get(key)) element.textContent = texts.get(key);
  }
}

function created() {
  say("created");
  for (const element of document.querySelectorAll("[data-creation-wait]")) element.hidden = true;
  for (const element of document.querySelectorAll("[data-creation-done]")) element.hidden = false;
  page.dataset.due = "created";
  const main = dialog.querySelector("[data-impex-main]");
  if (dialog.contains(document.activeElement)) main.focus({ preventScroll: true });
}

/**
 * The design system's dialog: named, holds the focus, closes on Escape, gives the focus back to its
 * button. It is ready a few frames after this script; without it the page shows everything.
 */
function open(tries = 120) {
  const modal = window.dsfr?.(dialog)?.modal;
  if (modal) {
    // The dialog opens by itself: the focus is set on its button first, so that closing returns it there.
    document.getElementById("ouvrir-suivi").focus({ preventScroll: true });
    modal.disclose();
  } else if (tries > 0) window.requestAnimationFrame(() => open(tries - 1));
}

open();

if (page.dataset.due !== "created") {
  const slow = window.setTimeout(() => say("slow"), SLOW);
  follow(
    { stream: "/inscription/creation/suivi", state: "/inscription/creation/etat", names: ["mail", "due"] },
    (state) => {
      if (state.state === null && state.next) {
        window.location.assign(state.next);
        return true;
      }
      if (state.due !== "created") return false;
      window.clearTimeout(slow);
      created();
      return true;
    },
  );
}
