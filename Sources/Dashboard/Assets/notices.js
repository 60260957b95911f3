// What went wrong, in the words of the server, and what was done.
import { h } from "./dom.js";

/** For the place where something should have been. */
export function problem(error, retry) {
  return h(
    "div", { class: "notice bad", role: "alert" }, h("strong", {}, error.title ?? "This page has failed"), h("br"),
    error.message, retry && h(
      "div", { class: "buttons" }, h("button", { type: "button", onclick: retry }, "Try again")));
}

/** For a place where there is nothing. */
export const empty = (...words) => h("p", { class: "empty" }, ...words);

/** Says in passing what was done; screen readers say it, too. */
export function say(text, kind = "good") {
  const message = h("div", { class: `message ${kind}` }, text);
  document.getElementById("messages").append(message);
  setTimeout(() => message.remove(), 6000);
}
