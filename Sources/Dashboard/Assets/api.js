// Asks the daemon. Every refusal comes as one kind of error, in the server's own words.

/** Why something was not done: `title` says what, `message` says why and what to do. */
export class Refusal extends Error {
  constructor(status, title, detail, retryAfter) {
    super(detail);
    Object.assign(this, { status, title, retryAfter });
  }

  /** Whether the same may succeed in a moment, without anybody doing anything. */
  get passes() { return this.status === 0 || this.status === 503; }
}

/** Tells `reachable` of each answer and `lost` of each that did not come; `denied` where a login is needed. */
export const news = new EventTarget();

const tell = (name, detail) => news.dispatchEvent(new CustomEvent(name, { detail }));

async function answer(path, options) {
  try {
    const response = await fetch(path, { credentials: "same-origin", cache: "no-cache", ...options });
    tell("reachable");
    return response;
  } catch (error) {
    if (error.name === "AbortError") throw error;
    tell("lost");
    throw new Refusal(0, "The daemon cannot be reached", "It may be starting again: this page keeps trying.");
  }
}

async function body(response) {
  const text = await response.text();
  try { return JSON.parse(text); } catch { return text; }
}

function refusal(response, content) {
  const retry = Number(response.headers.get("Retry-After")) || undefined;
  const problem = content?.error ?? content;
  if (response.status === 401) tell("denied");
  return new Refusal(
    response.status, problem?.title ?? "Refused", problem?.detail ?? problem?.message ?? `HTTP ${response.status}`,
    retry);
}

/** GET; nothing but JSON, unless `text` is asked for. */
export async function get(path, { signal, text = false } = {}) {
  const response = await answer(path, { signal });
  if (text && response.ok) return response.text();
  const content = await body(response);
  if (!response.ok) throw refusal(response, content);
  return content;
}

export async function post(path, value, { signal } = {}) {
  const response = await answer(path, {
    method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(value), signal,
  });
  const content = await body(response);
  if (!response.ok) throw refusal(response, content);
  return content;
}

let number = 0;

/** Calls a method of the daemon. */
export async function rpc(method, params = {}, { signal } = {}) {
  const reply = await post("/rpc", { jsonrpc: "2.0", id: ++number, method, params }, { signal });
  if (reply?.error) throw new Refusal(statusOf(reply.error), titleOf(reply.error), reply.error.message);
  return reply?.result;
}

const statusOf = (error) => (error.data?.reason === "unavailable" ? 503 : 409);
const titleOf = (error) => (
  error.data?.reason ?? "refused").replaceAll("-", " ").replace(/^./, (c) => c.toUpperCase());

let known;

/** The methods that there are, by name: { name, role, params }. Asked once. */
export async function methods() {
  known ??= rpc("rpc.methods").then((list) => new Map(list.map((method) => [method.name, method])));
  try { return await known; } catch (error) {
    known = undefined;
    throw error;
  }
}
