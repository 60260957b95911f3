// What can be browsed, and what is shown of each in a list.
import { h } from "./dom.js";
import { brief, count, money, time } from "./format.js";
import { named } from "./names.js";
import { entityLink, show } from "./values.js";

const member = (title, name) => ({ title, cell: (row) => show(name, row[name], row) });
const other = (title, topic) => ({ title, cell: (row) => {
  const id = row[`${topic}_id`];
  return id ? named(entityLink(topic, id), topic, id) : "–";
} });
const number = (title, name) => ({ title, number: true, cell: (row) => count(row[name]) });
const amount = (title, name) => ({ title, number: true, cell: (row) => money(row[name], row.currency) });
const moment = (title, name) => ({ title, cell: (row) => (row[name] ? time(row[name]) : "–") });
const link = (topic, title, text) => (
  { title, cell: (row) => entityLink(topic, row.id, text(row) ?? brief(row.id)) });
const orderKinds = { placed: "warn", billed: "", shipped: "", delivered: "good", cancelled: "" };
const status = { title: "Status", cell: (row) => (
  row.status ? h("span", { class: `state ${orderKinds[row.status] ?? ""}` }, row.status) : "–") };

/** By noun, in the order of the tabs. */
export const topics = {
  order: { plural: "Orders", columns: [link(
    "order", "Order", (row) => row.number), other("Customer", "customer"), status,
    amount("Total", "total"), moment("Placed", "placed_at")] },
  customer: { plural: "Customers", columns: [
    link("customer", "Name", (row) => row.name), member("E-mail", "email")] },
  product: { plural: "Products", columns: [
    link("product", "Name", (row) => row.name), { title: "Price", number: true, cell: (row) => String(row.price) }] },
  inventory: { plural: "Inventory", columns: [link("inventory", "Inventory", () => null), other("Product", "product"),
    number("Can be sold", "amount"), number("In the house", "on_hand"), number("Reserved", "reserved")] },
  billing: { plural: "Billings", columns: [link(
    "billing", "Billing", () => null), other("Order", "order"), amount("Amount", "amount"),
    amount("Refunded", "refunded"), moment("Paid", "done")] },
  cart: { plural: "Carts", columns: [link(
    "cart", "Cart", () => null), other("Customer", "customer"), member("Status", "status"),
    { title: "Pieces", number: true, cell: (row) => count(
      (row.lines ?? []).reduce((sum, line) => sum + line.pieces, 0)) }] },
  shipping: { plural: "Shippings", columns: [link(
    "shipping", "Parcel", (row) => row.tracking_code), other("Order", "order"), status,
    moment("Prepared", "created_at"), moment("Shipped", "shipped_at")] },
  mail: { plural: "Mails", columns: [
    link("mail", "Subject", (row) => row.subject), member("To", "to"), moment("Sent", "sent_at")] },
};
