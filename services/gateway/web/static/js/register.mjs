// The account form while one types: each password rule's state, the strength, the word lists asked
// of the server, a likely slip in the address. Keeps nothing; the server judges again.

import { judge, strength } from "./password-rules.mjs";

const PAUSE = 600;
const ANNOUNCE = 1500;
const form = document.getElementById("inscription");
const rules = JSON.parse(document.getElementById("regles-donnees").textContent);
const texts = new Map(Object.entries(JSON.parse(document.getElementById("textes").textContent)));
const csrf = form.elements.namedItem("csrf").value;
const input = (name) => form.elements.namedItem(name);
const byId = (id) => document.getElementById(id);
const button = byId("continuer");

let listed = { password: "", word: null };
let lastReason = byId("suite").textContent;
let wordTimer = 0;
let announceTimer = 0;
let asked = 0;

function say(key, values = {}) {
  let text = texts.get(key) ?? "";
  for (const [name, value] of Object.entries(values)) text = text.replaceAll(`{${name}}`, String(value));
  return text;
}

function candidate() {
  return {
    password: input("password").value,
    firstName: input("first_name").value,
    lastName: input("last_name").value,
    address: input("address").value,
  };
}

/** The page's verdicts, with the server's word about its lists added to the rule `common`. */
function verdicts(person) {
  const found = judge(rules, person);
  const common = found.find((verdict) => verdict.rule === "common");
  if (common?.ok && listed.password === person.password && listed.word) {
    common.ok = false;
    common.code = "listed_word";
    common.params = { word: listed.word };
  }
  return found;
}

const KINDS = new Map([
  ["forbidden_word", "excluded"], ["listed_word", "common_word"], ["sequence", "row"],
]);

function refusedWord(found) {
  const wrong = found.find((verdict) => !verdict.ok && (verdict.params?.word ?? verdict.params?.run));
  if (!wrong) return "";
  const part = wrong.params.part === "address" ? "address_part" : "name_part";
  const kind = wrong.code === "identity" ? part : KINDS.get(wrong.code) ?? "common_word";
  return say("refused", { word: wrong.params.word ?? wrong.params.run, kind: say(kind) });
}

function showRule(verdict, typed) {
  const item = form.querySelector(`[data-rule="${verdict.rule}"]`);
  if (!item) return;
  const state = typed && verdict.ok ? "valid" : "info";
  item.classList.remove("fr-message--info", "fr-message--valid");
  item.classList.add(`fr-message--${state}`);
  item.querySelector("[data-state]").textContent = typed ? say(verdict.ok ? "met" : "unmet") : "";
}

function show() {
  const person = candidate();
  const typed = person.password !== "";
  const found = verdicts(person);
  for (const verdict of found) showRule(verdict, typed);
  const left = found.filter((verdict) => !verdict.ok).length;
  // Beside a refusal « Fort » would contradict it.
  const force = left === 0 ? strength(rules, person) : "weak";
  showText("force", typed ? say("strength", { strength: say(force) }) : "");
  showText("mot-refuse", typed ? refusedWord(found) : "");
  const reason = typed && left === 0 ? say("ready") : say("left", { n: typed ? left : found.length });
  button.setAttribute("aria-disabled", String(!(typed && left === 0)));
  showText("suite", reason);
  announce(reason);
  return found;
}

function showText(id, text) {
  const element = byId(id);
  element.hidden = text === "";
  if (element.textContent !== text) element.textContent = text;
}

/** Spoken after a pause in typing, and only when it says something new. */
function announce(reason) {
  window.clearTimeout(announceTimer);
  announceTimer = window.setTimeout(() => {
    if (reason === lastReason) return;
    lastReason = reason;
    byId("suite-annonce").textContent = reason;
  }, ANNOUNCE);
}

async function post(address, fields) {
  const answer = await fetch(address, {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-Impex-Csrf": csrf },
    body: JSON.stringify(fields),
    credentials: "same-origin",
  });
  return answer.ok ? answer.json() : null;
}

async function askWord() {
  const person = candidate();
  if (person.password === "" || !judge(rules, person).every((verdict) => verdict.ok)) return;
  asked += 1;
  const turn = asked;
  const answer = await post("/inscription/mot-courant", { password: person.password }).catch(() => null);
  if (turn !== asked) return;
  listed = { password: person.password, word: answer?.word ?? null };
  show();
}

function changed() {
  show();
  window.clearTimeout(wordTimer);
  wordTimer = window.setTimeout(askWord, PAUSE);
}

async function askSuggestion() {
  const typed = input("address").value.trim();
  if (!typed.includes("@")) return;
  const answer = await post("/inscription/adresse-proche", { address: typed }).catch(() => null);
  if (input("address").value.trim() === typed) offer(answer?.suggestion ?? null);
}

function offer(suggestion) {
  const box = byId("suggestion");
  box.replaceChildren();
  box.hidden = !suggestion;
  if (!suggestion) return;
  // Pointed out once: sending the form with this spelling keeps it.
  input("address_kept").value = input("address").value;
  const line = document.createElement("p");
  line.textContent = say("suggestion", { suggestion });
  box.append(line, choice("correct", "secondary", suggestion), choice("keep", "tertiary", null));
}

function choice(key, look, address) {
  const element = document.createElement("button");
  element.type = "button";
  element.className = `fr-btn fr-btn--sm fr-btn--${look} fr-mr-1w`;
  element.textContent = say(key);
  element.addEventListener("click", () => {
    if (address) input("address").value = address;
    byId("suggestion").hidden = true;
    input("address").focus();
    if (rules.shown) changed();
  });
  return element;
}

form.addEventListener("submit", (event) => {
  if (button.getAttribute("aria-disabled") !== "true") return;
  if (event.submitter?.name) return;
  event.preventDefault();
  // Emptied first: the same sentence again is spoken only as a change.
  byId("suite-annonce").textContent = "";
  byId("suite-annonce").textContent = byId("suite").textContent;
  input("password").focus();
});

// Where the rules could not be had the form works as it does without this script.
if (rules.shown) {
  for (const name of ["password", "first_name", "last_name", "address"]) {
    input(name).addEventListener("input", changed);
  }
  show();
}
input("address").addEventListener("change", askSuggestion);
