/** Volumes for several writers, which the kernel of a workload on metro `local` may not be able to mount. */
import { isLocalDaemonDown } from "../../../client/localDaemon";
import type { CheckFailure } from "../../../definition/resource";
import { isUnknown } from "../../../definition/unknowns";
import { mountsFolders, sharedVolumeViolation } from "../../../image/kernel/guestRules";
import type { KernelKind } from "../../../image/kernel/kernelKind";
import { findVolume } from "../../common/find";
import type { ProviderContext } from "../../context";
import type { PartialWorkload } from "../labels/imageDefaults";
import { toFailure } from "./kernelFailures";

/** A preview works without the volumes, so it does not wait longer. */
const TIMEOUT_MS = 5_000;

/**
 * A failure for each volume with the access mode `rwx` that the kernel cannot mount, as far as the volumes exist. Never starts the local
 * daemon.
 *
 * @param kind that of the kernel; `undefined` if it is not known
 * @param prefix path of the workload inputs, such as `template.`
 */
export async function sharedVolumeFailures(
  context: Pick<ProviderContext, "metro" | "client" | "reader">,
  { volumes = [], ephemeralVolumes = [] }: PartialWorkload,
  kind: KernelKind | undefined,
  prefix: "" | "template.",
): Promise<readonly CheckFailure[]> {
  if (kind === undefined || mountsFolders(kind)) return [];
  const described = isUnknown(ephemeralVolumes) ? [] : ephemeralVolumes;
  return [
    ...described.flatMap(({ accessMode, at }, index) =>
      accessMode === "rwx"
        ? [toFailure(sharedVolumeViolation(at), `${prefix}ephemeralVolumes[${index}].accessMode`)]
        : [],
    ),
    ...(await existingShared(context, isUnknown(volumes) ? [] : volumes)).map(({ at, index }) =>
      toFailure(sharedVolumeViolation(at), `${prefix}volumes[${index}].volume`),
    ),
  ];
}

async function existingShared(
  context: Pick<ProviderContext, "metro" | "client" | "reader">,
  mounts: NonNullable<PartialWorkload["volumes"]>,
): Promise<readonly { readonly at: string; readonly index: number }[]> {
  const known = mounts
    .map(({ volume, at }, index) => ({ volume, at, index }))
    .filter(({ volume }) => !isUnknown(volume));
  if (known.length === 0 || (await isLocalDaemonDown(context.metro, AbortSignal.timeout(TIMEOUT_MS)))) return [];
  const modes = await Promise.all(
    known.map(({ volume }) =>
      findVolume(context, volume).then(
        (item) => item?.access_mode,
        () => undefined,
      ),
    ),
  );
  return known.filter((_mount, position) => modes[position] === "rwx");
}
