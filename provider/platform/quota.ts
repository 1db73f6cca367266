/** What is used of the quotas, and the refusal of what would exceed them. */
import type { Platform } from "./platform";
import { DEFAULT_QUOTAS, type HardQuotaName } from "./quotaSettings";
import { Refusal } from "./refusal";
import { countedMb } from "./volume/usage";

/** Ranges for one object, where nobody has set others. */
export const LIMITS = DEFAULT_QUOTAS.limits;

/** What is used of the hard quotas. */
export type Usage = Record<HardQuotaName, number>;

/** Counts what exists. An instance is live in every state but `stopped`. */
export function usage(platform: Platform): Usage {
  const instances = [...platform.instances.values()];
  const live = instances.filter((actor) => actor.state !== "stopped").map((actor) => actor.record.definition);
  const services = [...platform.services.values()];
  const volumes = [...platform.volumes.values()];
  const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);
  return {
    instances: instances.length,
    live_instances: live.length,
    live_vcpus: sum(live.map((one) => one.vcpus)),
    live_memory_mb: sum(live.map((one) => one.memoryMb)),
    service_groups: services.length,
    services: sum(services.map((service) => service.record.ports.length)),
    volumes: volumes.length,
    total_volume_mb: sum(volumes.map((volume) => countedMb(platform.parts.paths, volume))),
  };
}

/** Throws a refusal `Quota` when adding this would exceed a hard limit. */
export function enforceQuota(platform: Platform, added: Partial<Usage>): void {
  const used = usage(platform);
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
