/** Frames for guests that are asleep or waking, which they get once they are ready. */
import type { Frame } from "./frames";
import type { Ipv4 } from "../../base/ipv4";

/** Frames that are kept per guest. Most are the first ones of connections, which their senders repeat anyway. */
const MAX_KEPT_FRAMES = 64;
/** After this a guest gets its frames although it is not ready: it may never be, on one port of several. */
const MAX_KEPT_MS = 60_000;

interface KeptFrames {
  readonly sinceMs: number;
  readonly frames: Frame[];
}

/** Keeps frames until the guest is ready. */
export class Sleepers {
  readonly #kept = new Map<Ipv4, KeptFrames>();

  /** True while frames are kept for this guest. */
  has(address: Ipv4): boolean {
    const kept = this.#kept.get(address);
    return kept !== undefined && performance.now() - kept.sinceMs < MAX_KEPT_MS;
  }

  /** Keeps a copy of the frame; the oldest is lost when there are too many. */
  keep(address: Ipv4, frame: Frame): void {
    const kept = this.has(address) ? this.#kept.get(address) : undefined;
    const { frames, sinceMs } = kept ?? { frames: [], sinceMs: performance.now() };
    this.#kept.set(address, { sinceMs, frames: [...frames, Buffer.from(frame)].slice(-MAX_KEPT_FRAMES) });
  }

  /** Returns what was kept for this guest, oldest first, and keeps nothing more. */
  release(address: Ipv4): readonly Frame[] {
    const frames = this.#kept.get(address)?.frames ?? [];
    this.#kept.delete(address);
    return frames;
  }
}
