// What the live pages of operators share: they follow while they are visible and nobody has paused
// them, and announce the number of dead letters, once a minute at most.

import { follow } from "./follow.mjs";

const ANNOUNCE = 60000;

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
  let stop = null;
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

  function receive(state) {
    if (state.at === undefined) {
      put(announce, texts.get("ended"));
      announce.classList.remove("fr-sr-only");
      return true;
    }
    const at = root.querySelector("[data-at]");
    if (at && state.at) put(at, state.at);
    show(state);
    if (state.dead !== undefined) tell(state.dead);
    return false;
  }

  function start() {
    stop ??= follow(
      { stream: root.dataset.stream, state: root.dataset.state, names: [name, "end"], again: true },
      receive,
    );
  }

  function pause() {
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
