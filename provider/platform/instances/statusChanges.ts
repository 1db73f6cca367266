/** Changes of an instance's status, and their notification. */
import type { InstanceRecord, InstanceStatus } from "../store/instances";

/** Fields to change; `undefined` clears an optional one. */
export type StatusChange = { readonly [K in keyof InstanceStatus]?: InstanceStatus[K] | undefined };

/** The status of an instance that never ran. */
export const newStatus = (state: InstanceStatus["state"]): InstanceStatus => ({
  state,
  deleting: false,
  stopForced: false,
  startCount: 0,
  restartCount: 0,
  uptimeMs: 0,
  updates: [],
  detaching: [],
});

/** Notifies listeners that something changed, but not what. */
export class ChangeNotifier {
  readonly #listeners = new Set<() => void>();

  /** Calls every listener. */
  notify(): void {
    for (const listener of [...this.#listeners]) listener();
  }

  /** Calls `listener` after each change from now on. */
  subscribe(listener: () => void): void {
    this.#listeners.add(listener);
  }

  /**
   * Resolves with true once `met` returns true, checked now and after each change. False when the signal aborts first.
   */
  waitUntil(met: () => boolean, signal: AbortSignal): Promise<boolean> {
    return new Promise((resolve) => {
      const finish = (result: boolean): void => {
        this.#listeners.delete(listen);
        signal.removeEventListener("abort", onAbort);
        resolve(result);
      };
      const listen = (): void => {
        if (met()) finish(true);
      };
      const onAbort = (): void => finish(met());
      this.#listeners.add(listen);
      signal.addEventListener("abort", onAbort);
      if (signal.aborted) onAbort();
      else listen();
    });
  }
}

/** The record with a change applied. Pure. */
export function applyStatusChange(record: InstanceRecord, change: StatusChange): InstanceRecord {
  const merged = Object.fromEntries(
    Object.entries({ ...record.status, ...change }).filter(([, value]) => value !== undefined),
  );
  // Sound only while callers never set a required field to undefined; StatusChange cannot express that.
  return { ...record, status: merged as unknown as InstanceStatus };
}
