/** Attaches volumes to, and detaches them from, an existing instance. */
import { errorMessage } from "../../../base/errors";
import { ApiItemError } from "../../errors";
import type { VolumeAttachment } from "../../store/instances";
import type { InstanceMachine } from "../lifecycle/machine";

/** True while a VM uses the instance's disks or is about to: they must not change then. */
export const usesDisks = (machine: InstanceMachine): boolean =>
  machine.session !== undefined || machine.state === "starting";

/** Attaches a volume. Throws `FailedWrongVmState` unless the instance is stopped. */
export function attachVolume(machine: InstanceMachine, attachment: VolumeAttachment): void {
  const { name, volumes } = machine.record;
  if (machine.state !== "stopped" || usesDisks(machine)) {
    throw new ApiItemError("FailedWrongVmState", `Instance '${name}' is ${machine.state}; stop it to attach a volume`);
  }
  machine.replaceVolumes([...volumes, attachment]);
}

/** Detaches a volume: at once, or when the VM that uses it has stopped. The change is saved before this returns. */
export function detachVolume(machine: InstanceMachine, volumeUuid: string): void {
  const { volumes, status } = machine.record;
  if (usesDisks(machine))
    machine.replaceVolumes(volumes, { detaching: [...new Set([...status.detaching, volumeUuid])] });
  else machine.replaceVolumes(volumes.filter((one) => one.volumeUuid !== volumeUuid));
}

/**
 * Detaches the volumes that waited for the VM to stop. Saved before the stop itself, so that after a crash both are repeated.
 * If the write fails, they wait for the next stop.
 */
export function applyQueuedDetaches(machine: InstanceMachine): void {
  const { volumes, status } = machine.record;
  if (status.detaching.length === 0) return;
  const staying = volumes.filter((one) => !status.detaching.includes(one.volumeUuid));
  try {
    machine.replaceVolumes(staying, { detaching: [] });
  } catch (error) {
    machine.log("instance.volumes-not-detached", { reason: errorMessage(error) });
  }
}
