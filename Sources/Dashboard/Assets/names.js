// Names of what entities only name by id, fetched a few at a time and kept while the page is open.
import { rpc } from "./api.js";
import { nameOf } from "./values.js";

const atOnce = 4;
const known = new Map();
const waiting = [];
let busy = 0;

async function next() {
  if (busy >= atOnce || !waiting.length) return;
  busy += 1;
  const { topic, id, done } = waiting.shift();
  try { done(nameOf(topic, await rpc(`${topic}.get`, { id }))); } catch {
    known.delete(`${topic}:${id}`);
    done(null);
  }
  busy -= 1;
  next();
}

/** The name of an entity, or null. */
export function nameFor(topic, id) {
  const key = `${topic}:${id}`;
  if (!known.has(key)) known.set(key, new Promise((done) => { waiting.push({ topic, id, done }); next(); }));
  return known.get(key);
}

/** Puts the name into a link when it is known. */
export function named(link, topic, id) {
  nameFor(topic, id).then((name) => { if (name) link.textContent = name; });
  return link;
}
