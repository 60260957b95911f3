// Tables that become cards where the screen is narrow. Roles are given, as CSS would take them away.
import { h } from "./dom.js";

/**
 * @param caption what it is a table of.
 * @param columns [{ title, cell(row), number? }]; the first names the row.
 */
export function table(caption, columns, rows, { shown = false } = {}) {
  const head = columns.map((column) =>
    h("th", { scope: "col", role: "columnheader", class: column.number ? "number" : "" }, column.title));
  return h(
    "table", { role: "table", class: "wrapping" }, h("caption", { class: shown ? "" : "unseen" }, caption),
    h("thead", { role: "rowgroup" }, h("tr", { role: "row" }, head)),
    h(
      "tbody", { role: "rowgroup" },
      rows.map((row) => h("tr", { role: "row" }, columns.map((column, index) => cell(column, row, index === 0))))));
}

function cell(column, row, isFirst) {
  const attributes = { role: isFirst ? "rowheader" : "cell", class: column.number ? "number" : "", "data-title": column.title };
  return h(
    isFirst ? "th" : "td", isFirst ? { ...attributes, scope: "row" } : attributes, h("div", {}, column.cell(row)));
}

/** Names and what they are: a list of pairs. */
export const facts = (pairs) =>
  h(
    "dl", { class: "facts" },
    pairs.filter((pair) => pair).map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value))));
