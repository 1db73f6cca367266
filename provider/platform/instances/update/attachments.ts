/** Volumes that come to and leave an instance after it was made. */
import { Refusal } from "../../errors";
import type { Attachment } from "../../store/instances";
import type { InstanceCore } from "../lifecycle/machine";

/** True while a VM has the instance's disks, or is about to get them: what it was started with must stay as it is. */
export const usesDisks = (core: InstanceCore): boolean => core.run !== undefined || core.state === "starting";

/** Throws a refusal `FailedWrongVmState` unless the instance is stopped. */
export function attachVolume(core: InstanceCore, attachment: Attachment): void {
  const { name, volumes } = core.record;
  if (core.state !== "stopped" || usesDisks(core)) {
    throw new Refusal(
      "FailedWrongVmState",
      `Instance '${name}' is ${core.state}; a volume can come when it is stopped`,
    );
  }
  core.changeVolumes([...volumes, attachment]);
}

/** Takes a volume off at once, or, while a VM has it, when that has ended. Written when it returns. */
export function detachVolume(core: InstanceCore, volumeUuid: string): void {
  const { volumes, status } = core.record;
  if (usesDisks(core)) core.changeVolumes(volumes, { detaching: [...new Set([...status.detaching, volumeUuid])] });
  else core.changeVolumes(volumes.filter((one) => one.volumeUuid !== volumeUuid));
}

/**
 * The VM has ended: what was to leave leaves. Written before the end itself, so that an end cut off between is repeated
 * whole. What cannot be written waits for the next end.
 */
export function detachQueued(core: InstanceCore): void {
  const { volumes, status } = core.record;
  if (status.detaching.length === 0) return;
  const staying = volumes.filter((one) => !status.detaching.includes(one.volumeUuid));
  try {
    core.changeVolumes(staying, { detaching: [] });
  } catch (error) {
    core.log("instance.volumes-wait", { reason: error instanceof Error ? error.message : String(error) });
  }
}
