// The complementary information while it is typed: the fields of a country and of « Autres »,
// the look-up of the SIRET, a warning about unsaved changes, the summary in a dialog. The page does
// all of it without this script; nothing is stored in the browser, and the server validates again.

import { ask } from "./ask.mjs";
import { cleanNumber } from "./typed-text.mjs";

const PAUSE = 400;
const DIGITS = 14;
const FILLED = ["company_name", "address", "address_extra", "postal_code", "city", "establishment_type"];

const byId = (id) => document.getElementById(id);
const form = byId("informations");
const texts = new Map(Object.entries(JSON.parse(byId("textes").textContent)));
const input = (name) => form.elements.namedItem(name);
const state = byId("siret-etat");
const reason = byId("ferme");

const countries = JSON.parse(byId("pays").textContent);

/** The hints of the chosen country, from the table that the page was written with. */
function showHints() {
  const hints = countries.countries[input("country").value];
  if (!hints) return;
  for (const name of countries.fields) {
    const [kind, example] = hints[name] ?? [name, ""];
    byId(`${name}-indication`).textContent = countries.texts[kind].replace("{example}", example);
  }
  const required = countries.required.includes(hints.postal_code[0]);
  input("postal_code").required = required;
  form.querySelector("[data-mandatory='postal_code']").hidden = !required;
}

/** Changes a field as if somebody typed: what listens to changes learns of it. */
function put(field, value) {
  field.value = value;
  for (const kind of ["input", "change"]) field.dispatchEvent(new Event(kind, { bubbles: true }));
}

/** A hidden part is not sent: its values no longer apply. */
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

// The SIRET: looked up after a pause once it is long enough, and when the field loses the focus.

let waiting = 0;
let asked = "";

const typedSiret = () => cleanNumber("siret", input("siret").value);

function say(text, look) {
  // Only a change is written, since screen readers announce the line.
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

// What the directory filled in follows the number: `filled` is what nobody has changed since, by
// field, for the number `filledFor`. The form sends both, for the server and for the next page.

const marker = input("filled_in");
let [filledFor = "", ...names] = marker.value.split(" ").filter(Boolean);
const filled = new Map(names.map((name) => [name, input(name).value]));

function writeMarker() {
  marker.value = filled.size > 0 ? [filledFor, ...filled.keys()].join(" ") : "";
}

const suggested = (answer, name) =>
  name === "establishment_type" ? (answer.hospital_pharmacy ? "hospital_pharmacy" : "") : answer[name] || "";

/**
 * Fills in empty fields and those that were filled in for another number; what was typed stays.
 * @returns {string} what happened: `filled`, `replaced`, `emptied`, or nothing
 */
function fillIn(answer, siret) {
  let [wrote, replaced, emptied] = [false, false, false];
  for (const name of FILLED) {
    const field = input(name);
    const ours = filled.has(name) && field.value === filled.get(name) && siret !== filledFor;
    const value = suggested(answer, name);
    if (field.value.trim() && !ours) continue;
    if (ours && value !== field.value) {
      if (value) replaced = true;
      else emptied = true;
    } else if (value) wrote = true;
    put(field, value);
    if (value) filled.set(name, value);
    else filled.delete(name);
  }
  if (siret !== filledFor) {
    for (const [name, value] of filled) if (input(name).value !== value) filled.delete(name);
    filledFor = siret;
  }
  writeMarker();
  showParts();
  return replaced || (emptied && wrote) ? "replaced" : emptied ? "emptied" : wrote ? "filled" : "";
}

for (const name of FILLED) {
  input(name).addEventListener("input", () => {
    filled.delete(name);
    writeMarker();
  });
}

async function lookUp() {
  window.clearTimeout(waiting);
  const siret = typedSiret();
  if (siret === asked) return;
  asked = siret;
  if (!siret) {
    say(texts.get(fillIn({}, "")) ?? "", "");
    return;
  }
  const answer = await ask(form, "/informations/etablissement", { siret });
  if (siret !== typedSiret()) return;
  if (!answer) {
    // No response: the server validates when the form is sent, and typing looks up again.
    asked = "";
    say("", "");
    return;
  }
  const done = answer.state === "invalid" ? "" : fillIn(answer, siret);
  say(done ? `${answer.text} ${texts.get(done)}` : answer.text, LOOKS.get(answer.state));
  toggle(reason, answer.state === "closed");
}

input("siret").addEventListener("input", () => {
  window.clearTimeout(waiting);
  // What was said is about another number.
  if (typedSiret() !== asked) {
    say("", "");
    asked = null;
  }
  if (typedSiret().length >= DIGITS) waiting = window.setTimeout(lookUp, PAUSE);
});
input("siret").addEventListener("change", lookUp);

for (const name of ["country", "position", "establishment_type"]) {
  input(name).addEventListener("change", showParts);
}
input("country").addEventListener("change", showHints);
showParts();

// Another version of the draft: its values are taken over here, without asking the server.

function takeOver(button) {
  const field = input(button.value);
  put(field, button.dataset.value);
  button.closest("[data-other-version]").remove();
  return field;
}

for (const button of form.querySelectorAll("[data-other-version] button")) {
  button.addEventListener("click", (event) => {
    event.preventDefault();
    takeOver(button).focus();
  });
}
byId("tout-reprendre")?.addEventListener("click", (event) => {
  event.preventDefault();
  for (const button of form.querySelectorAll("[data-other-version] button")) takeOver(button);
  event.target.closest("p").remove();
  byId("alerte")?.remove();
  byId("enregistrer").focus();
});

// Unsaved changes: a dialog warns before « Fermer » leaves the page.

const OURS = new Set(["csrf", "key", "mark", "dialog", "version"]);

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

// Once the session has ended, « Se connecter » sends what was typed along: the server saves it for
// its holder alone.
document.querySelector("#fin-connexion a")?.addEventListener("click", (event) => {
  event.preventDefault();
  form.requestSubmit(byId("enregistrer"));
});

// The summary in a dialog instead of a separate page.

input("dialog").value = "1";
const summary = byId("validation");

/** The design system's dialog is ready a few frames after this script. */
function open(tries = 120) {
  const modal = window.dsfr?.(summary)?.modal;
  if (modal) {
    // After closing, the focus returns to the button that opened the summary.
    byId("valider").focus({ preventScroll: true });
    modal.disclose();
    summary.addEventListener("dsfr.conceal", () => byId("valider").focus());
    window.history.replaceState(null, "", "/informations");
  } else if (tries > 0) window.requestAnimationFrame(() => open(tries - 1));
}

if (summary) open();
