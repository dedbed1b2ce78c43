// The queues, live: rows keep their place, what is new comes at the end. A hidden page follows
// nothing. A change of the dead letters is announced, once a minute at most.

import { follow } from "./follow.mjs";

const ANNOUNCE = 60000;
const root = document.getElementById("files");
const texts = new Map(Object.entries(JSON.parse(document.getElementById("textes").textContent)));
const body = root.querySelector("tbody");
const pattern = document.getElementById("ligne").content.querySelector("tr");
const button = root.querySelector("[data-pause]");
const announce = root.querySelector("[data-announce]");
const rows = new Map([...body.rows].map((row) => [row.dataset.queue, row]));

let stop = null;
let dead = null;
let announced = 0;

function put(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

function show(row, line) {
  for (const cell of row.querySelectorAll("[data-cell]")) put(cell, line.cells[Number(cell.dataset.cell)]);
  put(row.querySelector("[data-problem]"), line.problem);
  row.querySelector("td[data-cell='3']").toggleAttribute("data-dead", line.dead);
}

function make(line) {
  const row = pattern.cloneNode(true);
  row.dataset.queue = line.queue;
  put(row.querySelector("th > span"), line.queue);
  put(row.querySelector("[data-name]"), line.queue);
  rows.set(line.queue, row);
  body.append(row);
  return row;
}

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
  if (!state.rows) {
    put(announce, texts.get("ended"));
    announce.classList.remove("fr-sr-only");
    return true;
  }
  if (!state.at) return false;
  put(root.querySelector("[data-at]"), state.at);
  for (const line of state.rows) {
    const row = rows.get(line.queue);
    if (row) show(row, line);
    else if (!line.atRest || "all" in root.dataset) show(make(line), line);
  }
  root.querySelector("[data-table]").hidden = rows.size === 0;
  root.querySelector("[data-quiet]").hidden = rows.size > 0;
  tell(state.dead);
  return false;
}

function start() {
  stop ??= follow(
    { stream: root.dataset.stream, state: root.dataset.state, names: ["queues", "end"], again: true },
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
