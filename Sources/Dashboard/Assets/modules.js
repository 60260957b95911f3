// The view of all modules: what each does, how far behind it is, and switching it.
import { rpc } from "./api.js";
import { sparkline } from "./chart.js";
import { fill, h } from "./dom.js";
import { compact, count, duration, plural } from "./format.js";
import { samples, value } from "./metrics.js";
import { problem } from "./notices.js";
import { repeat } from "./repeat.js";
import { may } from "./session.js";
import { switchModule } from "./switch.js";
import { table } from "./table.js";

const seconds = 2;
const kept = 60;

const kinds = { running: "good", "catching up": "warn", replaying: "warn", "backing off": "bad", failed: "bad" };

/** The module's state as a word with a colour. */
export const stateChip = (module) =>
  h("span", { class: `state ${kinds[module.state] ?? ""}`, title: module.error ?? "" }, module.state);

/** How many events each module handled in each of the last looks. */
class Rates {
  #before = new Map();
  #rates = new Map();

  take(modules, now = performance.now()) {
    for (const { name, handled } of modules) {
      const before = this.#before.get(name);
      const rate = before && handled >= before.handled ? ((handled - before.handled) * 1000) / (now - before.now) : 0;
      this.#rates.set(name, [...(this.#rates.get(name) ?? []), rate].slice(-kept));
      this.#before.set(name, { handled, now });
    }
  }

  of(name) { return this.#rates.get(name) ?? []; }
}

const rates = new Rates();

function rate(module) {
  const values = rates.of(module.name);
  const now = values.at(-1) ?? 0;
  const label = `${compact(now)} events a second now, ${compact(Math.max(0, ...values))} at most in the last two minutes`;
  return h("span", { class: "rate" }, sparkline(values, label), h("span", { class: "number" }, compact(now)));
}

const lag = (module, metrics) => {
  const age = value(metrics, "ordershop_module_oldest_unhandled_age_seconds", { module: module.name });
  return [
    count(module.lag), module.lag_at_least && "+",
    module.lag > 0 && age > 0 && h("span", { class: "soft small" }, ` for ${duration(age)}`)];
};

const parked = (module) =>
  module.parked ? h(
    "a", { class: "state bad", href: `#/module/${module.name}` }, `${count(module.parked)} parked`) : count(module.parked);

function action(module, again) {
  const verb = module.enabled ? "Disable" : "Enable";
  return h(
    "button", {
      type: "button", class: "small", "aria-label": `${verb} ${module.name}`,
      onclick: async () => { if (await switchModule(module)) again(); },
    },
    `${verb}…`);
}

function columns(metrics, again) {
  const retries = (module) => value(metrics, "ordershop_module_retries_total", { module: module.name }) ?? 0;
  return [
    { title: "Module", cell: (module) => [h(
      "a", { href: `#/module/${module.name}` }, module.name), h("p", { class: "soft small" }, module.summary),
      module.error && h("p", { class: "small wrong" }, module.error)] },
    { title: "State", cell: stateChip },
    { title: "Events/s", cell: rate },
    { title: "Lag", number: true, cell: (module) => lag(module, metrics) },
    { title: "Retries", number: true, cell: (module) => count(retries(module)) },
    { title: "Parked", number: true, cell: parked },
    ...(may("operator") ? [{ title: "Switch", cell: (module) => action(module, again) }] : []),
  ];
}

function inWords(modules) {
  const off = modules.filter((module) => !module.enabled).map((module) => module.name);
  const parkedEvents = modules.reduce((sum, module) => sum + (module.parked ?? 0), 0);
  return [`${modules.length - off.length} of ${modules.length} are on`, off.length && `off: ${off.join(", ")}`,
    parkedEvents && `${plural(parkedEvents, "event")} parked`].filter(Boolean).join("; ");
}

/** Puts the new table in the place of the old, and leaves the focus where it is. */
function swap(place, content) {
  const label = place.contains(document.activeElement) && (
    document.activeElement.ariaLabel ?? document.activeElement.getAttribute("href"));
  fill(place, content);
  if (label) [...place.querySelectorAll("button, a")].find(
    (one) => (one.ariaLabel ?? one.getAttribute("href")) === label)?.focus();
}

export async function show({ main, signal }) {
  const place = h("section", { class: "card flush", "aria-label": "Modules" });
  const words = h("p", { class: "soft" });
  fill(
    main, h("div", { class: "heading" }, h("h1", {}, "Modules"), words), place,
    !may("operator") && h("p", { class: "soft small" }, "Switching modules takes the role operator: log in for it."));
  const look = async () => {
    const [modules, metrics] = await Promise.all(
      [rpc("module.list", {}, { signal }), samples(signal).catch(() => [])]);
    rates.take(modules);
    words.textContent = inWords(modules);
    swap(place, table("Modules", columns(metrics, look), modules));
  };
  repeat(seconds, signal, look, (error) => { if (!place.firstChild) fill(place, problem(error)); });
}
