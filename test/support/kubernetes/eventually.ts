/** Waits for what controllers and kubelets do in their own time. */
import { setTimeout as delay } from "node:timers/promises";

const INTERVAL_MS = 100;

/** The first result that is not undefined. Throws with the description after the time, 20 seconds if not given. */
export async function eventually<T>(what: string, look: () => Promise<T | undefined>, timeoutMs = 20_000): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (Date.now() > deadline) throw new Error(`${what}: not within ${timeoutMs / 1000} s`);
    await delay(INTERVAL_MS);
  }
}
