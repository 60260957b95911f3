// Switching a module on or off, with what would come of it.
import { rpc } from "./api.js";
import { ask } from "./dialog.js";
import { fill, h } from "./dom.js";
import { plural, time } from "./format.js";
import { problem, say } from "./notices.js";
import { facts } from "./table.js";

/** What waits, and what would be done about it: the answer of module.preview. */
export function previewFacts(preview) {
  const effects = Object.entries(preview.effects ?? {});
  const waiting = `${plural(preview.waiting, "event")}${preview.waiting_at_least ? " or more" : ""}`;
  return facts([
    ["Waiting", waiting],
    preview.oldest && ["Since", time(preview.oldest)],
    effects.length && [
      "Would do", h("ul", { class: "plain" }, effects.map(([what, number]) => h("li", {}, `${what}: ${number}`)))],
    preview.tried < preview.waiting && ["Tried", `the first ${preview.tried}`],
    preview.failing > 0 && ["Would fail", plural(preview.failing, "event")],
    preview.reason && ["Because", preview.reason],
  ]);
}

const choice = (value, title, text, checked) =>
  h(
    "label", { class: "choice" }, h("input", { type: "radio", name: "from", value, checked }),
    h("span", {}, h("b", {}, title), " ", text));

function enabling(module, preview) {
  return [
    h(
      "p", {},
      preview.waiting ? "While it was off, events have come in. This is what it would do with them:"
        : "No event waits: it goes on with the next one."),
    preview.waiting > 0 && previewFacts(preview),
    preview.waiting > 0 && h("fieldset", {}, h("legend", {}, "What waits"),
      choice(
        "checkpoint", "Handle it.", "It goes on at its checkpoint, in order, as if it had never been off.", true),
      choice(
        "now", "Pass over it.", "What waits has no effects any more, such as mails: this cannot be undone.", false)),
  ];
}

function disabling(module, preview) {
  return [
    h("ul", { class: "steps" },
      h("li", {}, "It finishes the batch in hand, and handles no event until it is on again."),
      h(
        "li", {},
        "Its commands that change something are refused with 503; what it answers is read from the events all the same."),
      h(
        "li", {},
        "Nothing that happens meanwhile is lost: its streams go on growing, and its checkpoint stands still."),
      h("li", {}, "It holds for every daemon of this shop, also after a restart.")),
    preview.waiting > 0 && [h("p", {}, "Right now there wait for it:"), previewFacts(preview)],
  ];
}

/** Asks, and switches. @returns whether it was done. */
export function switchModule(module) {
  const verb = module.enabled ? "Disable" : "Enable";
  return ask(`${verb} ${module.name}?`, (close) => {
    const text = h(
      "div", { class: "preview", "aria-live": "polite" }, h("p", { class: "soft" }, "Looking what would happen…"));
    const wrong = h("div", {});
    const yes = h("button", { class: module.enabled ? "bad" : "main", disabled: true }, verb);
    const form = h("form", { class: "form" }, text, wrong,
      h("div", { class: "buttons end" }, h("button", { type: "button", onclick: () => close() }, "Cancel"), yes));
    const preview = async () => {
      try {
        const found = await rpc("module.preview", { name: module.name });
        fill(text, module.enabled ? disabling(module, found) : enabling(module, found));
      } catch (error) { fill(text, problem(error, preview)); }
      yes.disabled = false;
    };
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      yes.disabled = true;
      try {
        const from = new FormData(form).get("from");
        await rpc(
          module.enabled ? "module.disable" : "module.enable",
          from ? { name: module.name, from } : { name: module.name });
        say(`${module.name} is ${module.enabled ? "off" : "on"}.`);
        close(true);
      } catch (error) {
        fill(wrong, problem(error));
        yes.disabled = false;
      }
    });
    preview();
    return form;
  });
}
