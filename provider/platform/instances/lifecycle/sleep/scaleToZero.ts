/** Scale to zero: an instance without connections goes to standby. */
import type { InstanceMachine } from "../machine";
import { DEFAULT_COOLDOWN_MS } from "../../update/rules";
import { armSave } from "./saving";
import { pausedForStandby } from "../stopReason";
import { stopVm } from "../stopping";

/** Shortest interval between two checks of open connections for idleness, in milliseconds. */
const IDLE_RECHECK_MS = 20;

/**
 * Requests standby after the cooldown, if scale to zero is on. With the policy `on`, open connections prevent it; with
 * `idle`, only connections that carried data during the cooldown do.
 */
export function armCooldown(machine: InstanceMachine, connections: number): void {
  clearTimeout(machine.cooldownTimer);
  const { definition, status } = machine.record;
  const { policy = "off", cooldown_time_ms: cooldownMs = DEFAULT_COOLDOWN_MS } = definition.scaleToZero ?? {};
  if (
    machine.isClosed ||
    machine.awakeHolds > 0 ||
    status.deleting ||
    policy === "off" ||
    (policy === "on" && connections > 0)
  )
    return;
  if (machine.state !== "running" || status.netTimeUs === undefined) return;
  // The request failed: the instance stopped (then nothing is armed again), or the database write failed (then retry).
  const rearm = (): void =>
    machine.retryLater(() => armCooldown(machine, machine.rotation?.connectionCount(machine.record.uuid) ?? 0));
  const requestStandby = (): void => void machine.inbox.request("sleep").catch(rearm);
  const leftMs = Math.max(IDLE_RECHECK_MS, cooldownMs - (machine.rotation?.idleMs(machine.record.uuid) ?? 0));
  machine.cooldownTimer = setTimeout(requestStandby, connections > 0 ? leftMs : cooldownMs);
}

/** True when no connection keeps the instance from standby, and other instances have not used it during the cooldown. */
function isIdle({ record, rotation, env, awakeHolds }: InstanceMachine): boolean {
  if (awakeHolds > 0) return false; // the cooldown begins when the last one ends
  const { policy, cooldown_time_ms: cooldownMs = DEFAULT_COOLDOWN_MS } = record.definition.scaleToZero ?? {};
  if (env.network.idleMs(record.uuid) < cooldownMs) return false;
  const connections = rotation?.connectionCount(record.uuid) ?? 0;
  return connections === 0 || (policy === "idle" && (rotation?.idleMs(record.uuid) ?? 0) >= cooldownMs);
}

/** Keeps the instance from going to standby until the returned function is called, once; the cooldown begins then. */
export function keepAwake(machine: InstanceMachine): () => void {
  machine.awakeHolds++;
  return () => {
    machine.awakeHolds--;
    armCooldown(machine, machine.rotation?.connectionCount(machine.record.uuid) ?? 0);
  };
}

/** Puts the instance in standby: pauses the VM if scale to zero is stateful, otherwise stops it. */
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
  rotation.closeConnections(uuid); // they are idle; a client that reconnects wakes the instance
  await session.vm.pause();
  armSave(machine);
}
