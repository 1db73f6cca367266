/** What the kernel of an image refuses of a workload on metro `local`, as far as both are known. Pure. */
import type { CheckFailure } from "../../../definition/resource";
import { containsUnknown, isUnknown } from "../../../definition/unknowns";
import { type AgentRequest, agentObstacleOf, agentViolations } from "../../../image/kernel/agentRules";
import type { GuestImage } from "../../../image/kernel/guestImage";
import { type GuestRequest, guestViolations, kindViolations, mountsFolders } from "../../../image/kernel/guestRules";
import { type InitrdSize, memoryViolations } from "../../../image/kernel/minimumMemory";
import { lengthViolations } from "../../../image/kernel/unikraftWords";
import type { GuestViolation } from "../../../image/kernel/violation";
import { describeUnbootable } from "../../../image/kernel/unbootable";
import type { PartialWorkload } from "../labels/imageDefaults";

const NO_INITRD: InitrdSize = { bytes: 0, isErofs: false };

/**
 * What would fail at the boot of an instance, or at its create. What is not known yet is left out, so that nothing is refused that the
 * platform would accept.
 *
 * @param prefix path of the workload inputs, such as `template.`
 */
export function kernelFailures(
  workload: PartialWorkload,
  image: GuestImage,
  prefix: "" | "template.",
): readonly CheckFailure[] {
  return violationsOf(workload, image).map((violation) => toFailure(violation, `${prefix}${violation.property}`));
}

/** A violation as a failure of the input `property`. */
export const toFailure = (
  { code = "INPUT_INVALID", message, hint }: GuestViolation,
  property: string,
): CheckFailure => ({ code, property, reason: `${message} ${hint}` });

function violationsOf(workload: PartialWorkload, image: GuestImage): readonly GuestViolation[] {
  const { kernel, initrd } = image;
  const unbootable = describeUnbootable(image);
  if (kernel === undefined || unbootable !== undefined)
    return [
      {
        property: "image",
        message: `The image ${unbootable ?? "has no kernel"}.`,
        hint: "Use an image with a kernel for QEMU on this machine.",
      },
    ];
  const { kind, parameters } = kernel;
  const wrongKind = kindViolations(kind);
  if (kind === undefined || wrongKind.length > 0) return wrongKind;
  const guest = guestRequest(workload, image);
  const agentObstacle = agentObstacleOf(kind);
  const unikraft = { ...guest, args: guest.args ?? [], hasInitrd: initrd !== undefined, network: [] };
  return [
    ...memoryOf(workload, kind, initrd ?? NO_INITRD),
    ...guestViolations(guest, parameters),
    ...(parameters === undefined ? [] : lengthViolations(unikraft, parameters)),
    ...(agentObstacle === undefined ? [] : agentViolations(agentRequest(workload), agentObstacle)),
  ];
}

function memoryOf(
  { memoryMb }: PartialWorkload,
  kind: Parameters<typeof memoryViolations>[1],
  initrd: InitrdSize,
): readonly GuestViolation[] {
  if (memoryMb === undefined || isUnknown(memoryMb)) return [];
  // Linux has an EROFS root file system on a disk, and takes no memory for it.
  return memoryViolations(memoryMb, kind, initrd.isErofs && !mountsFolders(kind) ? NO_INITRD : initrd);
}

/** The items of a list that may be unknown. */
const known = <T>(list: readonly T[] | undefined): readonly T[] => (list === undefined || isUnknown(list) ? [] : list);

const knownVariables = (env: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(env).filter(([, value]) => !isUnknown(value)));

function guestRequest(workload: PartialWorkload, { cmd, env: imageEnv }: GuestImage): GuestRequest {
  const { args = cmd, env = {}, volumes, ephemeralVolumes, roms, networkInterfaces } = workload;
  return {
    args: containsUnknown(args) ? undefined : args,
    env: { ...imageEnv, ...(isUnknown(env) ? {} : knownVariables(env)) },
    mounts: [...known(volumes), ...known(ephemeralVolumes)].map(({ at }) => at).filter((at) => !isUnknown(at)),
    hasRoms: known(roms).length > 0,
    routedInterfaces: known(networkInterfaces).flatMap(({ routes }, index) =>
      routes === undefined || isUnknown(routes) || routes.length === 0 ? [] : [index],
    ),
  };
}

function agentRequest({ schedules, scaleToZero }: PartialWorkload): AgentRequest {
  const entries = known(schedules).map(({ name, action }, index) => ({
    name: isUnknown(name) ? String(index) : name,
    action,
  }));
  const { policy, notifyTimeMs = 0 } =
    scaleToZero === undefined || isUnknown(scaleToZero) ? { policy: "off" } : scaleToZero;
  return { schedules: entries, notifyTimeMs: policy === "off" || isUnknown(notifyTimeMs) ? 0 : notifyTimeMs };
}
