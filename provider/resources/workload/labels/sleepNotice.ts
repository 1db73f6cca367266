/** What a preview says about instances that cannot sleep on the disk. Pure. */
import { isUnknown } from "../../../definition/unknowns";
import type { PartialWorkload } from "./imageDefaults";

/**
 * A clause for instances of the local platform that keep their memory in standby and have volumes. Whether their kernel is one of Unikraft
 * is known once it boots. None for all others.
 *
 * @param prefix path of the workload inputs, such as `template.`
 */
export function describeSleepInMemory(
  metro: string,
  workload: PartialWorkload | undefined,
  prefix: "" | "template.",
): string[] {
  const { scaleToZero, volumes = [] } = workload ?? {};
  if (metro !== "local" || scaleToZero === undefined || isUnknown(scaleToZero)) return [];
  if (scaleToZero.policy === "off" || scaleToZero.stateful !== true) return [];
  if (isUnknown(volumes) || volumes.length === 0) return [];
  return [
    `${prefix}scaleToZero.stateful: with a Unikraft kernel it sleeps in memory, not on the disk, because such a kernel mounts its volumes as folders of this machine (9p), which QEMU cannot save`,
  ];
}
