/** Measures the instances of a service group: what happened between two looks. */
import type { InstanceActor } from "../instances/actor";
import type { Rotation } from "../proxy/rotation";
import type { Load } from "./decideSize";

/** What one look at an instance sees; times in milliseconds on the monotonic clock. */
interface Look {
  readonly at: number;
  /** Which of its runs it was in. */
  readonly startCount: number;
  readonly firstAt: number;
  readonly activeAt: number;
  readonly total: number;
  readonly cpuTimeMs: number;
}

/** Keeps the last look at each instance. */
export class Sampler {
  readonly #looks = new Map<string, Look>();

  /** The load of each instance that answers; one that is seen for the first time in this run of it is left out. */
  async loads(actors: readonly InstanceActor[], rotation: Rotation): Promise<ReadonlyMap<string, Load>> {
    const loads = new Map<string, Load>();
    const uuids = new Set(actors.map(({ record }) => record.uuid));
    for (const uuid of [...this.#looks.keys()]) if (!uuids.has(uuid)) this.#looks.delete(uuid);
    for (const actor of actors) {
      const { uuid, status } = actor.record;
      if (actor.state !== "running" || status.netTimeUs === undefined) continue;
      const { cpuTimeMs } = await actor.usage();
      const { connections, requests, total } = rotation.traffic(uuid);
      const known = this.#looks.get(uuid);
      const before = known?.startCount === status.startCount ? known : undefined;
      const at = performance.now();
      const inFlight = connections + requests;
      const isActive = before === undefined || inFlight > 0 || total !== before.total;
      const look: Look = {
        at,
        startCount: status.startCount,
        firstAt: before?.firstAt ?? at,
        activeAt: isActive ? at : before.activeAt,
        total,
        cpuTimeMs,
      };
      this.#looks.set(uuid, look);
      if (before !== undefined) loads.set(uuid, loadBetween(before, look, inFlight));
    }
    return loads;
  }
}

function loadBetween(before: Look, now: Look, inFlight: number): Load {
  const elapsedMs = Math.max(1, now.at - before.at);
  return {
    warmMs: now.at - now.firstAt,
    inFlight,
    requestsPerSecond: ((now.total - before.total) / elapsedMs) * 1000,
    cpuMillicores: ((now.cpuTimeMs - before.cpuTimeMs) / elapsedMs) * 1000,
    quietMs: now.at - now.activeAt,
  };
}
