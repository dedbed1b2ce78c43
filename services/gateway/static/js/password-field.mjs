// A new password while it is typed: each rule's state, the strength, the word lists of the
// server, and whether the form can be sent. Stores nothing; the server validates again.

import { evaluate, strength } from "./password-rules.mjs";
import { ask } from "./ask.mjs";

const PAUSE = 600;
const ANNOUNCE = 1500;
const KINDS = new Map([
  ["forbidden_word", "excluded"], ["listed_word", "common_word"], ["sequence", "row"],
  ["repeated", "repetition"],
]);
const byId = (id) => document.getElementById(id);
const data = (id) => JSON.parse(byId(id).textContent);

/**
 * Watches the field `password` of a form and its button `continuer`.
 * @param {HTMLFormElement} form
 * @param {() => {firstName?: string, lastName?: string, address?: string}|null} person whose
 *   password it is; null where the page does not know it, so that only the server checks `identity`
 * @returns {() => void} to be called when the person's name or address changed
 */
export function watchPassword(form, person) {
  const rules = data("regles-donnees");
  // Without the rules the form works as it does without this script.
  if (!rules.shown) return () => {};
  const texts = new Map(Object.entries(data("textes")));
  const field = form.elements.namedItem("password");
  const button = byId("continuer");
  let listed = { password: "", answered: false, word: null, tooSimple: false };
  let lastReason = byId("suite").textContent;
  let wordTimer = 0;
  let announceTimer = 0;
  let asked = 0;

  function say(key, values = {}) {
    let text = texts.get(key) ?? "";
    for (const [name, value] of Object.entries(values)) text = text.replaceAll(`{${name}}`, String(value));
    return text;
  }

  function sayLeft(n) {
    return say(n === 1 ? "left_one" : "left", { n });
  }

  function evaluated() {
    const who = person();
    const found = evaluate(rules, { password: field.value, ...who });
    return who ? found : found.filter((verdict) => verdict.rule !== "identity");
  }

  /** The page's results, with the server's result of its lists added to the rule `common`: `open`
   * until the server has answered for the current value. */
  function verdicts() {
    const found = evaluated();
    const common = found.find((verdict) => verdict.rule === "common");
    if (!common?.ok) return found;
    common.open = listed.password !== field.value || !listed.answered;
    if (!common.open && (listed.word || listed.tooSimple)) {
      common.ok = false;
      common.code = listed.word ? "listed_word" : "too_simple";
      common.params = listed.word ? { word: listed.word } : {};
    }
    return found;
  }

  function refusedWord(found) {
    if (found.some((verdict) => verdict.code === "too_simple")) return say("too_simple");
    const wrong = found.find((verdict) => !verdict.ok && (verdict.params?.word ?? verdict.params?.run));
    if (!wrong) return "";
    const part = wrong.params.part === "address" ? "address_part" : "name_part";
    const kind = wrong.code === "identity" ? part : KINDS.get(wrong.code) ?? "common_word";
    return say("refused", { word: wrong.params.word ?? wrong.params.run, kind: say(kind) });
  }

  function showRule(verdict, typed) {
    const item = form.querySelector(`[data-rule="${verdict.rule}"]`);
    if (!item) return;
    const said = typed && !verdict.open;
    const state = said && verdict.ok ? "valid" : "info";
    item.classList.remove("fr-message--info", "fr-message--valid");
    item.classList.add(`fr-message--${state}`);
    item.querySelector("[data-state]").textContent = said ? say(verdict.ok ? "met" : "unmet") : "";
  }

  // After a question about the address, the server has the password already.
  const isKept = () => Boolean(form.elements.namedItem("address_question")?.value);

  function show() {
    const typed = field.value !== "";
    const found = verdicts();
    for (const verdict of found) showRule(verdict, typed);
    const left = found.filter((verdict) => !verdict.ok).length;
    // « Fort » would contradict a refusal.
    const force = left === 0 ? strength(rules, { password: field.value, ...person() }) : "weak";
    showText("force", typed ? say("strength", { strength: say(force) }) : "");
    showText("mot-refuse", typed ? refusedWord(found) : "");
    const isReady = typed ? left === 0 : isKept();
    const reason = typed ? whatIsLeft(found, left) : isReady ? "" : sayLeft(found.length);
    button.setAttribute("aria-disabled", String(!isReady));
    showText("suite", reason);
    announce(reason);
  }

  function whatIsLeft(found, left) {
    const counted = left > 0 ? [sayLeft(left)] : [];
    if (found.some((verdict) => verdict.open)) return [...counted, say("unasked")].join(" ");
    return counted[0] ?? say("ready");
  }

  function showText(id, text) {
    const element = byId(id);
    element.hidden = text === "";
    if (element.textContent !== text) element.textContent = text;
  }

  /** Announced after a pause in typing, and only where it has changed. */
  function announce(reason) {
    window.clearTimeout(announceTimer);
    announceTimer = window.setTimeout(() => {
      if (reason === lastReason) return;
      lastReason = reason;
      byId("suite-annonce").textContent = reason;
    }, ANNOUNCE);
  }

  async function askWord() {
    const password = field.value;
    if (password === "" || !evaluated().every((verdict) => verdict.ok)) return;
    asked += 1;
    const turn = asked;
    const answer = await ask(form, "/inscription/mot-courant", { password });
    if (turn !== asked) return;
    listed = {
      password,
      answered: answer !== null,
      word: answer?.word ?? null,
      tooSimple: answer?.too_simple ?? false,
    };
    show();
  }

  function changed() {
    show();
    window.clearTimeout(wordTimer);
    wordTimer = window.setTimeout(askWord, PAUSE);
  }

  form.addEventListener("submit", (event) => {
    // Again: a password manager may have filled in a field without an event.
    show();
    if (button.getAttribute("aria-disabled") !== "true") return;
    if (event.submitter?.name) return;
    event.preventDefault();
    // Emptied first: screen readers announce the same text only as a change.
    byId("suite-annonce").textContent = "";
    byId("suite-annonce").textContent = byId("suite").textContent;
    field.focus();
  });

  field.addEventListener("input", changed);
  show();
  return changed;
}
