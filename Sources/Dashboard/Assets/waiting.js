// Orders that wait for their money, and those that wait to be sent: the oldest of them.
import { rpc } from "./api.js";
import { fill, h } from "./dom.js";
import { money, time } from "./format.js";
import { empty } from "./notices.js";
import { table } from "./table.js";
import { named } from "./names.js";
import { entityLink } from "./values.js";

const shown = 4;

/** Those that wait longest. */
const first = async (method, signal) => (await rpc(method, { limit: shown }, { signal })).items;

const columns = (title, member) => [
  { title: "Order", cell: (row) => entityLink("order", row.id, row.number ? String(row.number) : undefined) },
  { title: "Customer", cell: (row) => named(entityLink("customer", row.customer_id), "customer", row.customer_id) },
  { title: "Total", number: true, cell: (row) => money(row.total, row.currency) },
  { title, cell: (row) => (row[member] ? time(row[member]) : "–") },
];

export async function waitingCard(card, signal) {
  const [unbilled, unshipped] = await Promise.all(
    [first("order.unbilled", signal), first("order.unshipped", signal)]);
  fill(
    card, h("h2", {}, "Orders that wait longest"),
    h("h3", {}, "For their money"), unbilled.length ? table(
      "Orders that wait for their money", columns("Placed", "placed_at"), unbilled) : empty(
        "No order waits to be paid."),
    h("h3", {}, "To be sent"), unshipped.length ? table(
      "Orders that wait to be sent", columns("Paid", "billed_at"), unshipped) : empty("No order waits to be sent."));
}
