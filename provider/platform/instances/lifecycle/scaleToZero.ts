/** Scale to zero: an instance that nobody is connected to goes to standby. */
import type { InstanceCore } from "./machine";
import { DEFAULT_COOLDOWN_MS } from "../update/rules";
import { fellAsleep } from "./stopReason";
import { shutDown } from "./stopping";

/** Shortest pause between two looks at connections that are open and may be idle. */
const LOOK_AGAIN_MS = 20;

/**
 * Asks for sleep after the cooldown. Connections hold it up, with the policy `idle` as long as something moves on them;
 * never is it asked for without scale to zero.
 */
export function armSleep(core: InstanceCore, connections: number): void {
  clearTimeout(core.idleTimer);
  const { definition, status } = core.record;
  const { policy = "off", cooldown_time_ms: cooldownMs = DEFAULT_COOLDOWN_MS } = definition.scaleToZero ?? {};
  if (core.isReleased || status.deleting || policy === "off" || (policy === "on" && connections > 0)) return;
  if (core.state !== "running" || status.netTimeUs === undefined) return;
  // It stopped meanwhile, and then nothing is armed, or what could not be written may be another time.
  const rearm = (): void => core.again(() => armSleep(core, core.rotation?.connections(core.record.uuid) ?? 0));
  const sleepNow = (): void => void core.inbox.request("sleep").catch(rearm);
  const leftMs = Math.max(LOOK_AGAIN_MS, cooldownMs - (core.rotation?.quietMs(core.record.uuid) ?? 0));
  core.idleTimer = setTimeout(sleepNow, connections > 0 ? leftMs : cooldownMs);
}

/** True when there is nobody the instance would sleep in front of. */
function isUnused({ record, rotation }: InstanceCore): boolean {
  const { policy, cooldown_time_ms: cooldownMs = DEFAULT_COOLDOWN_MS } = record.definition.scaleToZero ?? {};
  const connections = rotation?.connections(record.uuid) ?? 0;
  return connections === 0 || (policy === "idle" && (rotation?.quietMs(record.uuid) ?? 0) >= cooldownMs);
}

/** Freezes the VM where memory is to be kept, else ends it. */
export async function fallAsleep(core: InstanceCore): Promise<void> {
  const { run, rotation } = core;
  const { uuid, definition } = core.record;
  if (core.state !== "running" || run === undefined || rotation === undefined) return;
  if (!isUnused(core)) return armSleep(core, rotation.connections(uuid));
  if (definition.scaleToZero?.stateful !== true) {
    core.intend({ stopAskedBy: "scale-to-zero" });
    shutDown(core, false);
    return rotation.cut(uuid);
  }
  core.publish({ state: "standby", uptimeMs: core.uptimeMs, stoppedAt: Date.now(), ...fellAsleep });
  rotation.set(uuid, "asleep", run.vm);
  rotation.cut(uuid); // what is open is idle; who has more to say comes again, and wakes it
  await run.vm.pause();
}
