/** The create request of a replica, its fingerprint, and the check of the image that runs. Pure. */
import * as crypto from "node:crypto";
import type { CreateInstanceRequest, InstanceItem } from "../../contract/models";
import { type ErrorContext, type ErrorCode, UnikernelError } from "../../base/errors";
import type { Workload } from "./inputs";
import { WORKLOAD_WIRE } from "./wire";
import { parseDigest } from "./imageReference";
import { encodeCanonicalRequest, encodeRequest } from "../common/wire";

export { parseDigest as digestIn } from "./imageReference";

/** The create request of an instance that starts at once. `base` is merged into it; its tags come first. */
export const toReplicaRequest = (workload: Partial<Workload>, base: CreateInstanceRequest): CreateInstanceRequest =>
  encodeRequest(WORKLOAD_WIRE, workload, { ...base, autostart: true });

/** For a volume that another instance holds. */
const HELD_VOLUME_HINT = "Give it its own volume, or mount the volume read-only in every instance.";

/** What to do about an image that exists and cannot be used as it is; `undefined` if the message is about something else. */
function imageContext(prefix: string, message: string): ErrorContext | undefined {
  if (!/: Image '[^']*' has /.test(message)) return undefined;
  return /\bROMs?\b/.test(message)
    ? { property: `${prefix}roms`, hint: "Use an image with one file system." }
    : {
        property: `${prefix}image`,
        hint: "Use an image with a kernel, such as one with a 'runtime' in its Kraftfile.",
      };
}

/**
 * Errors of a create, with the input that caused them.
 *
 * @param prefix path of the workload inputs, such as `template.`
 * @param publishes the request also creates a service group, whose ports may be taken
 */
export const workloadErrorContext = (
  prefix: "" | "template.",
  publishes = false,
): Readonly<Partial<Record<ErrorCode, ErrorContext>>> => ({
  INPUT_INVALID: { property: `${prefix}memoryMb` },
  IN_USE: {
    ...(publishes
      ? { hint: "Choose another port or domain, or another volume, whichever the message names." }
      : { property: `${prefix}volumes`, hint: HELD_VOLUME_HINT }),
    forMessage: (message) => imageContext(prefix, message),
  },
  // After a killed delete the state has objects that are gone.
  NOT_FOUND: {
    hint: "Check its id or name in this metro; build an image with a GatewayImage and use its 'ref', or name its registry. If this stack created it, run 'pulumi refresh', then 'pulumi up'.",
  },
});

/** The digest of the running image; empty if it is not reported. Throws `IMAGE_MISMATCH` if it differs from the requested digest. */
export function verifyDigest(instance: InstanceItem, requested: string): string {
  const runs = parseDigest(instance.image ?? "") ?? "";
  const wanted = parseDigest(requested);
  if (wanted !== undefined && runs !== wanted) {
    throw new UnikernelError(
      "IMAGE_MISMATCH",
      `Instance '${instance.name}' runs ${runs || "an unnamed image"}, but ${wanted} was requested.`,
    );
  }
  return runs;
}

/**
 * A hash of the create request as 12 hexadecimal digits. The order of sets, default values and `imagePull` do not affect it, so that
 * a later release with more fields computes the same hash for existing instances.
 */
export function fingerprint(workload: Partial<Workload>): string {
  const request = { ...encodeCanonicalRequest(WORKLOAD_WIRE, { ...workload, imagePull: undefined }), autostart: true };
  const text = JSON.stringify(request, (_key, value: unknown) =>
    value !== null && typeof value === "object" && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
      : value,
  );
  return crypto.createHash("sha256").update(text).digest("hex").slice(0, 12);
}
