// Warns two minutes before the session ends, and again when it has ended. The server knows the
// time: another tab may have extended it. No countdown, no redirect, nothing stored.

import { ask } from "./ask.mjs";

const WARNING = 120;
const STATE = "/session/etat";
const EXTEND = "/session/prolonger";

const byId = (id) => document.getElementById(id);
const dialog = byId("fin");
const failure = byId("fin-echec");
const texts = new Map(Object.entries(JSON.parse(byId("fin-textes").textContent)));
const signOut = document.querySelector("form[action='/deconnexion']");

let until = 0;
let mayExtend = false;
let warned = false;
let ended = false;
let timer = 0;

const secondsLeft = () => Math.max(0, Math.ceil((until - Date.now()) / 1000));

function note({ left, extend }) {
  until = Date.now() + Number(left) * 1000;
  mayExtend = Boolean(extend);
}

/** The server's state; ended where the session is unknown; null where the server is unavailable. */
async function askState() {
  try {
    const answer = await fetch(STATE, { credentials: "same-origin", headers: { Accept: "application/json" } });
    if (answer.redirected || answer.status === 401 || answer.status === 403) return { left: 0, extend: false };
    return answer.ok ? await answer.json() : null;
  } catch {
    return null;
  }
}

function open(text) {
  byId("fin-texte").textContent = text;
  failure.hidden = true;
  byId("fin-prolonger").hidden = ended || !mayExtend;
  byId("fin-connexion").hidden = !ended;
  if (dialog.open) dialog.close();
  // The browser's own dialog: it holds the focus, closes on Escape, gives the focus back.
  dialog.showModal();
}

function warn() {
  if (warned) return;
  warned = true;
  const minutes = Math.max(1, Math.round(secondsLeft() / 60));
  open(texts.get(mayExtend ? "idle" : "limit").replace("{n}", String(minutes)));
}

function end() {
  ended = true;
  byId("fin-titre").textContent = texts.get("closed_title");
  open(texts.get("closed"));
}

function extended() {
  warned = false;
  if (dialog.open) dialog.close();
}

function wake(seconds) {
  window.clearTimeout(timer);
  timer = window.setTimeout(check, seconds * 1000);
}

function plan() {
  const seconds = secondsLeft();
  if (seconds === 0) end();
  else if (seconds > WARNING) {
    extended();
    wake(seconds - WARNING);
  } else {
    warn();
    wake(seconds);
  }
}

async function check() {
  if (ended) return;
  const state = await askState();
  if (state) note(state);
  if (!ended) plan();
}

async function prolong() {
  failure.hidden = true;
  const state = await ask(signOut, EXTEND, { go: "1" });
  if (ended) return;
  if (!state) {
    await check();
    if (!ended && warned) {
      failure.textContent = texts.get("failed");
      failure.hidden = false;
    }
    return;
  }
  note(state);
  plan();
  if (!ended && !warned) byId("fin-annonce").textContent = texts.get("extended");
}

byId("fin-prolonger").querySelector("button").addEventListener("click", prolong);
byId("fin-fermer").querySelector("button").addEventListener("click", () => dialog.close());

// A sleeping device stops the clocks of its pages; a page may also come back from the browser's memory.
document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "visible" && secondsLeft() <= WARNING) check();
});
window.addEventListener("pageshow", (event) => {
  if (event.persisted) check();
});

note({ left: dialog.dataset.left, extend: dialog.dataset.extend });
wake(Math.max(0, secondsLeft() - WARNING));
