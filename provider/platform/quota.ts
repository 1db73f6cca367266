/** The local platform's quotas: the values of the cloud's documentation, so that what fits here fits there. */
import type { Platform } from "./platform";
import { Refusal } from "./refusal";
import { countedMb } from "./volume/usage";

/** Hard limits over the whole platform. */
export const HARD_QUOTAS = {
  instances: 64,
  live_instances: 64,
  live_vcpus: 64,
  live_memory_mb: 32768,
  service_groups: 253,
  services: 253,
  volumes: 253,
  total_volume_mb: 20480,
} as const;

/** Ranges for one object. */
export const LIMITS = {
  min_memory_mb: 16,
  max_memory_mb: 8192,
  min_vcpus: 1,
  max_vcpus: 4,
  min_volume_mb: 8,
  max_volume_mb: 20480,
} as const;

/** What is used of {@link HARD_QUOTAS}. */
export type Usage = { [K in keyof typeof HARD_QUOTAS]: number };

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
  for (const [name, more] of Object.entries(added) as [keyof Usage, number][]) {
    if (more > 0 && used[name] + more > HARD_QUOTAS[name]) {
      throw new Refusal(
        "Quota",
        `Quota exceeded: '${name}' is ${used[name]} of ${HARD_QUOTAS[name]}, and this needs ${more} more`,
      );
    }
  }
}

/** Throws a refusal `Invalid` when a value is outside its range. */
export function enforceRange(field: string, value: number, min: number, max: number): void {
  if (value < min || value > max)
    throw new Refusal("Invalid", `'${field}' must be between ${min} and ${max}; it is ${value}`);
}
