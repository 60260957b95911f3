// The view of one entity: what it is, or was at any time, and what happened to it.
import { rpc } from "./api.js";
import { fill, h } from "./dom.js";
import { brief, time, timeText } from "./format.js";
import { filtersOf } from "./lists.js";
import { empty } from "./notices.js";
import { changed } from "./changes.js";
import { facts } from "./table.js";
import { topics } from "./topics.js";
import { nameOf, show as showValue } from "./values.js";

const perPage = 100;
const most = 1_000;

/** Lists of other entities that the daemon picks by this one's id: a customer's orders, an order's billings. */
async function related(topic, id) {
  const lists = await Promise.all(
    Object.entries(topics).map(async ([name, { plural }]) => ({ name, plural, filters: await filtersOf(name) })));
  return lists.filter(({ filters }) => filters[`${topic}_id`]).map(({ name, plural }) =>
    h("a", { class: "button", href: `#/browse/${name}?by=${topic}_id&value=${encodeURIComponent(id)}` }, plural));
}

const isGone = (event) => event.action === "deleted";
const stateOf = (event) => (event && !isGone(event) && typeof event.entity === "object" ? event.entity : null);

class EntityView {
  /** Oldest first. */
  #events = [];
  #next = null;
  #at = 0;

  constructor({ main, signal, path: [topic, id], query }) {
    Object.assign(this, { topic, id, signal, key: `${topic}:${id}` });
    this.heading = h("h1", {}, `${topic} ${brief(id)}`);
    this.links = h("div", { class: "buttons" });
    this.time = h("p", { class: "moment", id: "moment", role: "status" });
    this.slider = h(
      "input", { type: "range", id: "slider", min: 0, step: 1, oninput: () => this.go(Number(this.slider.value)) });
    this.when = h(
      "input", { type: "datetime-local", step: 1, id: "when", onchange: () => this.goTo(this.when.value) });
    this.state = h("div", { id: "state" });
    this.history = h("ol", { class: "history", reversed: true });
    this.more = h("div", { class: "buttons" });
    this.trimmed = h("div", {});
    this.wanted = query.get("at");
    fill(main, this.frame());
  }

  frame() {
    return [
      h("p", {}, h("a", { href: `#/browse/${this.topic}` }, `← ${topics[this.topic]?.plural ?? "Browse"}`)),
      h(
        "div", { class: "heading" },
        h("div", {}, this.heading, h("p", { class: "soft small" }, h("code", {}, this.key))), this.links),
      h(
        "section", { class: "card", "aria-label": "Time" },
        h(
          "div", { class: "timeline" }, h(
            "button", { type: "button", id: "earlier", onclick: () => this.go(this.#at - 1) }, "← Earlier"),
          h("label", { class: "unseen", for: "slider" }, "Point in time"), this.slider,
          h("button", { type: "button", id: "later", onclick: () => this.go(this.#at + 1) }, "Later →"),
          h("label", { class: "at" }, "As it was at", this.when)), this.time),
      h(
        "div", { class: "halves" },
        h(
          "section", { class: "card", "aria-labelledby": "state-title" }, h("h2", { id: "state-title" }, "State"),
          this.state),
        h(
          "section", { class: "card", "aria-labelledby": "history-title" },
          h("h2", { id: "history-title" }, "History"), this.trimmed, this.history, this.more)),
    ];
  }

  async load() {
    const page = await rpc(
      "entity.history", { entity: this.key, limit: perPage, ...(this.#next && { cursor: this.#next }) },
      { signal: this.signal });
    this.#events = [...page.events.toReversed(), ...this.#events];
    this.#next = page.next ?? null;
    if (page.trimmed_up_to) fill(
      this.trimmed,
      h(
        "p", { class: "notice warn" }, "What was before ", time(page.trimmed_up_to),
        " was trimmed from the streams: the archives have it."));
    return page.events.length;
  }

  /** The newest, and as many before them as it takes to come to what was asked for. */
  async open() {
    await this.load();
    const has = () => !this.wanted || this.#events.some((event) => event.id === this.wanted);
    while (!has() && this.#next && this.#events.length < most) await this.load();
    if (!this.#events.length) return fill(
      this.state, empty(`There is no ${this.topic} with this id, and there never was one.`));
    const index = this.#events.findIndex((event) => event.id === this.wanted);
    const latest = this.#events.findLast((event) => !isGone(event));
    this.heading.textContent = nameOf(this.topic, latest?.entity) ?? `${this.topic} ${brief(this.id)}`;
    fill(this.links, await related(this.topic, this.id));
    this.list();
    this.go(index < 0 ? this.#events.length - 1 : index);
  }

  async older() {
    const added = await this.load();
    this.#at += added;
    this.list();
    this.go(this.#at);
  }

  list() {
    this.slider.max = this.#events.length - 1;
    fill(this.history, this.#events.map((event, index) => h("li", {}, this.entry(event, index))).reverse());
    this.history.setAttribute("start", this.#events.length);
    fill(
      this.more,
      this.#next && h("button", { type: "button", id: "older", onclick: () => this.older() }, "Load older events"));
  }

  entry(event, index) {
    const names = changed(this.#events[index - 1]?.entity, event.entity).map(({ member }) => member);
    return h(
      "button", { type: "button", class: "quiet entry", onclick: () => this.go(index) },
      h("b", {}, event.action), " ", time(event.id),
      h("span", { class: "soft small" }, index > 0 && names.length ? `changed ${names.join(", ")}` : ""));
  }

  go(index) {
    const last = this.#events.length - 1;
    this.#at = Math.max(0, Math.min(last, index));
    const event = this.#events[this.#at];
    const text = `${this.#at + 1} of ${last + 1}: ${event.action}, ${timeText(event.id)}`;
    this.slider.value = this.#at;
    this.slider.setAttribute("aria-valuetext", text);
    this.slider.disabled = last === 0;
    fill(
      this.time, h("b", {}, event.action), " ", time(event.id, { always: true }),
      h(
        "span", { class: "soft" },
        ` · event ${this.#at + 1} of ${last + 1}${this.#next ? " that are loaded" : ""}`,
        this.#at === last && ", the last one"));
    document.getElementById("earlier").disabled = this.#at === 0;
    document.getElementById("later").disabled = this.#at === last;
    [...this.history.querySelectorAll("button")].reverse().forEach(
      (button, at) => button.setAttribute("aria-current", at === this.#at ? "step" : "false"));
    this.draw(event, this.#events[this.#at - 1]);
  }

  /** The last event up to a time, in local time. */
  goTo(text) {
    const moment = new Date(text).getTime();
    if (Number.isNaN(moment)) return;
    const index = this.#events.findLastIndex((event) => new Date(event.time).getTime() <= moment);
    if (index >= 0) this.go(index);
    else fill(
      this.state,
      empty(
        this.#next ? "That is before the events that are loaded: load older ones."
          : `There was no such ${this.topic} yet at that time.`));
  }

  draw(event, before) {
    const state = stateOf(event);
    const changes = new Map(
      before ? changed(stateOf(before), state ?? stateOf(before)).map((change) => [change.member, change]) : []);
    if (!state) {
      return fill(this.state, h(
        "p", { class: "notice" },
        isGone(event) ? "It was deleted here. This is what it was last:" : "This event's entity is no JSON object:"),
        typeof event.entity === "object" ? this.members(event.entity, new Map()) : h("pre", {}, event.entity));
    }
    fill(this.state, this.members(state, changes), this.removed(changes));
  }

  members(state, changes) {
    return facts(Object.entries(state).map(([name, value]) => {
      const change = changes.get(name);
      const old = change && "before" in change && h(
        "del", { class: "soft" }, h("span", { class: "unseen" }, "before: "), showValue(name, change.before, state));
      const shown = showValue(name, value, state);
      return [name, change ? h("div", { class: "change" }, old, h("ins", {}, shown)) : shown];
    }));
  }

  removed(changes) {
    const gone = [...changes.values()].filter((change) => !("after" in change));
    return gone.length ? [
      h("h3", {}, "No longer there"),
      facts(gone.map(({ member, before }) => [member, h("del", {}, showValue(member, before))]))] : null;
  }
}

export async function show(context) { await new EntityView(context).open(); }
