// The wait before another message can be requested: shown, not announced, in no live region.

/** Counts down next to the button `renvoi`, which is disabled until the end. */
export function countDown() {
  const again = document.getElementById("renvoi");
  const wait = document.getElementById("renvoi-attente");
  const until = Date.now() + Number(again.dataset.wait) * 1000;

  function count() {
    const left = Math.ceil((until - Date.now()) / 1000);
    wait.hidden = left <= 0;
    if (left <= 0) {
      again.removeAttribute("aria-disabled");
      return;
    }
    wait.textContent = wait.dataset.text.replace("{s}", String(left));
    window.setTimeout(count, 1000);
  }

  if (Number(again.dataset.wait) > 0) {
    again.setAttribute("aria-disabled", "true");
    again.setAttribute("aria-describedby", wait.id);
    count();
  }
  again.form.addEventListener("submit", (event) => {
    if (again.getAttribute("aria-disabled") === "true") event.preventDefault();
  });
}
