/** The one way by which an instance changes: into the database first, then to everybody who waits. */
import type { Database } from "../state/database";
import { type InstanceRecord, type InstanceStatus, updateInstanceStatus } from "../state/instances";

/** Fields to change; `undefined` clears an optional one. */
export type StatusChange = { readonly [K in keyof InstanceStatus]?: InstanceStatus[K] | undefined };

/** Tells waiters that something changed. */
export class Changes {
  readonly #listeners = new Set<() => void>();

  notify(): void {
    for (const listener of [...this.#listeners]) listener();
  }

  /** Resolves with true as soon as `met` returns true, judged now and after each change; with false when the signal aborts. */
  until(met: () => boolean, signal: AbortSignal): Promise<boolean> {
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

/** The record with a change applied, written and announced. */
export function publish(
  database: Database,
  changes: Changes,
  record: InstanceRecord,
  change: StatusChange,
): InstanceRecord {
  const merged = Object.fromEntries(
    Object.entries({ ...record.status, ...change }).filter(([, value]) => value !== undefined),
  );
  // Clearing touches optional fields only: every caller's change is typed by StatusChange and no required field is ever undefined.
  const status = merged as unknown as InstanceStatus;
  updateInstanceStatus(database, record.uuid, status);
  const published = { ...record, status };
  queueMicrotask(() => changes.notify());
  return published;
}
