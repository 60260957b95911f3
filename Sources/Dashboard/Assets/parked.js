// Events that a module could not handle: why, and what to do about them.
import { rpc } from "./api.js";
import { confirm } from "./dialog.js";
import { fill, h } from "./dom.js";
import { brief, plural, time } from "./format.js";
import { problem, say } from "./notices.js";
import { may } from "./session.js";
import { table } from "./table.js";
import { entityLink } from "./values.js";

const most = 100;

async function retry(module, which) {
  const { handled, still_parked: left } = await rpc("parked.retry", { module, ...which });
  say(`${plural(handled, "event")} handled; ${left} still parked.`, left ? "warn" : "good");
}

async function discard(module, which, number) {
  const text = `${module} will never handle ${number === 1 ? "it" : "them"}: what should have come of it, such as a `
    + "mail, will not. "
    + "The event itself stays in its stream.";
  if (!(await confirm(`Discard ${plural(number, "parked event")}?`, text, { yes: "Discard", kind: "bad" }))) return;
  const { discarded } = await rpc("parked.discard", { module, ...which });
  say(`${plural(discarded, "event")} discarded.`);
}

function buttons(module, which, number, name, again) {
  const doing = (work) => async (event) => {
    const { target } = event;
    target.disabled = true;
    try { await work(module, which, number); } catch (error) { say(error.message, "bad"); }
    target.disabled = false;
    again();
  };
  return h(
    "div", { class: "buttons" },
    h("button", { type: "button", "aria-label": `Retry ${name}`, onclick: doing(retry) }, "Retry"),
    h(
      "button", { type: "button", class: "bad", "aria-label": `Discard ${name}`, onclick: doing(discard) }, "Discard…"));
}

function entity(row) {
  const [topic, id] = row.entity.split(/:(.*)/s);
  return entityLink(topic, id, `${topic} ${brief(id)}`, row.event);
}

const columns = (module, again) => [
  { title: "Entity", cell: entity },
  { title: "Reason", cell: (row) => h("span", { class: row.tries ? "wrong" : "soft" }, row.reason) },
  { title: "Tries", number: true, cell: (row) => row.tries },
  { title: "Parked", cell: (row) => [
    time(row.parked_at), row.due_at && h("p", { class: "soft small" }, "tried again ", time(row.due_at))] },
  ...(
    may("operator") ? [
      { title: "Do", cell: (row) => buttons(module, { event: row.event }, 1, `event ${row.event}`, again) }] : []),
];

/** { element, look(number) }: hidden while nothing is parked. */
export function parkedSection(module, signal, changed) {
  const element = h("section", { class: "card flush", id: "parked", "aria-label": "Parked events", hidden: true });
  let shown = "[]";
  const look = async (number) => {
    try {
      const rows = number ? await rpc("parked.list", { module, limit: most }, { signal }) : [];
      element.hidden = !rows.length;
      if (JSON.stringify(rows) === shown) return;
      shown = JSON.stringify(rows);
      fill(
        element,
        h(
          "div", { class: "heading" }, h("h2", {}, `${plural(number, "parked event")}`),
          may("operator") && buttons(module, { all: true }, number, "all", changed)),
        h(
          "p", { class: "soft small inset" },
          "Each was tried and could not be handled, or waits behind such a one of the same entity. All others go on."),
        rows.length ? table("Parked events", columns(module, changed), rows) : null);
    } catch (error) {
      element.hidden = false;
      fill(element, problem(error));
    }
  };
  return { element, look };
}
