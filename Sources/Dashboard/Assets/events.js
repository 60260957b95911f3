// The view of events as they happen.
import { fill, h } from "./dom.js";
import { details, line } from "./event.js";
import { plural } from "./format.js";
import { empty, problem } from "./notices.js";
import { EventStream } from "./stream.js";
import { rpc } from "./api.js";
import { WindowedList } from "./windowed.js";

const most = 10_000;
const states = {
  connecting: ["", "Connecting…"], live: ["good", "Live"], waiting: ["warn", "Reconnecting…"], paused: ["", "Paused"],
};

/** The topics and actions that there are: the daemon's checkpoints name every stream that has any. */
async function streams(signal) {
  const listed = await rpc("checkpoint.list", {}, { signal });
  const names = new Set(JSON.stringify(listed).match(/events:\{[a-z_]+\}_[a-z_]+/g) ?? []);
  return [...names].map((name) => /\{([a-z_]+)\}_([a-z_]+)$/.exec(name).slice(1));
}

class EventsView {
  #events = [];
  #waiting = [];
  #paused = false;
  #added = 0;
  #scheduled = false;
  #state = "connecting";

  constructor({ main, signal, query }) {
    this.signal = signal;
    this.filter = Object.fromEntries(["topic", "action", "entity"].map((name) => [name, query.get(name) ?? ""]));
    this.list = new WindowedList({
      label: "Events, the newest first", key: (event) => event.id, row: line, chosen: (event) => this.open(event),
    });
    this.chip = h("span", { class: "state", id: "stream", role: "status" });
    this.pause = h(
      "button", { type: "button", id: "pause", "aria-pressed": "false", onclick: () => this.toggle() }, "Pause");
    this.count = h("span", { class: "soft small", id: "event-count" });
    this.detail = h("section", { class: "card detail", "aria-label": "The event", hidden: true });
    this.nothing = h("div", {});
    this.place = h(
      "div", { class: "events" }, h(
        "section", { class: "card flush", "aria-label": "Events" }, this.nothing, this.list.element),
      this.detail);
    fill(
      main, h(
        "div", { class: "heading" }, h("h1", {}, "Events"), this.chip,
        h("div", { class: "buttons" }, this.count, this.pause)),
      h("div", { id: "filters" }), this.place);
    this.detail.addEventListener("keydown", (event) => { if (event.key === "Escape") this.close(); });
  }

  async run(main) {
    this.state("connecting");
    this.filters(main.querySelector("#filters"));
    const stream = new EventStream(
      this.filter,
      { events: (events) => this.take(events), state: (name) => this.state(name), gap: () => this.gap() }, this.signal);
    try { await stream.open(); } catch (error) {
      if (!this.signal.aborted) fill(this.nothing, problem(error, () => this.run(main)));
    }
  }

  async filters(place) {
    const known = await streams(this.signal).catch(() => []);
    const topics = [...new Set([...known.map(([topic]) => topic), this.filter.topic].filter(Boolean))].sort();
    const actions = [...new Set([...known.filter(([topic]) => !this.filter.topic || topic === this.filter.topic)
      .map(([, action]) => action), this.filter.action].filter(Boolean))].sort();
    const select = (name, title, words) =>
      h("label", {}, title, h("select", { name, onchange: () => apply() },
        [["", "all"], ...words.map((word) => [word, word])].map(([value, text]) =>
          h("option", { value, selected: value === this.filter[name] }, text))));
    const form = h(
      "form", { class: "fields", role: "search", "aria-label": "Filters" }, select("topic", "Topic", topics),
      select("action", "Action", actions),
      h(
        "label", { class: "wide" }, "Entity",
        h(
          "input",
          {
            name: "entity", value: this.filter.entity, placeholder: "order:ID", spellcheck: "false",
            autocomplete: "off",
          })),
      h("button", {}, "Filter"),
      Object.values(this.filter).some(Boolean) && h("a", { class: "button quiet", href: "#/events" }, "Clear"));
    const apply = () => {
      const given = [...new FormData(form)].filter(([, value]) => value.trim()).map(
        ([name, value]) => [name, value.trim()]);
      location.hash = `#/events${given.length ? `?${new URLSearchParams(given)}` : ""}`;
    };
    form.addEventListener("submit", (event) => { event.preventDefault(); apply(); });
    fill(place, form);
  }

  state(name) {
    this.#state = name;
    const [kind, text] = states[this.#paused && name === "live" ? "paused" : name];
    this.chip.className = `state ${kind}`;
    if (this.chip.textContent !== text) this.chip.textContent = text;
  }

  take(events) {
    this.#waiting.push(...events);
    if (this.#waiting.length > most) this.#waiting.splice(0, this.#waiting.length - most);
    this.soon();
  }

  /** However many come, the page is drawn once for each frame. */
  soon() {
    if (this.#scheduled) return;
    this.#scheduled = true;
    requestAnimationFrame(() => { this.#scheduled = false; this.draw(); });
  }

  draw() {
    if (!this.#paused && this.#waiting.length) {
      const added = this.#waiting.length;
      this.#events = [...this.#waiting.reverse(), ...this.#events].slice(0, most);
      this.#waiting = [];
      this.list.set(this.#events, added);
    }
    fill(this.nothing, !this.#events.length && this.#state !== "connecting"
      && empty("No event yet that the filters take. Each shows here as it happens."));
    this.list.element.hidden = !this.#events.length;
    this.count.textContent = this.#paused
      ? `${plural(this.#waiting.length, "new event")} waiting` : plural(this.#events.length, "event");
    this.pause.textContent = this.#paused ? "Go on" : "Pause";
  }

  toggle() {
    this.#paused = !this.#paused;
    this.pause.setAttribute("aria-pressed", this.#paused);
    this.state(this.#state);
    this.draw();
  }

  gap() {
    this.place.before(h("p", { class: "notice warn", role: "status" },
      "Some events were trimmed from the streams before they came here: the archives have them."));
  }

  open(event) {
    fill(this.detail, details(event, () => this.close()));
    this.detail.hidden = false;
    this.place.classList.add("open");
    this.list.choose(event.id);
    this.detail.querySelector("h2").focus();
  }

  close() {
    this.detail.hidden = true;
    this.place.classList.remove("open");
    this.list.element.focus();
  }
}

export async function show(context) { new EventsView(context).run(context.main); }
