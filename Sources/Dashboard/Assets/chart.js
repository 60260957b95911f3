// Charts as SVG. Each has its numbers as a table, for whoever cannot see it or wants to copy them.
import { h, s } from "./dom.js";

// Drawn as wide as it will be, about, so that its letters are as large as those around it.
const isNarrow = matchMedia("(max-width: 44rem)");
const edge = { left: 52, right: 8, top: 12, bottom: 26 };
const height = 200;
const inner = { get width() { return width() - edge.left - edge.right; }, height: height - edge.top - edge.bottom };

function width() { return isNarrow.matches ? 340 : 560; }

/** A round number not below the highest. */
export function ceiling(highest, isWhole = false) {
  if (highest <= 0) return 1;
  const power = 10 ** Math.floor(Math.log10(highest));
  const top = [1, 2, 2.5, 5, 10].map((factor) => factor * power).find((value) => value >= highest * 0.999);
  return isWhole ? Math.max(Math.ceil(top / 4) * 4, 4) : top;
}

const y = (value, top) => edge.top + inner.height * (1 - value / top);
const middle = (index, count) => edge.left + (inner.width * (index + 0.5)) / count;

function grid(top, format) {
  return [0, 0.25, 0.5, 0.75, 1].map((part) => {
    const at = y(part * top, top);
    return s(
      "g", {}, s("line", { class: "rule", x1: edge.left, x2: width() - edge.right, y1: at, y2: at }),
      s("text", { class: "axis end", x: edge.left - 8, y: at + 4 }, format(part * top)));
  });
}

/** A few labels below, none over another. */
function labels(points) {
  const step = Math.ceil(points.length / (isNarrow.matches ? 4 : 7));
  return points.flatMap((point, index) =>
    index % step === 0
      ? [s("text", { class: "axis middle", x: middle(index, points.length), y: height - 8 }, point.label)] : []);
}

function bars(points, top, say) {
  const wide = Math.max(1, Math.min(28, (inner.width / points.length) * 0.72));
  return points.map((point, index) => {
    const at = y(point.value, top);
    const tall = Math.max(point.value > 0 ? 2 : 0, edge.top + inner.height - at);
    return s(
      "g", { class: "bar-slot" }, s("title", {}, say(point)),
      s("rect", { class: "slot", x: middle(index, points.length) - inner.width / points.length / 2, y: edge.top,
        width: inner.width / points.length, height: inner.height }),
      s("rect", { class: "value", x: middle(index, points.length) - wide / 2, y: edge.top + inner.height - tall,
        width: wide, height: tall, rx: Math.min(3, wide / 3) }));
  });
}

function table(title, columns, rows) {
  const head = h(
    "tr", {}, columns.map((column, index) => h("th", { scope: "col", class: index ? "number" : "" }, column)));
  const body = rows.map(
    (row) => h(
      "tr", {}, row.map(
        (cell, index) => h(index ? "td" : "th", index ? { class: "number" } : { scope: "row" }, cell))));
  return h(
    "details", { class: "numbers" }, h("summary", {}, "Numbers"),
    h("div", { class: "scroll tall", tabindex: 0, role: "region", "aria-label": `${title}, as a table` },
      h("table", {}, h("caption", { class: "unseen" }, title), h("thead", {}, head), h("tbody", {}, body))));
}

/**
 * Bars over time.
 * @param points [{ label, value, long }]: `long` names the point where there is room.
 * @param options title, unit (a column's head), format (of a value), summary (what is to be seen, in words).
 */
export function barChart(points, { title, unit, format, summary, isWhole = false, series = 1 }) {
  const top = ceiling(Math.max(0, ...points.map((point) => point.value)), isWhole);
  const say = (point) => `${point.long}: ${format(point.value)}`;
  return h(
    "figure", { class: `chart series-${series}` }, h(
      "figcaption", {}, h("h3", {}, title), h("p", { class: "soft small" }, summary)),
    s(
      "svg", { viewBox: `0 0 ${width()} ${height}`, role: "img", "aria-label": `${title}. ${summary}` }, grid(top, format),
      bars(points, top, say), labels(points)),
    table(title, ["From", unit], points.map((point) => [point.long, format(point.value)])));
}

/** A line without axes, for a cell. @param label what it shows, in words. */
export function sparkline(values, label, series = 1) {
  const [wide, tall] = [120, 28];
  const top = Math.max(1, ...values);
  const step = wide / Math.max(1, values.length - 1);
  const points = values.map(
    (value, index) => `${(index * step).toFixed(1)},${(tall - 2 - (value / top) * (tall - 5)).toFixed(1)}`);
  const line = values.length > 1 ? points.join(" ") : `0,${tall - 2} ${wide},${tall - 2}`;
  return s(
    "svg", { class: `sparkline series-${series}`, viewBox: `0 0 ${wide} ${tall}`, role: "img", "aria-label": label },
    s("title", {}, label),
    s("path", { class: "area", d: `M0,${tall} L${line.replaceAll(" ", " L")} L${wide},${tall} Z` }),
    s("polyline", { class: "value", points: line }));
}

/** A bar whose length is a part of the whole, for a cell; the number stands beside it. */
export function meter(part, kind = "") {
  const shown = Math.max(0, Math.min(1, part)) * 100;
  return s(
    "svg", { class: `meter ${kind}`, viewBox: "0 0 100 8", preserveAspectRatio: "none", "aria-hidden": "true" },
    s("rect", { class: "slot", width: 100, height: 8, rx: 2 }), s(
      "rect", { class: "value", width: shown, height: 8, rx: 2 }));
}
