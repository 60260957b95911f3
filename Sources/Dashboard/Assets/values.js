// An entity's members for people: ids lead to what they name, times are times, lists are lists.
import { h } from "./dom.js";
import { brief, date, money, time } from "./format.js";

const topics = new Set(
  ["customer", "product", "inventory", "order", "billing", "cart", "shipping", "mail", "refund"]);
const moneys = new Set(["price", "total", "amount", "refunded", "ordered", "paid", "balance"]);

export const entityLink = (topic, id, text, event) =>
  h(
    "a", { href: `#/entity/${topic}/${encodeURIComponent(id)}${event ? `?at=${event}` : ""}`, title: id },
    text ?? brief(id));

/** The topic of what a member names by id: customer_id → customer. */
function topicOf(name) {
  const topic = name.replace(/_ids?$/, "");
  return topic !== name && topics.has(topic) ? topic : null;
}

/** A text that is longer than anybody reads in passing is shown when it is asked for. */
const long = (text) => h("details", {}, h("summary", {}, `${text.length} characters`), h("pre", {}, text));

const isTime = (name, value) => typeof value === "number" && value > 1e9 && /(_at|^at|^done)$/.test(name);

/** How often each stands in the list, in its order. */
function counted(list) {
  const counts = new Map();
  for (const one of list) counts.set(one, (counts.get(one) ?? 0) + 1);
  return [...counts];
}

function list(name, values, entity) {
  const topic = topicOf(name);
  if (topic) {
    return h("ul", { class: "plain" }, counted(values).map(([id, pieces]) =>
      h("li", {}, entityLink(topic, id), pieces > 1 && h("span", { class: "soft" }, ` × ${pieces}`))));
  }
  return h("ul", { class: "plain" }, values.map((value) => h("li", {}, show(name, value, entity))));
}

function object(value, entity) {
  if (value.name && value.pieces) {
    const { product_id: id, name, pieces, price, total } = value;
    const currency = entity?.currency;
    return [`${pieces} × `, id ? entityLink("product", id, name) : name,
      h("span", { class: "soft" }, ` at ${money(price, currency)}: ${money(total, currency)}`)];
  }
  return h("dl", { class: "facts inner" }, Object.entries(value).map(([key, inner]) =>
    h("div", {}, h("dt", {}, key), h("dd", {}, show(key, inner, entity)))));
}

/** The value of a member as something to put on the page. */
export function show(name, value, entity) {
  if (value === null) return h("span", { class: "soft" }, "null");
  if (value === undefined) return h("span", { class: "soft" }, "–");
  if (Array.isArray(value)) return value.length ? list(name, value, entity) : h("span", { class: "soft" }, "none");
  if (typeof value === "object") return object(value, entity);
  const topic = topicOf(name);
  if (topic && typeof value === "string") return entityLink(topic, value);
  if (isTime(name, value)) return time(date(value));
  if (moneys.has(name) && typeof value === "number" && entity?.currency) return money(value, entity.currency);
  if (typeof value === "string" && value.length > 200) return long(value);
  return String(value);
}

/** What a person would call the entity. */
export function nameOf(topic, entity) {
  if (!entity) return null;
  if (topic === "order" && entity.number) return `Order ${entity.number}`;
  return entity.name ?? entity.subject ?? entity.tracking_code ?? null;
}
