// A request, as it is sent and as curl would send it.

/** @param values what was put in, by the parameters' names; what is empty is left out. */
export function build(operation, values, body) {
  const given = operation.parameters.filter(({ name }) => (values[name] ?? "") !== "");
  const inside = (place) => given.filter((parameter) => parameter.in === place);
  const path = inside("path").reduce(
    (text, { name }) => text.replace(`{${name}}`, encodeURIComponent(values[name])), operation.path);
  const query = new URLSearchParams(inside("query").map(({ name }) => [name, values[name]])).toString();
  const headers = Object.fromEntries(inside("header").map(({ name }) => [name, values[name]]));
  const hasBody = operation.body !== undefined && body.trim() !== "";
  if (hasBody) headers["Content-Type"] = "application/json";
  return { method: operation.method, url: query ? `${path}?${query}` : path, headers, body: hasBody ? body : undefined };
}

/** Quoted for a POSIX shell. */
const quoted = (text) => (/^[\w./:@%+=,-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`);

/** The command that does the same, from a shell on any machine that reaches the gateway. */
export function curl({ method, url, headers, body }, origin, isStream) {
  const words = ["curl"];
  if (isStream) words.push("-N");
  if (method !== "GET") words.push("-X", method);
  words.push(quoted(origin + url));
  const lines = [words.join(" "), ...Object.entries(headers).map(([name, value]) => `-H ${quoted(`${name}: ${value}`)}`)];
  if (body !== undefined) lines.push(`--data ${quoted(body)}`);
  return lines.join(" \\\n  ");
}
