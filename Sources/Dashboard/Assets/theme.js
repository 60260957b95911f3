// Light or dark: as the system has it, until somebody chooses.
import { h } from "./dom.js";

const system = matchMedia("(prefers-color-scheme: dark)");

export function isDark() {
  const chosen = document.documentElement.dataset.theme;
  return chosen ? chosen === "dark" : system.matches;
}

function choose(theme) {
  document.documentElement.dataset.theme = theme;
  localStorage.setItem("theme", theme);
}

/** A button that changes between the two. */
export function themeButton() {
  const button = h("button", { class: "quiet icon", type: "button", id: "theme" });
  const show = () => {
    const label = isDark() ? "Light colours" : "Dark colours";
    button.textContent = isDark() ? "☀" : "☾";
    button.setAttribute("aria-label", label);
    button.title = label;
  };
  button.addEventListener("click", () => {
    choose(isDark() ? "light" : "dark");
    show();
  });
  system.addEventListener("change", show);
  show();
  return button;
}
