/**
 * What happened to the instances since the daemon started: their states over time, and how long they took to boot and wake. In memory
 * and bounded. It compares what it sees after each change with what it saw before.
 */
import type { InstanceState } from "../../contract/models";
import type { Instance } from "../instances/instance";
import { DurationHistogram } from "./histogram";

/** Most changes that are kept of one instance; older ones go first. */
export const MAX_CHANGES = 200;
/** Most deleted instances that are kept. */
export const MAX_DELETED = 50;
/** Most times that are kept. */
export const MAX_TIMES = 1_000;

/** An instance got a state. */
export interface StateChange {
  /** Unix time in milliseconds. */
  readonly at: number;
  readonly state: InstanceState;
}

/** The states of one instance; the last one is the current state, and `deleted` once it is gone. */
export interface Timeline {
  readonly uuid: string;
  readonly name: string;
  readonly changes: readonly StateChange[];
}

/** What took time. `boot`: until the program ran; `net`: until its ports accepted connections; `wake`: until it was ready again. */
export type TimeKind = "boot" | "net" | "wake";

/** How long it took once. */
export interface MeasuredTime {
  readonly kind: TimeKind;
  /** Unix time in milliseconds at which it ended. */
  readonly at: number;
  readonly name: string;
  readonly ms: number;
}

/** What an instance was like at the last look. */
interface Seen {
  readonly name: string;
  readonly changes: StateChange[];
  bootTimeUs: number | undefined;
  netTimeUs: number | undefined;
  wakes: number;
  wakeSumMs: number;
}

type Observed = Pick<Instance, "record" | "state" | "wakeups">;

/** The record of one daemon. */
export class PlatformHistory {
  readonly histograms: Readonly<Record<TimeKind, DurationHistogram>> = {
    boot: new DurationHistogram(),
    net: new DurationHistogram(),
    wake: new DurationHistogram(),
  };
  readonly #seen = new Map<string, Seen>();
  readonly #deleted: Timeline[] = [];
  readonly #times: MeasuredTime[] = [];

  /** Looks at all instances. What an instance has already done at the first look does not count. */
  observe(instances: ReadonlyMap<string, Observed>, now: number): void {
    for (const [uuid, instance] of instances) {
      const seen = this.#seen.get(uuid);
      if (seen === undefined) this.#seen.set(uuid, firstLook(instance, now));
      else this.#compare(seen, instance, now);
    }
    for (const [uuid, { name, changes }] of this.#seen) {
      if (instances.has(uuid)) continue;
      this.#seen.delete(uuid);
      this.#deleted.push({ uuid, name, changes: [...changes, { at: now, state: "deleted" }] });
      if (this.#deleted.length > MAX_DELETED) this.#deleted.shift();
    }
  }

  /** The instances in the order in which they came, after those that are gone. */
  get timelines(): readonly Timeline[] {
    return [
      ...this.#deleted,
      ...[...this.#seen].map(([uuid, { name, changes }]) => ({ uuid, name, changes: [...changes] })),
    ];
  }

  /** The last {@link MAX_TIMES} times, oldest first. */
  get times(): readonly MeasuredTime[] {
    return [...this.#times];
  }

  #compare(seen: Seen, { record, state, wakeups }: Observed, now: number): void {
    const { bootTimeUs, netTimeUs } = record.status;
    if (seen.changes.at(-1)?.state !== state) {
      seen.changes.push({ at: now, state });
      if (seen.changes.length > MAX_CHANGES) seen.changes.shift();
    }
    if (bootTimeUs !== undefined && bootTimeUs !== seen.bootTimeUs)
      this.#measure("boot", seen.name, bootTimeUs / 1000, now);
    if (netTimeUs !== undefined && netTimeUs !== seen.netTimeUs) this.#measure("net", seen.name, netTimeUs / 1000, now);
    if (wakeups.count > seen.wakes) this.#measure("wake", seen.name, wakeups.sumMs - seen.wakeSumMs, now);
    Object.assign(seen, { bootTimeUs, netTimeUs, wakes: wakeups.count, wakeSumMs: wakeups.sumMs });
  }

  #measure(kind: TimeKind, name: string, ms: number, at: number): void {
    this.histograms[kind].record(ms);
    this.#times.push({ kind, at, name, ms });
    if (this.#times.length > MAX_TIMES) this.#times.shift();
  }
}

const firstLook = ({ record: { name, status }, state, wakeups }: Observed, now: number): Seen => ({
  name,
  changes: [{ at: now, state }],
  bootTimeUs: status.bootTimeUs,
  netTimeUs: status.netTimeUs,
  wakes: wakeups.count,
  wakeSumMs: wakeups.sumMs,
});
