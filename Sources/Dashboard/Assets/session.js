// Who looks, and what he may do.
import { get, news, post } from "./api.js";

const ranks = { viewer: 1, operator: 2, admin: 3 };
let session = { role: null, name: null, expires_at: null, can_login: false };

/** Tells `changed`. */
export const changes = new EventTarget();

function take(value) {
  session = value;
  changes.dispatchEvent(new Event("changed"));
}

export const current = () => session;

/** Whether whoever looks may call what takes this role. */
export const may = (role) => (ranks[session.role] ?? 0) >= ranks[role];

export async function load() { take(await get("/session")); }
export async function login(token) { take(await post("/login", { token })); }
export async function logout() { take(await post("/logout", {})); }

// A session that has ended is no session: what the page offers must not be more than what is taken.
news.addEventListener("denied", () => {
  if (session.name !== null) take({ ...session, role: null, name: null, expires_at: null });
});
