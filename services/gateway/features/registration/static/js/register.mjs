// The account form while it is typed: the password, and probable typos in the address. Stores nothing;
// the server validates again.

import { ask } from "./ask.mjs";
import { watchPassword } from "./password-field.mjs";
import { cleanEmail, cleanName, maxTypedLength } from "./typed-text.mjs";

const form = document.getElementById("inscription");
const texts = new Map(Object.entries(JSON.parse(document.getElementById("textes-adresse").textContent)));
const input = (name) => form.elements.namedItem(name);
const box = document.getElementById("suggestion");

const typedAddress = () => cleanEmail(input("address").value, maxTypedLength("address")).text;

const changed = watchPassword(form, () => ({
  firstName: cleanName(input("first_name").value, maxTypedLength("first_name")).text,
  lastName: cleanName(input("last_name").value, maxTypedLength("last_name")).text,
  address: typedAddress(),
}));

async function askSuggestion() {
  const typed = typedAddress();
  if (!typed.includes("@")) return;
  const answer = await ask(form, "/inscription/adresse-proche", { address: typed });
  if (typedAddress() === typed) offer(answer?.suggestion ?? null);
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
