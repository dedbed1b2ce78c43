// A lost phone on the page of its request: asks every five seconds whether a call began or ended,
// and shows the page again then. What was typed is not lost: with a text begun the page waits for
// its link. No word passes through this script.

const EVERY = 5000;
const block = document.getElementById("appel");

function hasText() {
  return [...document.querySelectorAll("textarea")].some((area) => area.value.trim() !== "");
}

async function look() {
  try {
    const answer = await fetch(block.dataset.stateUrl, {
      credentials: "same-origin",
      headers: { Accept: "application/json" },
    });
    if (answer.ok) {
      const { watched } = await answer.json();
      if (watched && watched !== block.dataset.watched && !hasText()) {
        window.location.reload();
        return;
      }
    }
  } catch {
    // The server is unavailable for a moment: the next try may succeed.
  }
  window.setTimeout(look, EVERY);
}

if (block) window.setTimeout(look, EVERY);
