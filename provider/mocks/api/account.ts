/** Quotas, images, features and metros of a mock metro. */
import { LOCAL_FEATURES } from "../../contract/models";
import type { MockHandlers } from "./client";
import { type ApiObject, derivedUuid } from "./objects";
import type { World } from "./world";

const sum = (objects: readonly ApiObject[], member: string): number =>
  objects.reduce((total, one) => total + Number(one[member] ?? 0), 0);

/** What the objects use of the account's quotas. */
function usageOf({ instances, services, volumes }: World): Readonly<Record<string, number>> {
  const live = instances.all.filter(({ state }) => state !== "stopped" && state !== "template");
  return {
    instances: instances.all.length,
    live_instances: live.length,
    live_vcpus: sum(live, "vcpus"),
    live_memory_mb: sum(live, "memory_mb"),
    service_groups: services.all.length,
    services: services.all.reduce((total, one) => total + (one["services"] as readonly unknown[]).length, 0),
    volumes: volumes.all.length,
    total_volume_mb: sum(volumes.all, "size_mb"),
  };
}

/**
 * The operations on the account.
 *
 * @param metro as the user wrote it
 */
export const accountHandlers = (world: World, metro: string): MockHandlers => ({
  getQuotas: () => ({
    ...{ status: "success", uuid: derivedUuid("user"), name: "mock" },
    ...{ used: usageOf(world), hard: world.quotas.hard, limits: world.quotas.limits },
  }),
  getHealthz: () => ({ status: "success", features: [...LOCAL_FEATURES] }),
  // Every image that is asked for is there.
  getImages: (_body, { query }) =>
    ((query["digest"] ?? []) as readonly string[]).map((digest) => ({ status: "success", url: `mock@${digest}` })),
  getMetros: () => ({
    status: "success",
    name: metro,
    endpoint: metro.includes("://") ? metro : `https://api.${metro}.invalid`,
  }),
});
