// What the live pages of operators share: they follow while they are visible and nobody has paused
// them, announce the number of dead letters, once a minute at most, and say when nothing new comes.

import { follow } from "./follow.mjs";

const ANNOUNCE = 60000;
// Longer than the server is silent while it can read, with the wait for an answer.
const STALE = 15000;

/** Put a text where another one stands. */
export function put(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/**
 * @param {HTMLElement} root the part of the page that follows, with its addresses
 * @param {string} name that of the events
 * @param {(state: object) => void} show receives each state
 */
export function live(root, name, show) {
  const texts = new Map(Object.entries(JSON.parse(document.getElementById("textes").textContent)));
  const button = root.querySelector("[data-pause]");
  const announce = root.querySelector("[data-announce]");
  const stale = root.querySelector("[data-stale]");
  const why = root.querySelector("[data-why]");
  const unknown = why.textContent;
  let stop = null;
  let overdue = 0;
  let unread = false;
  let dead = null;
  let announced = 0;

  /** One minute must pass between two announcements; the last number is the one that is told. */
  function tell(count) {
    if (dead === null || count === dead || Date.now() - announced < ANNOUNCE) {
      dead ??= count;
      return;
    }
    dead = count;
    announced = Date.now();
    put(announce, texts.get("dead").replace("{n}", count));
  }

  function warn(shown) {
    if (stale.hidden === !shown) return;
    stale.hidden = !shown;
    put(announce, shown ? stale.innerText : "");
  }

  function wait() {
    window.clearTimeout(overdue);
    overdue = window.setTimeout(() => warn(true), STALE);
  }

  /** The server answers: what is shown is new for a while. */
  function renew() {
    wait();
    put(why, unknown);
    warn(unread);
  }

  function receive(state) {
    if (state.alive !== undefined) {
      renew();
      return false;
    }
    if (state.away !== undefined) {
      put(why, state.away);
      return false;
    }
    if (state.at === undefined) {
      window.clearTimeout(overdue);
      put(announce, texts.get("ended"));
      announce.classList.remove("fr-sr-only");
      return true;
    }
    const at = root.querySelector("[data-at]");
    if (state.at) put(at, state.at);
    at.parentElement.hidden = at.textContent === "";
    // What could not be read from the first on, the page says itself.
    unread = !state.at && !state.html && !root.querySelector("[data-unread]");
    renew();
    show(state);
    if (state.dead !== undefined) tell(state.dead);
    return false;
  }

  function start() {
    wait();
    stop ??= follow(
      { stream: root.dataset.stream, state: root.dataset.state, names: [name, "alive", "away", "end"], again: true },
      receive,
    );
  }

  function pause() {
    window.clearTimeout(overdue);
    stop?.();
    stop = null;
    for (const link of document.querySelectorAll("[data-follow-reload]")) link.hidden = false;
  }

  function paused() {
    return button.getAttribute("aria-pressed") === "true";
  }

  button.addEventListener("click", () => {
    const now = !paused();
    button.setAttribute("aria-pressed", String(now));
    put(button, texts.get(now ? "resume" : "pause"));
    if (now) pause();
    else start();
  });
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) pause();
    else if (!paused()) start();
  });
  if (!document.hidden) start();
}
