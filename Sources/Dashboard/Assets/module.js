// The view of one module: its checkpoint, what waits, what is parked.
import { rpc } from "./api.js";
import { fill, h } from "./dom.js";
import { count, duration, time } from "./format.js";
import { stateChip } from "./modules.js";
import { problem } from "./notices.js";
import { parkedSection } from "./parked.js";
import { repeat } from "./repeat.js";
import { may } from "./session.js";
import { previewFacts, switchModule } from "./switch.js";
import { facts, table } from "./table.js";

function about(module) {
  return facts([
    ["State", stateChip(module)],
    module.error && ["Error", h("span", { class: "wrong" }, module.error)],
    module.retry_in !== undefined && ["Tries again in", duration(module.retry_in)],
    ["Lag", `${count(module.lag)}${module.lag_at_least ? " or more" : ""}`],
    module.oldest && ["Oldest", time(module.oldest)],
    ["Parked", count(module.parked)], ["Handled here", count(module.handled)],
    module.lease && ["Runs in", h("code", {}, `${module.lease.owner}, epoch ${module.lease.epoch}`)],
    module.replay && ["Replay", [time(module.replay.started), `, to ${module.replay.until}`]],
  ]);
}

const topicAndAction = (stream) => stream.replace(/^.*events:\{(.+)\}_(.+)$/, "$1 $2");

const streams = (module) => table(
  "Streams", [
    { title: "Stream", cell: ([stream]) => topicAndAction(stream) },
    { title: "Handled up to", cell: ([, { handled }]) => (handled ? time(handled) : "–") },
    { title: "Waiting", number: true, cell: ([, { waiting }]) => count(waiting) },
  ], Object.entries(module.checkpoint));

/** What it would do with what waits, when somebody asks. */
function preview(name) {
  const place = h("div", { "aria-live": "polite" });
  const look = async () => {
    try { fill(
      place, previewFacts(await rpc("module.preview", { name }))); } catch (error) { fill(place, problem(error)); }
  };
  return h(
    "details", { ontoggle: (event) => { if (event.target.open) look(); } },
    h("summary", {}, "What it would do with what waits"), place);
}

export async function show({ main, signal, path: [name] }) {
  const first = await rpc("module.show", { name }, { signal });
  const state = h("section", { class: "card", "aria-label": "State" });
  const waiting = h("section", { class: "card flush", "aria-label": "Streams" });
  const action = h("div", { class: "buttons" });
  const parked = parkedSection(name, signal, () => look());
  const draw = (module) => {
    fill(state, h("h2", {}, "State"), about(module), preview(name));
    fill(waiting, h("h2", {}, "Streams"), streams(module));
    if (may("operator")) {
      fill(action, h("button", { type: "button", id: "switch", onclick: async () => { if (
        await switchModule(module)) look(); } },
        module.enabled ? "Disable…" : "Enable…"));
    }
  };
  const look = async () => {
    const module = await rpc("module.show", { name }, { signal });
    const isIdle = !state.querySelector("details[open]") && !action.contains(document.activeElement);
    if (isIdle) draw(module);
    await parked.look(module.parked);
  };
  fill(
    main, h("p", {}, h("a", { href: "#/modules" }, "← All modules")),
    h(
      "div", { class: "heading" }, h(
        "div", {}, h("h1", {}, name), h("p", { class: "soft" }, first.summary)), action), parked.element,
    h("div", { class: "halves" }, state, waiting));
  draw(first);
  await parked.look(first.parked);
  repeat(3, signal, look);
}
