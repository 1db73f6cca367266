/** What a change of an instance's status is, and who hears of it. */
import type { InstanceRecord, InstanceStatus } from "../store/instances";

/** Fields to change; `undefined` clears an optional one. */
export type StatusChange = { readonly [K in keyof InstanceStatus]?: InstanceStatus[K] | undefined };

/** Tells waiters that something changed. */
export class ChangeNotifier {
  readonly #listeners = new Set<() => void>();

  notify(): void {
    for (const listener of [...this.#listeners]) listener();
  }

  /** Calls after each change from now on. */
  subscribe(listener: () => void): void {
    this.#listeners.add(listener);
  }

  /** Resolves with true as soon as `met` returns true, judged now and after each change; with false when the signal aborts. */
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
  // Clearing touches optional fields only: every caller's change is typed by StatusChange and no required field is ever undefined.
  return { ...record, status: merged as unknown as InstanceStatus };
}
