// One event: as a row, and with all that it says.
import { h } from "./dom.js";
import { brief, shortTime, time } from "./format.js";
import { facts } from "./table.js";
import { entityLink, nameOf, show } from "./values.js";

const idOf = (event) => (typeof event.entity === "object" ? event.entity.id : null);

/** What is shown of it in one line. */
export function line(event) {
  const id = idOf(event);
  return [
    h("span", { class: "when" }, shortTime(event.id)),
    h("span", { class: `kind topic-${event.topic}` }, h("b", {}, event.topic), ` ${event.action}`),
    h("span", { class: "what" }, nameOf(event.topic, event.entity) ?? (id ? brief(id) : "not JSON")),
    h("span", { class: "by soft" }, author(event)),
  ];
}

function author({ by }) {
  if (by?.module) return `by ${by.module}`;
  if (by?.uid) return `by user ${by.uid}`;
  return by?.request ? "by REST" : "";
}

const members = (event) =>
  typeof event.entity === "object"
    ? facts(Object.entries(event.entity).map(([name, value]) => [name, show(name, value, event.entity)]))
    : h("pre", {}, event.entity);

/** All of it. `close` is offered where it stands in the place of the list. */
export function details(event, close) {
  const id = idOf(event);
  const cause = event.metadata?.cause;
  return [
    h(
      "div", { class: "heading" }, h("h2", { tabindex: -1 }, `${event.topic} ${event.action}`),
      h("button", { type: "button", class: "quiet", onclick: close }, "Close")),
    id && h("p", {}, entityLink(event.topic, id, `History of this ${event.topic}`, event.id)),
    facts([
      ["Time", time(event.id, { always: true })], ["Event", h("code", {}, event.id)], [
        "By", author(event).replace(/^by /, "") || "nobody says"],
      cause && ["Cause", h("code", {}, cause)], event.correlation && [
        "Correlation", h("code", {}, event.correlation)],
    ]),
    h("h3", {}, "The entity as it was then"), members(event),
    h("details", {}, h("summary", {}, "As JSON"), h("pre", { tabindex: 0 }, JSON.stringify(event, null, 2))),
  ];
}
