// Events as they happen, from the daemon's stream (/events). What was cut off goes on behind the last one that came.
import { get, rpc } from "./api.js";

const shown = 200;

/** What a filter says, as parameters of a request: { topic, action, entity }, each may be empty. */
const given = (filter) => Object.fromEntries(Object.entries(filter).filter(([, value]) => value));

export class EventStream {
  #source;
  #last;
  #filter;
  #tell;
  #signal;

  /** @param tell { events(list), state(name), gap(detail) }; names of states: connecting, live, waiting. */
  constructor(filter, tell, signal) {
    this.#filter = given(filter);
    this.#tell = tell;
    this.#signal = signal;
    signal.addEventListener("abort", () => this.#source?.close());
  }

  /** The last events that there are, then each that comes. */
  async open() {
    this.#tell.state("connecting");
    const before = await rpc("event.list", { ...this.#filter, last: true, limit: shown }, { signal: this.#signal });
    if (this.#signal.aborted) return;
    this.#last = before.at(-1)?.id ?? "0";
    this.#tell.events(before);
    this.#connect();
  }

  #connect() {
    if (this.#signal.aborted) return;
    const query = new URLSearchParams({ ...this.#filter, after: this.#last });
    const source = new EventSource(`/events?${query}`);
    this.#source = source;
    source.addEventListener("open", () => this.#tell.state("live"));
    source.addEventListener("message", (message) => this.#take(message));
    source.addEventListener("gap", (message) => this.#tell.gap(JSON.parse(message.data)));
    source.addEventListener("error", () => this.#lost(source));
  }

  #take(message) {
    const event = JSON.parse(message.data);
    this.#last = event.id;
    this.#tell.events([event]);
  }

  /** The browser connects again by itself, but for where the server has refused. */
  #lost(source) {
    if (this.#signal.aborted) return;
    this.#tell.state("waiting");
    // Says on the page whether the daemon is away at all.
    get("/session", { signal: this.#signal }).catch(() => {});
    if (source.readyState === EventSource.CLOSED) setTimeout(() => this.#connect(), 2000);
  }
}
