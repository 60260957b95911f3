// Reads the daemon's own measurements (/metrics, the text format of Prometheus).
import { get } from "./api.js";

const series = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)/;
const label = /([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"/g;

/** [{ name, labels, value }]. */
export function parse(text) {
  return text.split("\n").flatMap((line) => {
    const match = line.startsWith("#") ? null : series.exec(line);
    if (!match) return [];
    const labels = Object.fromEntries([...(match[2] ?? "").matchAll(label)].map(([, name, value]) => [name, value]));
    return [{ name: match[1], labels, value: Number(match[3].replace("+Inf", "Infinity")) }];
  });
}

export async function samples(signal) { return parse(await get("/metrics", { signal, text: true })); }

/** The value of the one series with these labels; undefined where there is none. */
export const value = (all, name, labels = {}) =>
  all.find(
    (one) => one.name === name && Object.entries(labels).every(([key, text]) => one.labels[key] === text))?.value;

/** How many observations a histogram has below each bound, all of `labels` together: Map of bound → count. */
export function buckets(all, name, takes = () => true) {
  const sums = new Map();
  for (const one of all) {
    if (one.name !== `${name}_bucket` || !takes(one.labels)) continue;
    const bound = one.labels.le === "+Inf" ? Infinity : Number(one.labels.le);
    sums.set(bound, (sums.get(bound) ?? 0) + one.value);
  }
  return new Map([...sums].sort(([a], [b]) => a - b));
}

/** What came in between. */
export const since = (now, before) => new Map(
  [...now].map(([bound, sum]) => [bound, sum - (before?.get(bound) ?? 0)]));

export const total = (histogram) => Math.max(0, ...histogram.values());

/** The value below which so large a part lies, as Prometheus reckons it; undefined for none. */
export function quantile(histogram, part) {
  const wanted = total(histogram) * part;
  if (wanted === 0) return undefined;
  let [low, below] = [0, 0];
  for (const [bound, sum] of histogram) {
    if (sum >= wanted) return bound === Infinity ? low : low + (bound - low) * (
      (wanted - below) / (sum - below || 1));
    [low, below] = [bound, sum];
  }
  return low;
}
