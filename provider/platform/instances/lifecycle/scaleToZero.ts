/** Scale to zero: an instance that nobody is connected to goes to standby. */
import type { InstanceMachine } from "./machine";
import { DEFAULT_COOLDOWN_MS } from "../update/rules";
import { pausedForStandby } from "./stopReason";
import { stopVm } from "./stopping";

/** Shortest pause between two looks at connections that are open and may be idle. */
const IDLE_RECHECK_MS = 20;

/**
 * Asks for sleep after the cooldown. Connections hold it up, with the policy `idle` as long as something moves on them;
 * never is it asked for without scale to zero.
 */
export function armCooldown(machine: InstanceMachine, connections: number): void {
  clearTimeout(machine.cooldownTimer);
  const { definition, status } = machine.record;
  const { policy = "off", cooldown_time_ms: cooldownMs = DEFAULT_COOLDOWN_MS } = definition.scaleToZero ?? {};
  if (machine.isClosed || status.deleting || policy === "off" || (policy === "on" && connections > 0)) return;
  if (machine.state !== "running" || status.netTimeUs === undefined) return;
  // It stopped meanwhile, and then nothing is armed, or what could not be written may be another time.
  const rearm = (): void =>
    machine.retryLater(() => armCooldown(machine, machine.rotation?.connectionCount(machine.record.uuid) ?? 0));
  const requestStandby = (): void => void machine.inbox.request("sleep").catch(rearm);
  const leftMs = Math.max(IDLE_RECHECK_MS, cooldownMs - (machine.rotation?.idleMs(machine.record.uuid) ?? 0));
  machine.cooldownTimer = setTimeout(requestStandby, connections > 0 ? leftMs : cooldownMs);
}

/** True when there is nobody the instance would sleep in front of. */
function isIdle({ record, rotation }: InstanceMachine): boolean {
  const { policy, cooldown_time_ms: cooldownMs = DEFAULT_COOLDOWN_MS } = record.definition.scaleToZero ?? {};
  const connections = rotation?.connectionCount(record.uuid) ?? 0;
  return connections === 0 || (policy === "idle" && (rotation?.idleMs(record.uuid) ?? 0) >= cooldownMs);
}

/** Freezes the VM where memory is to be kept, else ends it. */
export async function goToStandby(machine: InstanceMachine): Promise<void> {
  const { session, rotation } = machine;
  const { uuid, definition } = machine.record;
  if (machine.state !== "running" || session === undefined || rotation === undefined) return;
  if (!isIdle(machine)) return armCooldown(machine, rotation.connectionCount(uuid));
  if (definition.scaleToZero?.stateful !== true) {
    machine.persistThenApply({ stopAskedBy: "scale-to-zero" });
    stopVm(machine, false);
    return rotation.closeConnections(uuid);
  }
  machine.applyThenPersist({
    state: "standby",
    uptimeMs: machine.uptimeMs,
    stoppedAt: Date.now(),
    ...pausedForStandby,
  });
  rotation.setState(uuid, "standby", session.vm);
  rotation.closeConnections(uuid); // what is open is idle; who has more to say comes again, and wakes it
  await session.vm.pause();
}
