// Keyboard shortcuts, for agents who chose them. A letter moves the focus or opens a page; it never
// acts: Enter on the button does. By what the key says, not by where it is; never with Ctrl, Alt or
// Meta, in a field or a dialog, nor on repeat.

const FIELDS = "input, select, textarea, [contenteditable]";
const ROWS = ".desk-table tbody :is(th, td):first-child a[href]";
const list = document.getElementById("raccourcis");

/** The link of the row before or after the one that has the focus. */
function moveToRow(step) {
  const links = [...document.querySelectorAll(ROWS)];
  const here = document.activeElement?.closest("tr");
  const at = links.findIndex((link) => here && link.closest("tr") === here);
  const next = at < 0 ? (step > 0 ? 0 : links.length - 1) : at + step;
  links[Math.min(Math.max(next, 0), links.length - 1)]?.focus();
  return links.length > 0;
}

/** Opens the page of a link, focuses anything else, in a fold too. */
function follow(target) {
  if (target.matches("a[href]")) {
    target.click();
    return;
  }
  const fold = target.closest("details");
  if (fold) fold.open = true;
  target.focus();
}

function press(key) {
  if (key === "?") {
    list.showModal();
    return true;
  }
  if (key === "j" || key === "k") return moveToRow(key === "j" ? 1 : -1);
  if (!/^[a-z]$/.test(key)) return false;
  const target = document.querySelector(`[data-key="${key}"]`);
  if (target) follow(target);
  return target !== null;
}

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.repeat || event.isComposing) return;
  if (event.ctrlKey || event.altKey || event.metaKey) return;
  if (event.target.closest?.(FIELDS) || document.querySelector("dialog[open]")) return;
  if (press(event.key.toLowerCase())) event.preventDefault();
});

list.querySelector("[data-close]").addEventListener("click", () => list.close());
