// The view of what there is: a list by pages, and looking up by what the daemon has an index of.
import { methods, rpc } from "./api.js";
import { fill, h } from "./dom.js";
import { empty, problem } from "./notices.js";
import { table } from "./table.js";
import { topics } from "./topics.js";

const perPage = 50;
const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const notFilters = new Set(["limit", "cursor", "order", "sort", "direction"]);

const address = (topic, query) => {
  const text = new URLSearchParams(Object.entries(query).filter(([, value]) => value)).toString();
  return `#/browse/${topic}${text ? `?${text}` : ""}`;
};

/** The members that the daemon picks a list by. */
export async function filtersOf(topic) {
  const properties = (await methods()).get(`${topic}.list`)?.params?.properties ?? {};
  return Object.entries(properties).filter(([name]) => !notFilters.has(name));
}

const title = (name) => ({ id: "Id", email: "E-mail", number: "Number" })[name] ?? name.replace(/_id$/, "’s id").replaceAll("_", " ");

/** What a person has typed for a field, as its schema wants it. */
function typed(schema, text) {
  return ["integer", "number"].includes(schema?.type) ? Number(text) : text;
}

async function searchForm(topic, query) {
  const filters = await filtersOf(topic);
  const chosen = query.get("by") ?? (filters.some(([name]) => name === "number") ? "number" : "id");
  const options = ["id", ...filters.map(([name]) => name)].map((name) => h("option", { value: name, selected: name === chosen }, title(name)));
  const form = h(
    "form", { class: "fields", role: "search", "aria-label": `Look up ${topics[topic].plural.toLowerCase()}` },
    h("label", {}, "Look up by", h("select", { name: "by" }, options)),
    h("label", { class: "wide" }, "Value", h("input", { name: "value", value: query.get("value") ?? "", autocomplete: "off", spellcheck: "false" })),
    h("button", {}, "Look up"), query.get("value") && h("a", { class: "button quiet", href: address(topic, {}) }, "Clear"));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const data = new FormData(form);
    const value = data.get("value").trim();
    // An id is an id, whatever else was chosen.
    const by = uuid.test(value) && !data.get("by").endsWith("_id") ? "id" : data.get("by");
    if (by === "id" && value) location.hash = `#/entity/${topic}/${encodeURIComponent(value)}`;
    else location.hash = address(topic, { by: value && by, value });
  });
  return form;
}

async function page(topic, query, signal) {
  const params = { limit: perPage };
  if (query.get("cursor")) params.cursor = query.get("cursor");
  const by = query.get("by");
  if (query.get("value")) {
    const schema = Object.fromEntries(await filtersOf(topic))[by];
    params[by] = typed(schema, query.get("value"));
  }
  const found = await rpc(`${topic}.list`, params, { signal });
  return Array.isArray(found) ? { items: found } : found;
}

function pager(topic, query, found) {
  const keep = { by: query.get("by"), value: query.get("value") };
  return h(
    "nav", { class: "buttons", "aria-label": "Pages" },
    query.get("cursor") && h("a", { class: "button", href: address(topic, keep) }, "First page"),
    found.next && h("a", { class: "button", id: "next", href: address(topic, { ...keep, cursor: found.next }) }, "Next page"));
}

function nouns(topic) {
  return h("nav", { class: "nouns", "aria-label": "What to browse" }, Object.entries(topics).map(([name, { plural }]) =>
    h("a", { href: `#/browse/${name}`, "aria-current": name === topic ? "page" : undefined }, plural)));
}

export async function show({ main, signal, path: [topic = "order"], query }) {
  const { plural, columns } = topics[topic] ?? {};
  if (!plural) return fill(main, h("h1", {}, "Browse"), nouns(), empty(`There is nothing to browse by the name of ${topic}.`));
  const list = h("section", { class: "card flush", "aria-label": plural, "aria-live": "off" });
  const search = h("div", {});
  fill(main, h("h1", {}, plural), nouns(topic), search, list);
  const look = async () => {
    try {
      const found = await page(topic, query, signal);
      fill(
        list, found.items.length ? table(plural, columns, found.items)
          : empty(query.get("value") ? `Nothing has this ${title(query.get("by"))}.` : `There are no ${plural.toLowerCase()} yet.`),
        pager(topic, query, found));
    } catch (error) { if (!signal.aborted) fill(list, problem(error, look)); }
  };
  fill(search, await searchForm(topic, query));
  await look();
}
