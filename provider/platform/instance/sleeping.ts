/** Scale to zero: an instance that nobody is connected to goes to standby. */
import type { InstanceCore } from "./core";
import { shutDown } from "./stopping";

/** Asks for sleep after the cooldown, unless there are connections or the instance does not scale to zero. */
export function armSleep(core: InstanceCore, connections: number): void {
  clearTimeout(core.idleTimer);
  const { definition, status } = core.record;
  const { scaleToZero } = definition;
  if (core.isReleased || scaleToZero === undefined || scaleToZero.policy === "off" || connections > 0) return;
  if (core.state !== "running" || status.netTimeUs === undefined) return;
  const sleepNow = (): void => void core.inbox.request("sleep").catch(() => undefined); // it stopped meanwhile
  core.idleTimer = setTimeout(sleepNow, scaleToZero.cooldown_time_ms ?? 1000);
}

/** Freezes the VM where memory is to be kept, else ends it. */
export async function fallAsleep(core: InstanceCore): Promise<void> {
  const { run, rotation } = core;
  const { uuid, definition } = core.record;
  if (core.state !== "running" || run === undefined || rotation === undefined) return;
  if (rotation.connections(uuid) > 0) return;
  if (definition.scaleToZero?.stateful !== true) {
    core.intend({ stopAskedBy: "scale-to-zero" });
    return shutDown(core, false);
  }
  core.publish({ state: "standby", uptimeMs: core.uptimeMs });
  rotation.set(uuid, "asleep", run.vm);
  await run.vm.pause();
}
