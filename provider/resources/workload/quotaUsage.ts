/** Quota usage of a workload. Unknown values count as 0. Pure. */
import type { Properties } from "../../definition/resource";

/** The value of a number; 0 if it is not known. */
export const numberOrZero = (value: unknown): number => (typeof value === "number" ? value : 0);
/** The length of a list; 0 if it is not known. */
export const lengthOrZero = (value: unknown): number => (Array.isArray(value) ? value.length : 0);

/**
 * Quota usage of one instance with these inputs, by the API's quota name; sizes in MiB.
 *
 * @param isLive true if it is started; a stopped instance does not count toward the live quotas
 */
export function workloadQuotaUsage(workload: Properties, isLive: boolean): Readonly<Record<string, number>> {
  const ephemeral = Array.isArray(workload["ephemeralVolumes"]) ? (workload["ephemeralVolumes"] as Properties[]) : [];
  // Under a dynamic policy only used space counts, and a new volume uses none.
  const reserved = ephemeral.filter(({ quotaPolicy = "static" }) => quotaPolicy === "static");
  return {
    instances: 1,
    live_instances: isLive ? 1 : 0,
    live_vcpus: isLive ? numberOrZero(workload["vcpus"]) : 0,
    live_memory_mb: isLive ? numberOrZero(workload["memoryMb"]) : 0,
    volumes: ephemeral.length,
    total_volume_mb: reserved.reduce((sum, { sizeMb }) => sum + numberOrZero(sizeMb), 0),
  };
}
