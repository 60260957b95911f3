// Logging in and out.
import { ask } from "./dialog.js";
import { fill, h } from "./dom.js";
import { duration } from "./format.js";
import { say } from "./notices.js";
import { changes, current, login, logout } from "./session.js";

/** Asks for a token until one is taken, or nobody wants to give one. */
export function showLogin() {
  return ask("Log in", (close) => {
    const token = h("input", {
      type: "password", id: "token", name: "token", required: true, autocomplete: "current-password",
      "aria-describedby": "token-help",
    });
    const wrong = h("div", { role: "alert" });
    const form = h(
      "form", { class: "form" },
      h("label", { for: "token" }, "Token"), token,
      h(
        "p", { id: "token-help", class: "soft small" },
        "One of those in the file that gateway.access.token_file names in the daemon’s settings."), wrong,
      h(
        "div", { class: "buttons end" },
        h("button", { type: "button", onclick: () => close() }, "Cancel"), h("button", { class: "main" }, "Log in")));
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      try {
        await login(token.value);
        close(true);
      } catch (error) {
        const later = error.retryAfter ? ` Try again in ${duration(error.retryAfter)}.` : "";
        fill(wrong, h("p", { class: "notice bad" }, error.message + later));
        token.select();
      }
    });
    return form;
  });
}

async function leave() {
  try { await logout(); } catch (error) { say(error.message, "bad"); }
}

/** Who is logged in, or a button to do so. */
export function sessionTools() {
  const place = h("div", { class: "session" });
  const show = () => {
    const { role, name, can_login: canLogin } = current();
    if (name) {
      fill(
        place, h("span", { class: "who" }, name, h("span", { class: "soft" }, ` · ${role}`)),
        h("button", { type: "button", id: "logout", onclick: leave }, "Log out"));
    } else if (canLogin) {
      fill(place, h("button", { type: "button", id: "login", onclick: showLogin }, "Log in"));
    } else fill(place);
  };
  changes.addEventListener("changed", show);
  show();
  return place;
}
