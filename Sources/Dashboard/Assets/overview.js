// The view of the shop at a glance.
import { rpc } from "./api.js";
import { fill, h } from "./dom.js";
import { samples } from "./metrics.js";
import { problem } from "./notices.js";
import { repeat } from "./repeat.js";
import { healthNotice, redisCard } from "./redis.js";
import { latencyCard } from "./latency.js";
import { salesCards } from "./sales.js";
import { stockCard } from "./stock.js";
import { waitingCard } from "./waiting.js";

/** A part of the page that fetches for itself, so that what fails takes nothing else with it. */
function part(signal, seconds, element, look) {
  repeat(seconds, signal, look, (error) => { if (!element.firstChild) fill(element, problem(error)); });
  return element;
}

/** Only when it has changed: it is read out. */
function tell(health, verdict) {
  const said = JSON.stringify(verdict);
  if (health.dataset.said !== said) fill(health, healthNotice(verdict));
  health.dataset.said = said;
}

const card = (label) => h("section", { class: "card", "aria-label": label });

export async function show({ main, signal, query }) {
  const health = h("div", { id: "health" });
  const sales = salesCards(query.get("range") ?? "day", signal);
  const [stock, waiting, latency, redis] = ["Stock", "Orders that wait", "Latency", "Redis"].map(card);
  const line = latencyCard(latency);
  fill(
    main, h("div", { class: "heading" }, h("h1", {}, "Overview"), sales.ranges), health, sales.tiles, sales.charts,
    h("div", { class: "cards" }, stock, waiting), h("div", { class: "cards" }, latency, redis));
  part(signal, sales.every, sales.tiles, sales.look);
  part(signal, 15, stock, () => stockCard(stock, signal));
  part(signal, 15, waiting, () => waitingCard(waiting, signal));
  part(signal, 5, latency, async () => {
    const metrics = await samples(signal);
    line.look(metrics);
    sales.latency(line.now);
  });
  part(signal, 5, redis, async () => {
    const [status, verdict, metrics] = await Promise.all(
      [rpc("daemon.status", {}, { signal }), rpc("daemon.health", {}, { signal }), samples(signal)]);
    tell(health, verdict);
    redisCard(redis, status, metrics);
    sales.redis(metrics);
  });
}
