/** Instances that run before another one starts. */
import type { Registry } from "../registry";
import { ApiItemError } from "../errors";
import type { InstanceRecord } from "../store/instances";
import type { Instance } from "./instance";

/**
 * Starts what an instance depends on, as far as it is stopped, and resolves when all of it runs or sleeps ready to wake.
 * What was deleted meanwhile is not waited for.
 *
 * Throws a refusal `FailedOperation` when one cannot run, the signal's reason when that aborts.
 */
export async function startDependencies(
  registry: Registry,
  { name, definition }: InstanceRecord,
  signal: AbortSignal,
): Promise<void> {
  await Promise.all(
    definition.dependencies.map(async (uuid) => {
      const needed = registry.instances.get(uuid);
      if (needed === undefined || (await waitUntilUp(registry, needed, signal))) return;
      const what = `Instance '${name}' needs instance '${needed.record.name}'`;
      throw new ApiItemError("FailedOperation", `${what}, which does not run`);
    }),
  );
}

/** False when it ended, or could not be started. */
async function waitUntilUp(registry: Registry, needed: Instance, signal: AbortSignal): Promise<boolean> {
  const { uuid } = needed.record;
  const isGone = (): boolean => registry.instances.get(uuid) !== needed;
  const isEnding = (): boolean => needed.state === "draining" || needed.state === "stopping";
  await registry.changes.waitUntil(() => isGone() || !isEnding(), signal);
  let refused = false;
  if (!isGone() && needed.state === "stopped") {
    // Not awaited: it may itself wait for others, and this wait must be able to end before that one.
    needed.request("start").catch(() => {
      refused = true;
      registry.changes.notify();
    });
  }
  const isUp = (): boolean => needed.state === "running" || needed.state === "standby";
  await registry.changes.waitUntil(() => isGone() || isUp() || refused || needed.isDown, signal);
  signal.throwIfAborted();
  return isGone() || isUp();
}

/** Uuids of everything an instance depends on, directly or through others, when it depended on `direct`. */
export function transitiveDependencies(registry: Registry, direct: readonly string[]): ReadonlySet<string> {
  const found = new Set<string>();
  const visit = (uuid: string): void => {
    if (found.has(uuid)) return;
    found.add(uuid);
    registry.instances.get(uuid)?.plannedDefinition.dependencies.forEach(visit);
  };
  direct.forEach(visit);
  return found;
}
