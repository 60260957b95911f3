// Sends a request and shows what came back: as it comes, where it does not end.
import { fill, h } from "./dom.js";
import { bytes, duration } from "./format.js";

// More than this nobody reads on a page.
const most = 200_000;

const kind = (status) => (status < 400 ? "good" : status < 500 ? "warn" : "bad");

function pretty(text, type) {
  if (!/[/+]json/.test(type)) return text;
  try { return JSON.stringify(JSON.parse(text), null, 2); } catch { return text; }
}

const shortened = (text) => (text.length > most ? `${text.slice(0, most)}\n… and ${text.length - most} characters more` : text);

function headerTable(headers) {
  return h(
    "details", {}, h("summary", {}, "Headers"),
    h("dl", { class: "facts" }, [...headers].map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", { class: "mono" }, value)))));
}

/** Reads a stream until it ends or somebody ends it; shows the last of it meanwhile. */
async function follow(response, place, signal, stop) {
  const output = h("pre", { class: "pane tall", tabindex: "0", "aria-label": "What comes", id: "output" });
  const button = h("button", { type: "button", id: "stop", onclick: stop }, "Stop");
  place.append(h("div", { class: "buttons" }, button, h("span", { class: "soft small" }, "It goes on until you stop it.")), output);
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) break;
      text = (text + value).slice(-most);
      output.textContent = text;
      output.scrollTop = output.scrollHeight;
    }
  } catch (error) { if (!signal.aborted) output.append(`\n${error.message}`); }
  button.remove();
}

async function whole(response, place, start) {
  const text = await response.text();
  const time = performance.now() - start;
  place.querySelector("#cost").textContent = `${duration(time / 1000)}, ${bytes(new TextEncoder().encode(text).length)}`;
  const shown = shortened(pretty(text, response.headers.get("Content-Type") ?? ""));
  place.append(h("pre", { class: "pane tall", tabindex: "0", "aria-label": "Body", id: "output" }, shown || "(no body)"));
}

/** Sends it, and puts status, headers, body and time into the place. */
export async function send({ method, url, headers, body }, place, leaving) {
  const control = new AbortController();
  const { signal } = control;
  leaving.addEventListener("abort", () => control.abort(), { once: true });
  place.hidden = false;
  fill(place, h("h2", {}, "The answer"), h("p", { class: "soft" }, "Waiting…"));
  const start = performance.now();
  try {
    const response = await fetch(url, { method, headers, body, signal, credentials: "same-origin", cache: "no-store" });
    const status = h("span", { class: `state ${kind(response.status)}`, id: "status" }, `${response.status} ${response.statusText}`);
    const cost = h("span", { class: "soft small", id: "cost" }, duration((performance.now() - start) / 1000));
    fill(place, h("div", { class: "heading" }, h("h2", {}, "The answer"), h("div", { class: "buttons" }, status, cost)), headerTable(response.headers));
    const isStream = response.headers.get("Content-Type")?.startsWith("text/event-stream");
    await (isStream ? follow(response, place, signal, () => control.abort()) : whole(response, place, start));
  } catch (error) {
    if (!leaving.aborted) fill(place, h("h2", {}, "The answer"), h("p", { class: "notice bad" }, `No answer came: ${error.message}`));
  }
}
