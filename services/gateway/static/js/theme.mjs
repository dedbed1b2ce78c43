// Sets the theme before the first paint, from the choice that the design system stores (`scheme`),
// and marks the page as one whose scripts run. Stores nothing itself.

const root = document.documentElement;
root.dataset.impexJs = "true";

function kept() {
  try {
    return window.localStorage.getItem("scheme");
  } catch {
    return null;
  }
}

const choice = kept() ?? "system";
const dark = choice === "dark"
  || (choice !== "light" && window.matchMedia("(prefers-color-scheme: dark)").matches);
root.setAttribute("data-fr-theme", dark ? "dark" : "light");
if (dark) root.style.colorScheme = "dark";
