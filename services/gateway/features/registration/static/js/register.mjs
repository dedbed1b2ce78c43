// The account form while it is typed: the password, and probable typos in the address. Stores nothing;
// the server validates again.

import { ask } from "./ask.mjs";
import { watchPassword } from "./password-field.mjs";

const form = document.getElementById("inscription");
const texts = new Map(Object.entries(JSON.parse(document.getElementById("textes-adresse").textContent)));
const input = (name) => form.elements.namedItem(name);
const box = document.getElementById("suggestion");

const changed = watchPassword(form, () => ({
  firstName: input("first_name").value,
  lastName: input("last_name").value,
  address: input("address").value,
}));

async function askSuggestion() {
  const typed = input("address").value.trim();
  if (!typed.includes("@")) return;
  const answer = await ask(form, "/inscription/adresse-proche", { address: typed });
  if (input("address").value.trim() === typed) offer(answer?.suggestion ?? null);
}

function offer(suggestion) {
  box.replaceChildren();
  box.hidden = !suggestion;
  if (!suggestion) return;
  // Suggested once: sending the form with this spelling confirms it.
  input("address_kept").value = input("address").value;
  const line = document.createElement("p");
  line.textContent = texts.get("suggestion").replaceAll("{suggestion}", suggestion);
  box.append(line, choice("correct", "secondary", suggestion), choice("keep", "tertiary", null));
}

function choice(key, look, address) {
  const element = document.createElement("button");
  element.type = "button";
  element.className = `fr-btn fr-btn--sm fr-btn--${look} fr-mr-1w`;
  element.textContent = texts.get(key);
  element.addEventListener("click", () => {
    if (address) input("address").value = address;
    box.hidden = true;
    input("address").focus();
    changed();
  });
  return element;
}

for (const name of ["first_name", "last_name", "address"]) input(name).addEventListener("input", changed);
input("address").addEventListener("change", askSuggestion);
