// The view of what there is: a list by pages, and looking up by what the daemon has an index of.
import { rpc } from "./api.js";
import { fill, h } from "./dom.js";
import { filtersOf, sortsOf, title, typed } from "./lists.js";
import { empty, problem } from "./notices.js";
import { table } from "./table.js";
import { topics } from "./topics.js";

const perPage = 50;
const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

const address = (topic, query) => {
  const text = new URLSearchParams(Object.entries(query).filter(([, value]) => value)).toString();
  return `#/browse/${topic}${text ? `?${text}` : ""}`;
};

const option = (chosen) => ([value, text]) => h("option", { value, selected: value === chosen }, text);

/** A field for a value: one of those that there are, where the daemon says which. */
function valueField(schema, value) {
  if (schema?.enum) return h("select", { name: "value" }, schema.enum.map((word) => option(value)([word, word])));
  return h("input", { name: "value", value: value ?? "", autocomplete: "off", spellcheck: "false" });
}

function lookUp(topic, query, filters) {
  const chosen = query.get("by") ?? (filters.number ? "number" : filters.email ? "email" : "id");
  const place = h("span", { class: "slot" }, valueField(filters[chosen], query.get("value")));
  const by = h(
    "select", { name: "by", onchange: () => fill(place, valueField(filters[by.value])) },
    ["id", ...Object.keys(filters)].map((name) => option(chosen)([name, title(name)])));
  const form = h(
    "form", { class: "fields", role: "search", "aria-label": `Look up ${topics[topic].plural.toLowerCase()}` },
    h("label", {}, "Look up by", by), h("label", { class: "wide" }, "Value", place), h("button", {}, "Look up"),
    query.get("value") && h("a", { class: "button quiet", href: address(topic, {}) }, "Clear"));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const value = new FormData(form).get("value").trim();
    // An id is an id, whatever else was chosen.
    const name = uuid.test(value) && !by.value.endsWith("_id") ? "id" : by.value;
    location.hash = name === "id" && value ? `#/entity/${topic}/${encodeURIComponent(value)}` : address(
      topic, { by: value && name, value });
  });
  return form;
}

function sorting(topic, query, sorts) {
  const keep = { by: query.get("by"), value: query.get("value") };
  const choose = (event) => { location.hash = address(topic, { ...keep, sort: event.target.value }); };
  return h(
    "label", {}, "Sorted by",
    h("select", { name: "sort", onchange: choose }, sorts.map(option(query.get("sort") ?? sorts[0]?.[0]))));
}

async function page(topic, query, filters, sorts, signal) {
  const sort = query.get("sort") ?? sorts[0]?.[0];
  const by = query.get("by");
  const params = { limit: perPage, ...(sort && { sort }) };
  if (query.get("cursor")) params.cursor = query.get("cursor");
  if (query.get("value")) params[by] = typed(filters[by], query.get("value"));
  const found = await rpc(`${topic}.list`, params, { signal });
  return Array.isArray(found) ? { items: found } : found;
}

function pager(topic, query, found) {
  const keep = { by: query.get("by"), value: query.get("value"), sort: query.get("sort") };
  return h(
    "nav", { class: "buttons", "aria-label": "Pages" },
    query.get("cursor") && h("a", { class: "button", href: address(topic, keep) }, "First page"),
    found.next && h(
      "a", { class: "button", id: "next", href: address(topic, { ...keep, cursor: found.next }) }, "Next page"));
}

const nouns = (topic) => h(
  "nav", { class: "nouns", "aria-label": "What to browse" }, Object.entries(topics).map(([name, { plural }]) =>
  h("a", { href: `#/browse/${name}`, "aria-current": name === topic ? "page" : undefined }, plural)));

const none = (query, plural) =>
  (
    query.get("value") ? `None has this ${title(query.get("by")).toLowerCase()}.` : `There are no ${plural.toLowerCase()} yet.`);

export async function show({ main, signal, path: [topic = "order"], query }) {
  const { plural, columns } = topics[topic] ?? {};
  if (!plural) return fill(
    main, h("h1", {}, "Browse"), nouns(), empty(`There is nothing to browse by the name of ${topic}.`));
  const list = h("section", { class: "card flush", "aria-label": plural });
  const search = h("div", { class: "fields apart" });
  fill(main, h("h1", {}, plural), nouns(topic), search, list);
  const filters = await filtersOf(topic);
  const sorts = await sortsOf(topic, query.get("value") ? query.get("by") : null);
  fill(search, lookUp(topic, query, filters), sorts.length > 1 && sorting(topic, query, sorts));
  const look = async () => {
    try {
      const found = await page(topic, query, filters, sorts, signal);
      fill(
        list, found.items.length ? table(plural, columns, found.items) : empty(none(query, plural)),
        pager(topic, query, found));
    } catch (error) { if (!signal.aborted) fill(list, problem(error, look)); }
  };
  await look();
}
