// On a wide page the search is open, on a narrow one it is folded, unless one has searched.

const fold = document.querySelector(".impex-filters-fold");
const wide = window.matchMedia("(min-width: 62em)");

function unfold() {
  if (fold && wide.matches) fold.open = true;
}

unfold();
wide.addEventListener("change", unfold);

// Arrow keys, Home and End move among the tabs of the home page. They are links: Enter follows one,
// and Tab still reaches each.

const links = [...document.querySelectorAll("#onglets a")];
const STEPS = new Map([["ArrowLeft", -1], ["ArrowRight", 1]]);

function place(key, from) {
  if (key === "Home") return 0;
  if (key === "End") return links.length - 1;
  const step = STEPS.get(key);
  return step === undefined ? -1 : (from + step + links.length) % links.length;
}

document.getElementById("onglets").addEventListener("keydown", (event) => {
  if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
  const there = place(event.key, links.indexOf(event.target));
  if (there < 0) return;
  event.preventDefault();
  links.at(there).focus();
});
