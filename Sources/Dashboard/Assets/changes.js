// What is not as it was.

/** [{ member, before?, after? }] between two states, each an object or nothing. */
export function changed(before, after) {
  const [old, now] = [before ?? {}, after ?? {}];
  const names = new Set([...Object.keys(old), ...Object.keys(now)]);
  return [...names].filter((name) => JSON.stringify(old[name]) !== JSON.stringify(now[name])).map((member) => ({
    member, ...(member in old && { before: old[member] }), ...(member in now && { after: now[member] }),
  }));
}
