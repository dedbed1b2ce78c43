// Opens the blocks of an account where there is room for all of them; closed ones open by a press.
if (matchMedia("(min-width: 48em)").matches) {
  for (const block of document.querySelectorAll("[data-desk-fold]")) block.open = true;
}
