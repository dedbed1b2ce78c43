// On a phone the links of the header are folded behind « Menu »; without scripts they stay in sight.

const button = document.getElementById("menu");
const tools = document.getElementById("outils");

button.addEventListener("click", () => {
  const open = button.getAttribute("aria-expanded") !== "true";
  button.setAttribute("aria-expanded", String(open));
  tools.toggleAttribute("data-open", open);
});
