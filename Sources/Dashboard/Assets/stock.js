// How much there is of each product: what is low first.
import { rpc } from "./api.js";
import { meter } from "./chart.js";
import { fill, h } from "./dom.js";
import { count, plural } from "./format.js";
import { nameFor } from "./names.js";
import { empty } from "./notices.js";
import { table } from "./table.js";
import { entityLink } from "./values.js";

const shown = 8;

/** Those that are low, then those with the least. */
async function levels(signal) {
  const [low, page] = await Promise.all(
    [
      rpc("inventory.low", { limit: shown }, { signal }),
      rpc("inventory.list", { limit: shown, sort: "amount" }, { signal })]);
  const isLow = new Set(low.items.map(({ id }) => id));
  const others = page.items.filter(({ id }) => !isLow.has(id));
  const lowest = low.items.map((row) => ({ ...row, isLow: true })).sort((a, b) => a.amount - b.amount);
  const rows = [...lowest, ...others].slice(0, shown);
  for (const row of rows) row.name = await nameFor("product", row.product_id);
  return { rows, low: low.items.length, hasMore: Boolean(low.next), most: Math.max(
    1, ...rows.map((row) => row.on_hand ?? row.amount)) };
}

const columns = (most) => [
  { title: "Product", cell: (row) => entityLink("inventory", row.id, row.name) },
  { title: "Level", cell: (row) => meter(row.amount / most, row.amount === 0 ? "bad" : row.isLow ? "warn" : "") },
  { title: "Can be sold", number: true, cell: (row) => [
    count(row.amount), row.isLow && h("span", { class: "soft small" }, " low")] },
  { title: "Reserved", number: true, cell: (row) => count(row.reserved ?? 0) },
];

export async function stockCard(card, signal) {
  const { rows, low, hasMore, most } = await levels(signal);
  const words = low ? h(
    "span", { class: "state warn" }, `${plural(low, "product")}${hasMore ? " or more" : ""} low`) : h(
      "span", { class: "state good" }, "nothing is low");
  fill(
    card, h("div", { class: "heading" }, h("h2", {}, "Stock"), words),
    rows.length ? table("Stock levels", columns(most), rows) : empty("There is no stock yet."),
    h("p", { class: "small" }, h("a", { href: "#/browse/inventory" }, "All of the inventory")));
}
