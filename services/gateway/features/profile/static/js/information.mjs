// The complementary information while one types: what the country asks for, what « Autres » asks,
// the SIRET judged, changes not saved told before one leaves, the summary in a dialog. The page does
// all of it without this script; nothing is kept in the browser, and the server judges again.

import { ask } from "./ask.mjs";

const PAUSE = 400;
const DIGITS = 14;
const FILLED = ["company_name", "address", "address_extra", "postal_code", "city"];

const byId = (id) => document.getElementById(id);
const form = byId("informations");
const texts = new Map(Object.entries(JSON.parse(byId("textes").textContent)));
const input = (name) => form.elements.namedItem(name);
const state = byId("siret-etat");
const reason = byId("ferme");

/** A hidden part is not sent: what was typed there does not belong to the rest any more. */
function toggle(part, shown) {
  part.hidden = !shown;
  for (const field of part.querySelectorAll("input, select")) field.disabled = !shown;
}

function showParts() {
  const withSiret = form.dataset.siretCountries.split(" ").includes(input("country").value);
  for (const part of form.querySelectorAll("[data-where]")) {
    toggle(part, (part.dataset.where === "siret") === withSiret);
  }
  for (const part of form.querySelectorAll("[data-other]")) {
    toggle(part, input(part.dataset.other).value === "other");
  }
  if (!withSiret) toggle(reason, false);
  else toggle(reason, !reason.hidden);
}

// The SIRET: asked after a pause once it is long enough, and when one leaves the field.

let waiting = 0;
let asked = "";

const typedSiret = () => input("siret").value.replace(/[\s.]/g, "");

function say(text, look) {
  // Only a change is written, since the line is spoken.
  if (state.textContent !== text) state.textContent = text;
  state.className = `fr-message${look ? ` fr-message--${look}` : ""}`;
}

const LOOKS = new Map([
  ["invalid", "error"],
  ["off", "valid"],
  ["found", "valid"],
  ["deferred", "info"],
  ["unlisted", "warning"],
  ["closed", "warning"],
]);

/** Fill in what is still empty; whatever was typed stays. */
function fillIn(answer) {
  const empty = FILLED.filter((name) => answer[name] && !input(name).value.trim());
  for (const name of empty) input(name).value = answer[name];
  if (answer.hospital_pharmacy && !input("establishment_type").value) {
    input("establishment_type").value = "hospital_pharmacy";
    showParts();
  }
  return empty.length > 0;
}

async function judge() {
  window.clearTimeout(waiting);
  const siret = typedSiret();
  if (siret === asked) return;
  asked = siret;
  if (!siret) {
    say("", "");
    return;
  }
  const answer = await ask(form, "/informations/etablissement", { siret });
  if (siret !== typedSiret()) return;
  if (!answer) {
    // Nobody answered: the server judges when the form is sent, and typing asks again.
    asked = "";
    say("", "");
    return;
  }
  const filled = fillIn(answer);
  say(filled ? `${answer.text} ${texts.get("filled")}` : answer.text, LOOKS.get(answer.state));
  toggle(reason, answer.state === "closed");
}

input("siret").addEventListener("input", () => {
  window.clearTimeout(waiting);
  if (typedSiret().length >= DIGITS) waiting = window.setTimeout(judge, PAUSE);
});
input("siret").addEventListener("change", judge);

for (const name of ["country", "position", "establishment_type"]) {
  input(name).addEventListener("change", showParts);
}
showParts();

// Changes that are not saved: told in a dialog before one leaves by « Fermer », never by a jump.

const OURS = new Set(["csrf", "key", "mark", "dialog"]);

function content() {
  return JSON.stringify([...new FormData(form)].filter(([name]) => !OURS.has(name)));
}

const saved = content();
const unsaved = () => form.hasAttribute("data-unsaved") || content() !== saved;
const leaving = byId("quitter");

byId("fermer").addEventListener("click", (event) => {
  if (!unsaved()) return;
  event.preventDefault();
  // The browser's own dialog: it holds the focus, closes on Escape, gives the focus back.
  leaving.showModal();
});
byId("quitter-revenir").addEventListener("click", () => leaving.close());

// Once the session has ended, « Se connecter » brings what was typed along: the server keeps it for
// its holder alone.
document.querySelector("#fin-connexion a")?.addEventListener("click", (event) => {
  event.preventDefault();
  form.requestSubmit(byId("enregistrer"));
});

// The summary in a dialog instead of a page of its own.

input("dialog").value = "1";
const summary = byId("validation");

/** The design system's dialog is ready a few frames after this script. */
function open(tries = 120) {
  const modal = window.dsfr?.(summary)?.modal;
  if (modal) {
    // Closed, the focus goes back to where it was: the button that asked for the summary.
    byId("valider").focus({ preventScroll: true });
    modal.disclose();
    summary.addEventListener("dsfr.conceal", () => byId("valider").focus());
    window.history.replaceState(null, "", "/informations");
  } else if (tries > 0) window.requestAnimationFrame(() => open(tries - 1));
}

if (summary) open();
