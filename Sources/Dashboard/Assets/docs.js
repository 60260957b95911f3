// The API as its own description has it: every operation, by what it is about, and each to be tried.
import { get, Refusal } from "./api.js";
import { fill, h } from "./dom.js";
import { sessionTools } from "./login.js";
import { empty, problem } from "./notices.js";
import { operationsOf } from "./openapi.js";
import { load } from "./session.js";
import { themeButton } from "./theme.js";
import { show as showOperation } from "./try.js";

const main = document.getElementById("main");
const menu = document.getElementById("operations");

const chosen = () => decodeURIComponent(location.hash.replace(/^#\/?/, ""));

function link(operation) {
  return h(
    "li", {},
    h(
      "a", { href: `#/${operation.id}`, title: operation.summary, "aria-current": operation.id === chosen() ? "page" : undefined },
      h("span", { class: `verb ${operation.method.toLowerCase()}` }, operation.method), operation.path));
}

const matches = (operation, words) => {
  const text = `${operation.id} ${operation.method} ${operation.path} ${operation.summary}`.toLowerCase();
  return words.every((word) => text.includes(word));
};

/** The operations by their tags; those that are sought lie open, and the one that is shown. */
function list(operations, place, sought) {
  const words = sought.toLowerCase().split(/\s+/).filter(Boolean);
  const found = operations.filter((operation) => matches(operation, words));
  const groups = Map.groupBy ? Map.groupBy(found, ({ tag }) => tag) : grouped(found);
  const parts = [...groups].map(([tag, members]) =>
    h(
      "details", { open: words.length > 0 || members.some(({ id }) => id === chosen()) },
      h("summary", {}, tag, h("span", { class: "soft" }, ` ${members.length}`)),
      h("ul", { class: "plain" }, members.map(link))));
  fill(place, parts.length ? parts : empty("No operation is like that."));
}

function grouped(operations) {
  const groups = new Map();
  for (const one of operations) groups.set(one.tag, [...(groups.get(one.tag) ?? []), one]);
  return groups;
}

function showIntroduction(document) {
  fill(
    main, h("h1", {}, "The API"),
    h("section", { class: "card" },
      h("p", {}, document.info.description),
      h("p", {}, "Choose an operation to see what goes in and what comes out, and to send a request. ",
        h("strong", {}, "Requests are real:"), " what they change is changed in this shop."),
      h("p", {}, "For programs: ", h("a", { href: "/openapi.json" }, "openapi.json"), ` (OpenAPI ${document.openapi}).`)));
}

let leaving = new AbortController();

function show(document, operations) {
  leaving.abort();
  leaving = new AbortController();
  const operation = operations.find(({ id }) => id === chosen());
  for (const one of menu.querySelectorAll("[aria-current]")) one.removeAttribute("aria-current");
  const entry = menu.querySelector(`a[href="#/${CSS.escape(chosen())}"]`);
  if (entry) {
    entry.setAttribute("aria-current", "page");
    entry.closest("details").open = true;
  }
  if (operation) showOperation(main, operation, leaving.signal);
  else if (chosen()) fill(main, h("h1", {}, "Not here"), empty("There is no such operation. ", h("a", { href: "#/" }, "The API")));
  else showIntroduction(document);
  window.document.title = operation ? `${operation.id} · OrderShop` : "API · OrderShop";
}

async function begin() {
  let description;
  try { description = await get("/openapi.json"); } catch (error) {
    return fill(main, h("h1", {}, "The API"), problem(error, begin));
  }
  const operations = operationsOf(description);
  const place = h("div", {});
  const search = h("input", { type: "search", id: "search", "aria-label": "Find an operation", placeholder: "Find an operation" });
  search.addEventListener("input", () => list(operations, place, search.value));
  fill(menu, search, place);
  list(operations, place, "");
  window.addEventListener("hashchange", () => {
    // The link that leads past the menu is no operation.
    if (location.hash === "#main") return;
    show(description, operations);
    main.focus({ preventScroll: true });
    main.scrollIntoView({ block: "nearest" });
  });
  show(description, operations);
}

async function session() {
  try {
    await load();
    document.getElementById("tools").prepend(sessionTools());
  } catch (error) { if (!(error instanceof Refusal)) throw error; }
}

document.getElementById("tools").append(themeButton());
begin();
session();
