/** Scale to zero: an instance without connections goes to standby. */
import type { InstanceMachine } from "../machine";
import { cooldownOf, isIdleFor, nextStepMs, type Traffic } from "./cooldown";
import { pauseAsleep } from "./pausing";
import { pausedForStandby } from "../stopReason";
import { stopVm } from "../stopping";

/**
 * Requests standby after the cooldown, if scale to zero is on, and warns the program before, if that is asked for. With the policy `on`,
 * open connections prevent it; with `idle`, only connections that carried data during the cooldown do. A program that asks to stay awake
 * prevents it, too.
 */
export function armCooldown(machine: InstanceMachine, connections: number): void {
  clearTimeout(machine.cooldownTimer);
  const { definition, status } = machine.record;
  const cooldown = cooldownOf(definition);
  const { policy, notifyMs } = cooldown;
  if (
    machine.isClosed ||
    isHeldAwake(machine) ||
    status.deleting ||
    policy === "off" ||
    (policy === "on" && connections > 0)
  )
    return;
  if (machine.state !== "running" || status.netTimeUs === undefined) return;
  const afterMs = nextStepMs(cooldown, {
    connections,
    connectionsIdleMs: machine.rotation?.idleMs(machine.record.uuid) ?? 0,
  });
  const step = notifyMs > 0 ? giveNotice : requestStandby;
  machine.cooldownTimer = setTimeout(() => step(machine), afterMs);
}

/** Begins the cooldown again. */
export const rearmCooldown = (machine: InstanceMachine): void =>
  armCooldown(machine, machine.rotation?.connectionCount(machine.record.uuid) ?? 0);

function requestStandby(machine: InstanceMachine): void {
  // The request failed: the instance stopped (then nothing is armed again), or the database write failed (then retry).
  machine.inbox.request("sleep").catch(() => machine.retryLater(() => rearmCooldown(machine)));
}

/**
 * Warns the program, and requests standby `notifyMs` later, whatever becomes of the warning. Traffic until then begins the cooldown again,
 * and another warning follows.
 */
function giveNotice(machine: InstanceMachine): void {
  const { session, record } = machine;
  const { cooldownMs, notifyMs } = cooldownOf(record.definition);
  if (machine.state !== "running" || session === undefined || record.status.deleting) return;
  if (!isIdle(machine, cooldownMs - notifyMs)) return rearmCooldown(machine);
  machine.cooldownTimer = setTimeout(() => requestStandby(machine), notifyMs);
  void session.vm.notify(notifyMs).then((result) => machine.log("instance.notified", { result }));
}

const trafficOf = ({ rotation, env, record: { uuid } }: InstanceMachine): Traffic => ({
  connections: rotation?.connectionCount(uuid) ?? 0,
  connectionsIdleMs: rotation?.idleMs(uuid) ?? 0,
  networkIdleMs: env.network.idleMs(uuid),
});

/** True while a command runs in it, or its program has asked to stay awake. */
const isHeldAwake = ({ awakeHolds, session }: InstanceMachine): boolean =>
  awakeHolds > 0 || session?.vm.controlFiles.staysAwake === true;

/** True when no connection keeps the instance from standby, and other instances have not used it for so long. */
function isIdle(machine: InstanceMachine, idleMs: number): boolean {
  if (isHeldAwake(machine)) return false; // the cooldown begins when the last one ends
  return isIdleFor(idleMs, cooldownOf(machine.record.definition).policy, trafficOf(machine));
}

/** Keeps the instance from going to standby until the returned function is called, once; the cooldown begins then. */
export function keepAwake(machine: InstanceMachine): () => void {
  machine.awakeHolds++;
  return () => {
    machine.awakeHolds--;
    rearmCooldown(machine);
  };
}

/** Puts the instance in standby: pauses the VM if scale to zero is stateful, otherwise stops it. */
export async function goToStandby(machine: InstanceMachine): Promise<void> {
  const { session, rotation } = machine;
  const { uuid, definition } = machine.record;
  if (machine.state !== "running" || session === undefined || rotation === undefined) return;
  if (!isIdle(machine, cooldownOf(definition).cooldownMs)) return rearmCooldown(machine);
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
  await pauseAsleep(machine);
}
