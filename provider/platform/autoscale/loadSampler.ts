/** Measures the load of a service group's instances between two samples. */
import type { Instance } from "../instances/instance";
import type { Rotation } from "../proxy/rotation/rotation";
import type { InstanceLoad } from "./decideSize";

/** One sample of an instance; times in milliseconds on the monotonic clock. */
interface Sample {
  readonly takenAtMs: number;
  /** Identifies the instance's session. */
  readonly startCount: number;
  /** First sample of the session. */
  readonly firstSampledAtMs: number;
  readonly lastActiveAtMs: number;
  readonly total: number;
  readonly cpuTimeMs: number;
}

/** Keeps the last sample of each instance. */
export class LoadSampler {
  readonly #samples = new Map<string, Sample>();

  /**
   * Samples the instances. Returns the load of each ready one, except those sampled for the first time in their
   * session.
   */
  async measureLoads(instances: readonly Instance[], rotation: Rotation): Promise<ReadonlyMap<string, InstanceLoad>> {
    const loads = new Map<string, InstanceLoad>();
    const uuids = new Set(instances.map(({ record }) => record.uuid));
    for (const uuid of [...this.#samples.keys()]) if (!uuids.has(uuid)) this.#samples.delete(uuid);
    for (const instance of instances) {
      const { uuid, status } = instance.record;
      if (instance.state !== "running" || status.netTimeUs === undefined) continue;
      const { cpuTimeMs } = await instance.vmUsage();
      const { connections, requests, total } = rotation.traffic(uuid);
      const known = this.#samples.get(uuid);
      const before = known?.startCount === status.startCount ? known : undefined;
      const at = performance.now();
      const inFlight = connections + requests;
      const isActive = before === undefined || inFlight > 0 || total !== before.total;
      const sample: Sample = {
        takenAtMs: at,
        startCount: status.startCount,
        firstSampledAtMs: before?.firstSampledAtMs ?? at,
        lastActiveAtMs: isActive ? at : before.lastActiveAtMs,
        total,
        cpuTimeMs,
      };
      this.#samples.set(uuid, sample);
      if (before !== undefined) loads.set(uuid, loadBetween(before, sample, inFlight));
    }
    return loads;
  }
}

function loadBetween(before: Sample, now: Sample, inFlight: number): InstanceLoad {
  const elapsedMs = Math.max(1, now.takenAtMs - before.takenAtMs);
  return {
    sinceReadyMs: now.takenAtMs - now.firstSampledAtMs,
    inFlight,
    requestsPerSecond: ((now.total - before.total) / elapsedMs) * 1000,
    cpuMillicores: ((now.cpuTimeMs - before.cpuTimeMs) / elapsedMs) * 1000,
    idleMs: now.takenAtMs - now.lastActiveAtMs,
  };
}
