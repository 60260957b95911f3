// Looks again and again, as long as somebody looks at the page.

const sleep = (milliseconds, signal) =>
  new Promise((done) => {
    const timer = setTimeout(done, milliseconds);
    signal.addEventListener("abort", () => { clearTimeout(timer); done(); }, { once: true });
  });

const visible = (signal) =>
  new Promise((done) => {
    if (!document.hidden || signal.aborted) return done();
    const look = () => {
      if (document.hidden && !signal.aborted) return;
      document.removeEventListener("visibilitychange", look);
      done();
    };
    document.addEventListener("visibilitychange", look);
    signal.addEventListener("abort", look, { once: true });
  });

/** Does `work` now and every so many seconds, one after the other, until the signal. `failed` gets what it throws. */
export async function repeat(seconds, signal, work, failed = () => {}) {
  while (!signal.aborted) {
    try { await work(); } catch (error) {
      if (!signal.aborted && error.name !== "AbortError") failed(error);
    }
    await sleep(seconds * 1000, signal);
    await visible(signal);
  }
}
