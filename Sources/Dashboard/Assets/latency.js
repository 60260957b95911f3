// How long commands take.
import { sparkline } from "./chart.js";
import { fill, h } from "./dom.js";
import { compact, duration, plural } from "./format.js";
import { buckets, quantile, since, total, value } from "./metrics.js";
import { table } from "./table.js";

const family = "ordershop_command_duration_seconds";
const kept = 60;
const shown = 6;

const medians = [];

function byMethod(metrics) {
  const methods = new Set(
    metrics.filter(({ name }) => name === `${family}_bucket`).map(({ labels }) => labels.method));
  return [...methods].map(
    (method) => ({ method, histogram: buckets(metrics, family, (labels) => labels.method === method) }))
    .map(
      ({ method, histogram }) => (
        { method, count: total(histogram), median: quantile(histogram, 0.5), high: quantile(histogram, 0.99) }))
    .filter(({ count }) => count > 0).sort((a, b) => b.count - a.count).slice(0, shown);
}

const columns = [
  { title: "Method", cell: (row) => h("code", {}, row.method) },
  { title: "Calls", number: true, cell: (row) => compact(row.count) },
  { title: "Median", number: true, cell: (row) => duration(row.median) },
  { title: "99 % below", number: true, cell: (row) => duration(row.high) },
];

/** Fills the card each time it is given new measurements. `now` is what came of the last. */
export function latencyCard(card) {
  let before;
  return {
    now: null,
    look(metrics) {
      const all = buckets(metrics, family);
      const recent = since(all, before);
      before = all;
      const histogram = total(recent) > 0 ? recent : all;
      this.now = { median: quantile(histogram, 0.5), high: quantile(histogram, 0.99) };
      medians.push((this.now.median ?? 0) * 1000);
      if (medians.length > kept) medians.shift();
      const redis = buckets(metrics, "ordershop_redis_call_duration_seconds");
      const calls = value(metrics, "ordershop_redis_call_duration_seconds_count") ?? total(redis);
      fill(
        card, h(
          "div", { class: "heading" }, h("h2", {}, "Latency of commands"),
          sparkline(medians, `The median of the last looks, now ${duration(this.now.median)}`, 3)),
        table("Latency by method, since the daemon started", columns, byMethod(metrics)),
        h(
          "p", { class: "soft small" },
          `A round trip to Redis takes ${duration(quantile(redis, 0.5))}, `,
          `99 % below ${duration(quantile(redis, 0.99))} (${plural(calls, "call")}).`));
    },
  };
}
