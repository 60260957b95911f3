// What a list can be picked and sorted by, as its method says.
import { methods } from "./api.js";

const paging = new Set(["limit", "cursor", "sort"]);

const properties = async (topic) => (await methods()).get(`${topic}.list`)?.params?.properties ?? {};

/** The members that the daemon picks a list by: their schemas by name. */
export async function filtersOf(topic) {
  return Object.fromEntries(Object.entries(await properties(topic)).filter(([name]) => !paging.has(name)));
}

const ends = { created_at: ["oldest first", "newest first"], since: [
  "longest first", "latest first"], name: ["A to Z", "Z to A"] };

function sortTitle(word) {
  const name = word.replace(/^-/, "");
  const [forwards, backwards] = ends[name] ?? ["lowest first", "highest first"];
  const member = { created_at: "Age", since: "Time in it" }[name] ?? title(name);
  return `${member}, ${word.startsWith("-") ? backwards : forwards}`;
}

/** How the list can be sorted, picked by a member or not: [[word, title]], the usual one first. */
export async function sortsOf(topic, by) {
  const words = (await properties(topic)).sort?.enum ?? [];
  const takes = by === "status" ? (name) => name === "since" : (name) => (
    by ? name === "created_at" : name !== "since");
  const sorts = words.filter((word) => takes(word.replace(/^-/, "")));
  return sorts.sort((a, b) => usual.has(b) - usual.has(a)).map((word) => [word, sortTitle(word)]);
}

const usual = new Set(["-created_at", "-since"]);

/** A member for people. */
export const title = (name) =>
  ({ id: "Id", email: "E-mail" })[name] ?? name.replace(/_id$/, "’s id").replaceAll("_", " ").replace(
    /^./, (letter) => letter.toUpperCase());

/** What a person has typed for a member, as its schema wants it. */
export const typed = (schema, text) => (["integer", "number"].includes(schema?.type) ? Number(text) : text);
