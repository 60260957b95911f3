// One operation: what it takes, a form to try it, and what came of it.
import { fill, h } from "./dom.js";
import { say } from "./notices.js";
import { inWords, members } from "./openapi.js";
import { build, curl } from "./request.js";
import { send } from "./send.js";

const kinds = { path: "in the path", query: "behind the question mark", header: "as a header field" };

const stars = (isRequired) => isRequired && h("span", { class: "required" }, " required");

function control(parameter, id) {
  const { schema, example, required } = parameter;
  const values = schema.enum ?? (schema.type === "boolean" ? ["true", "false"] : null);
  const attributes = { id, name: parameter.name, required, "aria-describedby": `${id}-about` };
  if (values) return h("select", attributes, !required && h("option", { value: "" }, "left out"), values.map((one) => h("option", {}, String(one))));
  const number = schema.type === "integer" && { type: "number", min: schema.minimum, max: schema.maximum };
  return h("input", { type: "text", autocomplete: "off", spellcheck: "false", placeholder: example === undefined ? undefined : `such as ${example}`, ...number, ...attributes });
}

function field(parameter) {
  const id = `field-${parameter.name}`;
  return h(
    "div", { class: "field" }, h("label", { for: id }, parameter.name, stars(parameter.required)), control(parameter, id),
    h("p", { class: "soft small", id: `${id}-about` }, `${parameter.description ?? ""} (${kinds[parameter.in]}; ${inWords(parameter.schema)})`));
}

function bodyField(body) {
  return h(
    "div", { class: "field" }, h("label", { for: "body" }, "Body", stars(body.required)),
    h("textarea", {
      id: "body", name: "body", required: body.required, spellcheck: "false", "aria-describedby": "body-about",
      value: JSON.stringify(body.example ?? {}, null, 2),
    }),
    h("p", { class: "soft small", id: "body-about" }, "JSON. ", body.schema.oneOf && "One object, or an array of up to 1,000. ",
      "The values are examples: ids are to be of what there is."));
}

/** Its content is there when somebody wants to see it. */
function later(title, build) {
  const details = h("details", {}, h("summary", {}, title));
  details.addEventListener("toggle", () => details.append(build()), { once: true });
  return details;
}

function memberTable(schema) {
  const rows = members(schema);
  if (!rows.length) return null;
  return later("What the body has", () =>
    h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "What the body has" },
      h("table", { class: "wrapping" },
        h("thead", {}, h("tr", {}, ["Member", "Value", ""].map((text) => h("th", { scope: "col" }, text)))),
        h("tbody", {}, rows.map(({ name, schema: value, required }) =>
          h("tr", {}, h("th", { scope: "row", "data-title": "Member" }, h("code", {}, name)),
            h("td", { "data-title": "Value" }, value.description ? `${value.description} (${inWords(value)})` : inWords(value)),
            h("td", { "data-title": "" }, required ? "required" : "optional")))))));
}

function answers(operation) {
  return later("What it answers", () =>
    h("ul", { class: "plain" }, operation.answers.map(({ status, description, content }) =>
      h("li", {}, h("strong", {}, status), ` ${description}`,
        Object.entries(content ?? {}).map(([type, { schema }]) =>
          later(type, () => h("pre", { class: "pane tall", tabindex: "0" }, JSON.stringify(schema, null, 2))))))));
}

const streams = (operation) => operation.answers.some(({ content }) => content?.["text/event-stream"]);

/** Puts the operation on the page. */
export function show(main, operation, leaving) {
  const form = h("form", { class: "card", id: "try" });
  const command = h("pre", { class: "pane", id: "curl", tabindex: "0", "aria-label": "The same by curl" });
  const result = h("section", { class: "card", id: "answer", "aria-label": "The answer", "aria-live": "polite", hidden: true });
  const request = () => build(operation, Object.fromEntries(new FormData(form)), form.elements.body?.value ?? "");
  const draw = () => fill(command, curl(request(), location.origin, streams(operation)));
  const button = h("button", { class: operation.method === "DELETE" ? "bad" : "main", id: "send" }, "Send");
  fill(
    form, h("h2", {}, "Try it"), operation.parameters.map(field), operation.body && bodyField(operation.body),
    !operation.parameters.length && !operation.body && h("p", { class: "soft" }, "It takes nothing."),
    h("div", { class: "buttons" }, button, operation.method !== "GET" && h("span", { class: "soft small" }, "This changes the shop.")));
  form.addEventListener("input", draw);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    button.disabled = true;
    await send(request(), result, leaving);
    button.disabled = false;
    if (!leaving.aborted) button.focus({ preventScroll: true });
  });
  draw();
  fill(
    main, h("h1", {}, operation.summary),
    h("p", { class: "address" }, h("span", { class: `verb ${operation.method.toLowerCase()}` }, operation.method), h("code", {}, operation.path),
      h("span", { class: "soft small" }, operation.id)),
    h("section", { class: "card", "aria-label": "Description" }, operation.body && memberTable(operation.body.schema), answers(operation)),
    form, result,
    h("section", { class: "card" }, h("div", { class: "heading" }, h("h2", {}, "The same by curl"), copyButton(command)), command));
}

function copyButton(source) {
  return h("button", {
    type: "button", class: "small", id: "copy",
    onclick: async () => {
      try {
        await navigator.clipboard.writeText(source.textContent);
        say("Copied");
      } catch { say("The browser does not let this page copy: mark the text and copy it.", "warn"); }
    },
  }, "Copy");
}
