/** What is used of the quotas, and the refusal of what would exceed them. */
import type { InstanceState } from "../contract/models";
import type { Platform } from "./registry";
import type { HardQuotaName } from "./quotaSettings";
import { Refusal } from "./errors";
import type { InstanceDefinition, InstanceRecord } from "./store/instances";
import { countedMb } from "./volumes/usage";

/** What is used of the hard quotas. */
export type Usage = Record<HardQuotaName, number>;

/** States without a VM that runs or may be woken. */
const NOT_LIVE: readonly InstanceState[] = ["stopped", "template", "checkpoint", "deleted"];

/**
 * Counts what exists: an instance in standby as live, of one that is suspended the memory, which its frozen VM holds.
 * `without`: uuid of an instance that is left out.
 */
export function usage(platform: Platform, without?: string): Usage {
  const instances = [...platform.instances.values()].filter(({ record }) => record.uuid !== without);
  const live = instances.filter(({ state }) => !NOT_LIVE.includes(state)).map(({ record }) => record.definition);
  const suspended = instances.filter(({ state, record }) => state === "stopped" && record.status.snapshotUuid);
  const inMemory = [...live, ...suspended.map(({ record }) => record.definition)];
  const services = [...platform.services.values()];
  const volumes = [...platform.volumes.values()];
  const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);
  return {
    instances: instances.length,
    live_instances: live.length,
    live_vcpus: sum(live.map((one) => one.vcpus)),
    live_memory_mb: sum(inMemory.map((one) => one.memoryMb)),
    service_groups: services.length,
    services: sum(services.map((service) => service.record.ports.length)),
    volumes: volumes.length,
    total_volume_mb: sum(volumes.map((volume) => countedMb(platform.parts.paths, volume))),
  };
}

/** Throws a refusal `Quota` when adding this would exceed a hard limit. `without` as for {@link usage}. */
export function enforceQuota(platform: Platform, added: Partial<Usage>, without?: string): void {
  const used = usage(platform, without);
  const { hard } = platform.parts.quotas;
  for (const [name, more] of Object.entries(added) as [keyof Usage, number][]) {
    if (more > 0 && used[name] + more > hard[name]) {
      throw new Refusal(
        "Quota",
        `Quota exceeded: '${name}' is ${used[name]} of ${hard[name]}, and this needs ${more} more`,
      );
    }
  }
}

/** What instances of this definition take of the quotas while they are live. */
export const liveUsage = ({ memoryMb, vcpus }: InstanceSize, count = 1): Partial<Usage> => ({
  live_instances: count,
  live_vcpus: vcpus * count,
  live_memory_mb: memoryMb * count,
});

type InstanceSize = Pick<InstanceDefinition, "memoryMb" | "vcpus">;

/** Throws a refusal `Quota` unless an instance, whether it counts as live already or not, fits beside all others. */
export const enforceLiveQuota = (platform: Platform, { uuid, definition }: InstanceRecord): void =>
  enforceQuota(platform, liveUsage(definition), uuid);

/** Throws a refusal `Invalid` when a value is outside the platform's limits for it. */
export function enforceLimit(
  platform: Platform,
  limit: "memory_mb" | "vcpus" | "volume_mb" | "autoscale_size",
  value: number,
  field: string = limit,
): void {
  const { limits } = platform.parts.quotas;
  enforceRange(field, value, limits[`min_${limit}`], limits[`max_${limit}`]);
}

/** Throws a refusal `Invalid` when a value is outside its range. */
export function enforceRange(field: string, value: number, min: number, max: number): void {
  if (value < min || value > max)
    throw new Refusal("Invalid", `'${field}' must be between ${min} and ${max}; it is ${value}`);
}
