/** Quota usage, and checks that a request stays within the quotas. */
import type { InstanceState } from "../../contract/models";
import type { Registry } from "../registry";
import type { HardQuotaName } from "./quotaSettings";
import { ApiItemError } from "../errors";
import type { InstanceDefinition, InstanceRecord } from "../store/instances";
import { quotaUsageMb } from "../volumes/usage";

/** Usage per hard quota. */
export type QuotaUsage = Record<HardQuotaName, number>;

/** States of instances that are not live: no VM runs or can be woken. */
const NOT_LIVE_STATES: readonly InstanceState[] = ["stopped", "template", "checkpoint", "deleted"];

/**
 * Computes the usage. An instance in standby counts as live, saved or not, so that it can always wake; a suspended one counts with its
 * memory, which its paused VM holds.
 *
 * @param excludedUuid uuid of an instance that is not counted
 */
export function computeQuotaUsage(registry: Registry, excludedUuid?: string): QuotaUsage {
  const instances = [...registry.instances.values()].filter(({ record }) => record.uuid !== excludedUuid);
  const live = instances.filter(({ state }) => !NOT_LIVE_STATES.includes(state)).map(({ record }) => record.definition);
  const suspended = instances.filter(({ state, record }) => state === "stopped" && record.status.snapshotUuid);
  const inMemory = [...live, ...suspended.map(({ record }) => record.definition)];
  const services = [...registry.services.values()];
  const volumes = [...registry.volumes.values()];
  const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);
  return {
    instances: instances.length,
    live_instances: live.length,
    live_vcpus: sum(live.map((one) => one.vcpus)),
    live_memory_mb: sum(inMemory.map((one) => one.memoryMb)),
    service_groups: services.filter(({ record }) => record.ports.length > 0).length,
    services: sum(services.map((service) => service.record.ports.length)),
    volumes: volumes.length,
    total_volume_mb: sum(volumes.map((volume) => quotaUsageMb(registry.parts.paths, volume))),
  };
}

/** Throws `Quota` if `added` would exceed a hard limit. `excludedUuid` as in {@link computeQuotaUsage}. */
export function assertQuota(registry: Registry, added: Partial<QuotaUsage>, excludedUuid?: string): void {
  const used = computeQuotaUsage(registry, excludedUuid);
  const { hard } = registry.parts.quotas;
  for (const [name, more] of Object.entries(added) as [keyof QuotaUsage, number][]) {
    if (more > 0 && used[name] + more > hard[name]) {
      throw new ApiItemError(
        "Quota",
        `Quota exceeded: '${name}' is ${used[name]} of ${hard[name]}, and this needs ${more} more`,
      );
    }
  }
}

/** The quota usage of `count` live instances of this size. */
export const liveQuotaUsage = ({ memoryMb, vcpus }: InstanceSize, count = 1): Partial<QuotaUsage> => ({
  live_instances: count,
  live_vcpus: vcpus * count,
  live_memory_mb: memoryMb * count,
});

type InstanceSize = Pick<InstanceDefinition, "memoryMb" | "vcpus">;

/** Throws `Quota` unless the instance fits into the quotas next to all others, whether it is live already or not. */
export const assertLiveQuota = (registry: Registry, { uuid, definition }: InstanceRecord): void =>
  assertQuota(registry, liveQuotaUsage(definition), uuid);
