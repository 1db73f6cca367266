/** What a guest takes of the account's quotas. Pure; what is not known counts nothing. */
import type { Properties } from "../../definition/resource";

/** An input that is a number. */
export const numberOrZero = (value: unknown): number => (typeof value === "number" ? value : 0);
/** The length of an input that is a list. */
export const lengthOrZero = (value: unknown): number => (Array.isArray(value) ? value.length : 0);

/**
 * By quota.
 *
 * @param isLive it is started: what is stopped takes nothing of the live quotas
 */
export function workloadQuotaUsage(guest: Properties, isLive: boolean): Readonly<Record<string, number>> {
  const own = Array.isArray(guest["ephemeralVolumes"]) ? (guest["ephemeralVolumes"] as Properties[]) : [];
  // Of a dynamic one only what is used counts, which is nothing yet.
  const reserved = own.filter(({ quotaPolicy = "static" }) => quotaPolicy === "static");
  return {
    instances: 1,
    live_instances: isLive ? 1 : 0,
    live_vcpus: isLive ? numberOrZero(guest["vcpus"]) : 0,
    live_memory_mb: isLive ? numberOrZero(guest["memoryMb"]) : 0,
    volumes: own.length,
    total_volume_mb: reserved.reduce((sum, { sizeMb }) => sum + numberOrZero(sizeMb), 0),
  };
}
