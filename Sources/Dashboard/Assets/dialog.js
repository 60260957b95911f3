// Questions that have to be answered before anything else: native dialogs, which keep the focus and give it back.
import { h } from "./dom.js";

/**
 * Shows a dialog until it is closed.
 * @param build gets `close(value)` and returns the content.
 * @returns what it was closed with; undefined: with nothing, such as by Escape.
 */
export function ask(title, build) {
  return new Promise((done) => {
    let result;
    const close = (value) => { result = value; dialog.close(); };
    const heading = h("h2", { id: "dialog-title" }, title);
    const dialog = h("dialog", { "aria-labelledby": "dialog-title" }, heading);
    dialog.append(...[build(close)].flat());
    dialog.addEventListener("close", () => { dialog.remove(); done(result); });
    document.body.append(dialog);
    dialog.showModal();
  });
}

/** Yes or no. */
export const confirm = (title, text, { yes, kind = "main" }) =>
  ask(title, (close) => [
    h("p", {}, text),
    h(
      "div", { class: "buttons end" },
      h("button", { type: "button", onclick: () => close() }, "Cancel"),
      h("button", { type: "button", class: kind, onclick: () => close(true) }, yes)),
  ]);
