/** Volumes that come to and leave an instance after it was made. */
import { errorMessage } from "../../../base/errors";
import { ApiItemError } from "../../errors";
import type { VolumeAttachment } from "../../store/instances";
import type { InstanceMachine } from "../lifecycle/machine";

/** True while a VM has the instance's disks, or is about to get them: what it was started with must stay as it is. */
export const usesDisks = (machine: InstanceMachine): boolean =>
  machine.session !== undefined || machine.state === "starting";

/** Throws `FailedWrongVmState` unless the instance is stopped. */
export function attachVolume(machine: InstanceMachine, attachment: VolumeAttachment): void {
  const { name, volumes } = machine.record;
  if (machine.state !== "stopped" || usesDisks(machine)) {
    throw new ApiItemError(
      "FailedWrongVmState",
      `Instance '${name}' is ${machine.state}; a volume can come when it is stopped`,
    );
  }
  machine.replaceVolumes([...volumes, attachment]);
}

/** Takes a volume off at once, or, while a VM has it, when that has ended. Written when it returns. */
export function detachVolume(machine: InstanceMachine, volumeUuid: string): void {
  const { volumes, status } = machine.record;
  if (usesDisks(machine))
    machine.replaceVolumes(volumes, { detaching: [...new Set([...status.detaching, volumeUuid])] });
  else machine.replaceVolumes(volumes.filter((one) => one.volumeUuid !== volumeUuid));
}

/**
 * The VM has ended: what was to leave leaves. Written before the end itself, so that an end cut off between is repeated
 * whole. What cannot be written waits for the next end.
 */
export function applyQueuedDetaches(machine: InstanceMachine): void {
  const { volumes, status } = machine.record;
  if (status.detaching.length === 0) return;
  const staying = volumes.filter((one) => !status.detaching.includes(one.volumeUuid));
  try {
    machine.replaceVolumes(staying, { detaching: [] });
  } catch (error) {
    machine.log("instance.volumes-wait", { reason: errorMessage(error) });
  }
}
