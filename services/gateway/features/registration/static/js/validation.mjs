// The validation page: the delivery of the message, live; the wait before another one; the next
// step when the link is used elsewhere. Without this script the page shows all of it when reloaded.

import { follow } from "./follow.mjs";
import { countDown } from "./resend.mjs";

const HERE = "/inscription/validation";
const page = document.getElementById("suivi");
const message = document.getElementById("message");
const words = document.getElementById("message-etat");
const LOOKS = new Map([["deferred", "warning"]]);

/** Only a change is written, since screen readers announce the line. */
function showMail({ state, text }) {
  if (!text || words.textContent === text) return;
  words.textContent = text;
  message.classList.remove("fr-alert--info", "fr-alert--warning");
  message.classList.add(`fr-alert--${LOOKS.get(state) ?? "info"}`);
  message.dataset.state = state;
}

follow(
  { stream: "/inscription/validation/suivi", state: "/inscription/validation/etat", names: ["mail", "due"] },
  (document_) => {
    const due = document_.due ?? page.dataset.due;
    if (due !== page.dataset.due) {
      window.location.assign(document_.next ?? HERE);
      return true;
    }
    // A message that was refused asks for something else: the page begins again with that.
    if (document_.action && document_.action !== page.dataset.action) {
      window.location.assign(HERE);
      return true;
    }
    if (page.dataset.action === "code") showMail(document_);
    return false;
  },
);

countDown();
