/** The drains of a rollout that are being observed. */
import type { CallContext } from "../../client/callContext";
import { describeDrain } from "./drainCounts";
import { type DrainObserver, type DrainingItem, observeDrain } from "./drainObserver";

/** Counts what becomes of the connections of members that drain. */
export class Drains {
  private readonly observers = new Map<string, DrainObserver>();

  /** Begins with members that were told to stop; `items` are those of the response. */
  begin(context: CallContext, items: readonly DrainingItem[], drainTimeoutMs: number): void {
    for (const item of items) this.observers.set(item.uuid, observeDrain(context, item, drainTimeoutMs));
  }

  /** What became of the connections of a member that has stopped, as a clause; `undefined` if that is not known. */
  async end(uuid: string): Promise<string | undefined> {
    const counts = await this.observers.get(uuid)?.counts();
    this.observers.delete(uuid);
    return counts && describeDrain(counts);
  }

  /** Ends the counting, for a rollout that ends during a drain. */
  async close(): Promise<void> {
    await Promise.all([...this.observers.values()].map((observer) => observer.counts()));
  }
}
