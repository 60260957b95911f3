// Values as people read them. Times are shown in local time, and in UTC where the pointer rests.
import { h } from "./dom.js";

const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const full = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });
const whole = new Intl.NumberFormat();
const short = new Intl.NumberFormat(undefined, { notation: "compact", maximumFractionDigits: 1 });

/** The Date of an event's id, an RFC 3339 time or unix seconds. */
export function date(value) {
  if (value instanceof Date) return value;
  if (typeof value === "number") return new Date(value * 1000);
  const id = /^(\d+)-(\d+)$/.exec(value);
  return id ? new Date(Number(id[1]) * 1000 + Math.floor(Number(id[2]) / 1000)) : new Date(value);
}

function utc(moment) {
  const text = moment.toISOString().replace("T", " ").replace(/\.000Z$|Z$/, "");
  return `${text} UTC`;
}

const isToday = (moment) => moment.toDateString() === new Date().toDateString();

const dayAndClock = new Intl.DateTimeFormat(
  undefined, { month: "short", day: "numeric", hour: "2-digit", minute: "2-digit" });

/** For a column: the second today, the day otherwise. */
export const shortTime = (value) => (isToday(date(value)) ? clock : dayAndClock).format(date(value));

/** Local time, with the day where it is not today. */
export function time(value, { always = false } = {}) {
  const moment = date(value);
  if (Number.isNaN(moment.getTime())) return h("span", {}, String(value));
  const text = !always && isToday(moment) ? clock.format(moment) : full.format(moment);
  return h("time", { datetime: moment.toISOString(), title: utc(moment) }, text);
}

export const timeText = (value) => full.format(date(value));

export const count = (value) => (value === null || value === undefined ? "?" : whole.format(value));
export const compact = (value) => short.format(value);

/** An amount as the shop has it, with its currency. */
export function money(amount, currency = "EUR") {
  if (amount === null || amount === undefined) return "–";
  try {
    return new Intl.NumberFormat(undefined, { style: "currency", currency }).format(amount);
  } catch { return `${amount} ${currency}`; }
}

/** A number of seconds: 850 µs, 3.2 ms, 4 s, 12 min. */
export function duration(seconds) {
  if (seconds === null || seconds === undefined || !Number.isFinite(seconds)) return "–";
  const units = [[1e-3, 1e6, "µs"], [1, 1e3, "ms"], [120, 1, "s"], [7200, 1 / 60, "min"], [172800, 1 / 3600, "h"]];
  const [, factor, unit] = units.find(([below]) => seconds < below) ?? [0, 1 / 86400, "days"];
  const value = seconds * factor;
  return `${value >= 10 ? Math.round(value) : Number(value.toPrecision(2))} ${unit}`;
}

/** A number of bytes. */
export function bytes(size) {
  if (!Number.isFinite(size)) return "–";
  const units = ["bytes", "KiB", "MiB", "GiB", "TiB"];
  const step = Math.min(units.length - 1, Math.max(0, Math.floor(Math.log2(Math.max(size, 1)) / 10)));
  const value = size / 1024 ** step;
  return `${step === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[step]}`;
}

/** The beginning of a UUID is enough to tell it from the others on a screen. */
export const brief = (id) => (/^[0-9a-f]{8}-[0-9a-f-]{27}$/.test(id) ? `${id.slice(0, 8)}…` : String(id));

/** "1 event", "3 events". */
export const plural = (number, one, more = `${one}s`) => `${count(number)} ${number === 1 ? one : more}`;
