/** What a preview says about instances that cannot sleep on the disk. Pure. */
import { isUnknown } from "../../../definition/unknowns";
import { mountsFolders } from "../../../image/kernel/guestRules";
import type { KernelKind } from "../../../image/kernel/kernelKind";
import type { PartialWorkload } from "../labels/imageDefaults";

/**
 * A clause for instances that keep their memory in standby, and whose kernel mounts volumes as folders. None for all others: Linux mounts
 * disks, which can be saved.
 *
 * @param kind that of the kernel; `undefined` if it is not known
 * @param prefix path of the workload inputs, such as `template.`
 */
export function describeSleepInMemory(
  kind: KernelKind | undefined,
  { scaleToZero, volumes = [], ephemeralVolumes = [] }: PartialWorkload,
  prefix: "" | "template.",
): string[] {
  if (kind === undefined || !mountsFolders(kind) || scaleToZero === undefined || isUnknown(scaleToZero)) return [];
  if (scaleToZero.policy === "off" || scaleToZero.stateful !== true) return [];
  if (![volumes, ephemeralVolumes].some((list) => !isUnknown(list) && list.length > 0)) return [];
  return [
    `${prefix}scaleToZero.stateful: it sleeps in memory, not on the disk, because its Unikraft kernel mounts volumes as folders of this machine (9p), which QEMU cannot save`,
  ];
}
