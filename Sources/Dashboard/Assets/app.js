// The frame: where one is, who one is, whether the daemon answers.
import { news, Refusal } from "./api.js";
import { fill, h } from "./dom.js";
import { sessionTools, showLogin } from "./login.js";
import { empty, problem } from "./notices.js";
import { repeat } from "./repeat.js";
import { changes, current, load } from "./session.js";
import { themeButton } from "./theme.js";
import * as browse from "./browse.js";
import * as entity from "./entity.js";
import * as events from "./events.js";
import * as modules from "./modules.js";
import * as module from "./module.js";
import * as overview from "./overview.js";

// The part of the address behind #/, and the tab that it stands under.
const views = { "": [overview, ""], events: [events], modules: [modules], module: [module, "modules"],
  browse: [browse], entity: [entity, "browse"] };
const tabs = [["", "Overview"], ["events", "Events"], ["modules", "Modules"], ["browse", "Browse"]];

const main = document.getElementById("main");
let leaving = new AbortController();

/** #/entity/order/ID?at=3 → { name: "entity", path: ["order", ID], query }. */
function place() {
  const [path, query] = location.hash.replace(/^#\/?/, "").split("?");
  const [name, ...rest] = path.split("/").map(decoded);
  return { name, path: rest, query: new URLSearchParams(query) };
}

/** What somebody has typed into the address need not be right. */
function decoded(text) {
  try { return decodeURIComponent(text); } catch { return text; }
}

function mark(tab) {
  const links = tabs.map(([name, title]) =>
    h("a", { href: `#/${name}`, "aria-current": name === tab ? "page" : undefined }, title));
  fill(document.getElementById("tabs"), links, h("a", { href: "/docs" }, "API"));
}

async function show() {
  leaving.abort();
  leaving = new AbortController();
  const { signal } = leaving;
  const here = place();
  const [view, tab = here.name] = views[here.name] ?? [];
  mark(tab);
  fill(main);
  if (!view) return fill(
    main, h("h1", {}, "Not here"), empty("There is no such page. ", h("a", { href: "#/" }, "Overview")));
  try {
    await view.show({ main, signal, ...here });
    const title = main.querySelector("h1")?.textContent;
    document.title = title ? `${title} · OrderShop` : "OrderShop";
  } catch (error) {
    if (signal.aborted) return;
    if (!(error instanceof Refusal)) console.error(error);
    fill(main, h("h1", {}, "OrderShop"), problem(error, show));
  }
}

/** Says whether the daemon answers, and asks it until it does. */
function connection() {
  const chip = h("span", { class: "state good", id: "connection", role: "status" }, "Connected");
  let waiting = new AbortController();
  const set = (kind, text) => {
    if (chip.textContent === text) return false;
    chip.className = `state ${kind}`;
    chip.textContent = text;
    return true;
  };
  news.addEventListener("reachable", () => { if (set("good", "Connected")) waiting.abort(); });
  news.addEventListener("lost", () => {
    if (!set("warn", "Reconnecting…")) return;
    waiting = new AbortController();
    repeat(1, waiting.signal, load);
  });
  return chip;
}

async function begin() {
  document.getElementById("tools").append(connection(), sessionTools(), themeButton());
  window.addEventListener("hashchange", async () => {
    await show();
    main.focus({ preventScroll: true });
    scrollTo(0, 0);
  });
  try { await load(); } catch (error) { if (!(error instanceof Refusal)) throw error; }
  let role = current().role;
  changes.addEventListener("changed", () => {
    if (role !== current().role) show();
    role = current().role;
  });
  if (role === null && current().can_login) showLogin();
  // A session has ended, or somebody may not even look without one.
  news.addEventListener(
    "denied", () => { if (current().can_login && !document.querySelector("dialog[open]")) showLogin(); });
  await show();
}

begin();
