// Orders and money over time.
import { rpc } from "./api.js";
import { barChart } from "./chart.js";
import { fill, h } from "./dom.js";
import { bytes, compact, count, date, duration, money } from "./format.js";
import { value } from "./metrics.js";

// 9 PM, or 21:00, as one writes it there.
const isTwelve = new Intl.DateTimeFormat(undefined, { hour: "numeric" }).resolvedOptions().hour12;
const hour = isTwelve ? { hour: "numeric" } : { hour: "2-digit", minute: "2-digit" };

const ranges = {
  hour: { title: "Hour", every: 5, seconds: 3600, step: 120, label: { hour: "2-digit", minute: "2-digit" } },
  day: { title: "Day", every: 15, seconds: 86400, step: 3600, label: hour },
  week: { title: "Week", every: 60, seconds: 604800, step: 21600, label: { weekday: "short", ...hour } },
  month: { title: "Month", every: 60, seconds: 2592000, step: 86400, label: { day: "numeric", month: "short" } },
};

const sum = (points, member) => points.reduce((all, point) => all + point[member], 0);
/** Amounts of money are added in hundredths of thousands, so that no cent is lost on the way. */
const moneySum = (points, member) => points.reduce((all, point) => all + Math.round(point[member] * 1e5), 0) / 1e5;

function tile(title) {
  const shown = h("p", { class: "figure" }, "–");
  const more = h("p", { class: "soft small" });
  return { element: h(
    "div", { class: "tile" }, h("h2", {}, title), shown, more), 
    set: (text, words = "") => { fill(shown, text); fill(more, words); } };
}

/** Steps begin at round times, so that bars do not change their places. */
function span({ seconds, step }) {
  const now = Math.floor(Date.now() / 1000);
  return { since: String(Math.floor((now - seconds) / step) * step + step), until: String(now), step };
}

function links(range) {
  return h("nav", { class: "ranges", "aria-label": "How far back" }, Object.entries(ranges).map(([name, { title }]) =>
    h("a", { href: `#/?range=${name}`, "aria-current": name === range ? "true" : undefined }, title)));
}

function charts(sales, range) {
  const label = new Intl.DateTimeFormat(undefined, range.label);
  const long = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
  const points = sales.points.map(
    (point) => ({ ...point, label: label.format(date(point.at)), long: long.format(date(point.at)) }));
  const orders = points.map((point) => ({ ...point, value: point.orders }));
  const revenue = points.map((point) => ({ ...point, value: Math.max(0, point.billed - point.refunded) }));
  const most = orders.reduce((best, point) => (point.value > best.value ? point : best), orders[0]);
  return [
    barChart(orders, {
      title: "Orders", unit: "Orders", format: compact, isWhole: true,
      summary: most?.value ? `${count(sum(points, "orders"))} in all, most of them at ${most.long}: ${count(most.value)}`
        : "None in this time" }),
    barChart(revenue, {
      title: "Revenue", unit: "Revenue", format: (amount) => (
        amount >= 10000 ? compact(amount) : money(amount, sales.currency).replace(/[.,]00(?=\D|$)/, "")), series: 2,
      summary: `${money(moneySum(points, "billed"), sales.currency)} paid, `
        + `${money(moneySum(points, "refunded"), sales.currency)} of it given back` }),
  ];
}

/** { every, ranges, tiles, charts, look, latency, redis }: the tiles at the top and the charts below. */
export function salesCards(name, signal) {
  const range = ranges[name] ?? ranges.day;
  const tiles = Object.fromEntries([["orders", "Orders"], ["revenue", "Revenue"], ["unbilled", "Unbilled"], [
    "unshipped", "Unshipped"],
    ["latency", "Latency"], ["memory", "Redis memory"]].map(([key, title]) => [key, tile(title)]));
  const place = h("div", { class: "halves" });
  const look = async () => {
    const sales = await rpc("order.sales", span(range), { signal });
    const [orders, refunded] = [sum(sales.points, "orders"), moneySum(sales.points, "refunded")];
    tiles.orders.set(count(orders), `${money(moneySum(sales.points, "ordered"), sales.currency)} ordered`);
    tiles.revenue.set(money(moneySum(sales.points, "billed") - refunded, sales.currency), "paid and not given back");
    tiles.unbilled.set(count(sales.unbilled), "wait to be paid");
    tiles.unshipped.set(count(sales.unshipped), "paid, wait to be sent");
    if (place.querySelector("details[open]") || place.contains(document.activeElement)) return;
    fill(place, charts(sales, range).map((chart) => h("section", { class: "card" }, chart)));
    if (sales.counted_since) place.append(
      h(
        "p", { class: "soft small" }, "Counted since ", sales.counted_since,
        ": before, there are too many events to count at once."));
  };
  return {
    every: range.every, ranges: links(name), tiles: h(
      "section", { class: "tiles", "aria-label": "In short" }, Object.values(tiles).map(
        ({ element }) => element)), charts: place, look,
    latency: (now) => { if (now) tiles.latency.set(
      duration(now.median), `median; 99 % below ${duration(now.high)}`); },
    redis: (metrics) => {
      const [used, limit] = ["used", "max"].map(
        (part) => value(metrics, `ordershop_redis_${part}_memory_bytes`.replace("max_memory", "maxmemory")));
      tiles.memory.set(bytes(used), limit ? `of ${bytes(limit)}` : "no limit is set");
    },
  };
}
