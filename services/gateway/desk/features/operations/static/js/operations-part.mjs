// A part of a page, live: the server sends it as it stands there. What has the focus keeps it, and
// what is unfolded stays so.

import { live } from "./operations-live.mjs";

const root = document.getElementById("suivi");
const part = root.querySelector("[data-part]");
let shown = "";

/** What tells a link or a line from the others, also in the next state. */
function key(element) {
  return element.getAttribute("href") ?? element.closest("tr")?.querySelector("a")?.getAttribute("href");
}

function find(selector, wanted) {
  return [...part.querySelectorAll(selector)].find((one) => key(one) === wanted);
}

live(root, "part", (state) => {
  if (state.html === shown) return;
  shown = state.html;
  const focused = part.contains(document.activeElement) ? document.activeElement : null;
  const wanted = focused && [focused.localName, key(focused)];
  const open = [...part.querySelectorAll("details[open]")].map(key);
  part.replaceChildren(...new DOMParser().parseFromString(state.html, "text/html").body.childNodes);
  for (const one of open) find("details", one)?.setAttribute("open", "");
  if (wanted) find(...wanted)?.focus({ preventScroll: true });
});
