// The queues, live: rows keep their place, what is new comes at the end.

import { live, put } from "./operations-live.mjs";

const root = document.getElementById("files");
const body = root.querySelector("tbody");
const pattern = document.getElementById("ligne").content.querySelector("tr");
const rows = new Map([...body.rows].map((row) => [row.dataset.queue, row]));

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

live(root, "queues", (state) => {
  if (!state.at) return;
  root.querySelector("[data-unread]")?.remove();
  for (const line of state.rows) {
    const row = rows.get(line.queue);
    if (row) show(row, line);
    else if (!line.atRest || "all" in root.dataset) show(make(line), line);
  }
  root.querySelector("[data-table]").hidden = rows.size === 0;
  root.querySelector("[data-quiet]").hidden = rows.size > 0;
});
