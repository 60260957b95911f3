// Builds elements. Data only ever becomes text or an attribute, never markup.

const svgNames = new Set(["svg", "g", "path", "line", "rect", "circle", "polyline", "text", "title", "desc"]);

function set(element, name, value) {
  if (value === undefined || value === null || value === false) return;
  if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
  else if (name === "value" || name === "checked" || name === "indeterminate") element[name] = value;
  else element.setAttribute(name, value === true ? "" : value);
}

function append(element, children) {
  for (const child of children.flat(Infinity)) {
    if (child === undefined || child === null || child === false) continue;
    element.append(child instanceof Node ? child : String(child));
  }
  return element;
}

/** An element of HTML: h("a", { href: "#/", onclick: f }, "text", [more]). */
export function h(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) set(element, key, value);
  return append(element, children);
}

/** An element of SVG. */
export function s(name, attributes = {}, ...children) {
  if (!svgNames.has(name)) throw new Error(`no element of SVG that is used here: ${name}`);
  const element = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) set(element, key, value);
  return append(element, children);
}

/** Puts these in the place of all that was in it. */
export function fill(element, ...children) {
  element.replaceChildren();
  return append(element, children);
}
