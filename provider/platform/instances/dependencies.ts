/** Dependencies: instances that must run before another one starts. */
import type { Registry } from "../registry";
import { ApiItemError } from "../errors";
import type { InstanceRecord } from "../store/instances";
import type { Instance } from "./instance";

/**
 * Starts the stopped dependencies of an instance and resolves when all are running or in standby. A dependency that is
 * deleted meanwhile is ignored.
 *
 * Throws `FailedOperation` when a dependency cannot run, and the signal's reason when that aborts.
 */
export async function startDependencies(
  registry: Registry,
  { name, definition }: InstanceRecord,
  signal: AbortSignal,
): Promise<void> {
  await Promise.all(
    definition.dependencies.map(async (uuid) => {
      const dependency = registry.instances.get(uuid);
      if (dependency === undefined || (await waitUntilUp(registry, dependency, signal))) return;
      const what = `Instance '${name}' needs instance '${dependency.record.name}'`;
      throw new ApiItemError("FailedOperation", `${what}, which is not running`);
    }),
  );
}

/** False when the instance stopped or could not be started. */
async function waitUntilUp(registry: Registry, dependency: Instance, signal: AbortSignal): Promise<boolean> {
  const { uuid } = dependency.record;
  const isGone = (): boolean => registry.instances.get(uuid) !== dependency;
  const isEnding = (): boolean => dependency.state === "draining" || dependency.state === "stopping";
  await registry.changes.waitUntil(() => isGone() || !isEnding(), signal);
  let startFailed = false;
  if (!isGone() && dependency.state === "stopped") {
    // Not awaited: the start may wait for other dependencies, and this wait must be able to end first.
    dependency.request("start").catch(() => {
      startFailed = true;
      registry.changes.notify();
    });
  }
  const isUp = (): boolean => dependency.state === "running" || dependency.state === "standby";
  await registry.changes.waitUntil(() => isGone() || isUp() || startFailed || dependency.isDown, signal);
  signal.throwIfAborted();
  return isGone() || isUp();
}

/** Uuids of `direct` and of their direct and indirect dependencies. */
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
