// Copies or prints a key or a list of codes, and announces the result; stores nothing.

const said = document.getElementById("copie-annonce");

/** Lists line by line; a key without the spaces that only help the eye. */
function wanted(element) {
  const lines = [...element.querySelectorAll("li")].map((line) => line.textContent.trim());
  return lines.length > 0 ? lines.join("\n") : element.textContent.replace(/\s/g, "");
}

function select(element) {
  const range = document.createRange();
  range.selectNodeContents(element);
  const selection = window.getSelection();
  selection.removeAllRanges();
  selection.addRange(range);
}

for (const button of document.querySelectorAll("[data-copy]")) {
  const element = document.getElementById(button.dataset.copy);
  button.addEventListener("click", async () => {
    // Emptied first: screen readers announce the same text only as a change.
    said.textContent = "";
    try {
      await navigator.clipboard.writeText(wanted(element));
      said.textContent = button.dataset.copied;
    } catch {
      select(element);
      said.textContent = button.dataset.failed;
    }
  });
}

for (const button of document.querySelectorAll("[data-print]")) {
  button.addEventListener("click", () => window.print());
}
