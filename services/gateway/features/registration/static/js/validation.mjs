// The validation page: the delivery of the message, live; the wait before another one; the next
// step when the link is used elsewhere. Without this script the page shows all of it when reloaded.

import { follow } from "./follow.mjs";
import { countDown } from "./resend.mjs";

const page = document.getElementById("suivi");
const message = document.getElementById("message");
const words = document.getElementById("message-etat");
const sent = document.getElementById("message-envoi");
const correct = document.getElementById("message-corriger");
const LOOKS = new Map([["refused", "error"], ["deferred", "warning"]]);

/** Only a change is written, since screen readers announce the line. */
function showMail({ state, text }) {
  if (!text || words.textContent === text) return;
  words.textContent = text;
  message.classList.remove("fr-alert--info", "fr-alert--warning", "fr-alert--error");
  message.classList.add(`fr-alert--${LOOKS.get(state) ?? "info"}`);
  message.dataset.state = state;
  correct.hidden = state !== "refused";
  sent.hidden = state === "refused";
}

follow(
  { stream: "/inscription/validation/suivi", state: "/inscription/validation/etat", names: ["mail", "due"] },
  (document_) => {
    showMail(document_);
    if (!document_.due || document_.due === page.dataset.due) return false;
    window.location.assign(document_.next ?? "/inscription/validation");
    return true;
  },
);

countDown();
