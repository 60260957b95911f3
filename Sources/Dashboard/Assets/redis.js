// How the daemon's Redis is, and what it keeps.
import { meter } from "./chart.js";
import { fill, h } from "./dom.js";
import { bytes, duration } from "./format.js";
import { value } from "./metrics.js";
import { facts } from "./table.js";

/** What somebody should look at. */
export const healthNotice = ({ healthy, problems }) =>
  healthy ? null : h("div", { class: "notice warn", role: "status" }, h("strong", {}, "Somebody should look at this"),
    h("ul", { class: "steps" }, problems.map((problem) => h("li", {}, problem))));

const safe = { "all": "good", "all but a second": "good", "nothing": "bad" };

function memory(metrics) {
  const used = value(metrics, "ordershop_redis_used_memory_bytes");
  const limit = value(metrics, "ordershop_redis_maxmemory_bytes");
  if (!limit) return [bytes(used), h("span", { class: "soft" }, ", no limit is set")];
  return [`${bytes(used)} of ${bytes(limit)}`, meter(used / limit, used / limit > 0.9 ? "bad" : "")];
}

const losses = (redis) => redis.lost.length > 0 && [
  "Lost", h("span", { class: "wrong" }, `${redis.lost.length} times events were lost: see ordershopctl status`)];

export function redisCard(card, status, metrics) {
  const { redis } = status;
  const started = duration(Date.now() / 1000 - status.started_at);
  fill(
    card, h(
      "div", { class: "heading" }, h("h2", {}, "Redis"),
      h("span", { class: `state ${redis.connected ? "good" : "bad"}` }, redis.connected ? "connected" : "away")),
    facts([
      ["Memory", memory(metrics)],
      ["Keeps", h("span", { class: `state ${safe[redis.keeps] ?? "warn"}` }, redis.keeps)],
      ["Persistence", redis.persistence],
      losses(redis),
      redis.warnings.length > 0 && [
        "Warnings", h("ul", { class: "plain" }, redis.warnings.map((warning) => h("li", {}, warning)))],
      ["Version", `${redis.version ?? "?"}, ${redis.role ?? "?"}${redis.embedded ? ", the daemon’s own" : ""}`],
      ["Address", h("code", { class: "small" }, redis.address)],
      ["Daemon", `OrderShop ${status.version}${status.shop ? `, shop ${status.shop}` : ""}, up for ${started}`],
    ]));
}
