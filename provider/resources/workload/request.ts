/** From a guest's inputs to the API's request, and back to what runs. Pure. */
import * as crypto from "node:crypto";
import type { CreateInstanceRequest, InstanceItem } from "../../contract/models";
import { type ErrorContext, type ErrorCode, UnikernelError } from "../../base/errors";
import type { Workload } from "./inputs";
import { WORKLOAD_WIRE } from "./wire";
import { parseDigest } from "./imageReference";
import { encodeCanonicalRequest, encodeRequest } from "../common/wire";

export { parseDigest as digestIn } from "./imageReference";

/** The request for an instance that starts at once. `rest` adds to it; its tags come first. */
export const toReplicaRequest = (guest: Partial<Workload>, rest: CreateInstanceRequest): CreateInstanceRequest =>
  encodeRequest(WORKLOAD_WIRE, guest, { ...rest, autostart: true });

/** Which input a refused create is about. `prefix`: where the guest's inputs are, such as `template.`. */
export const workloadErrorContext = (prefix: "" | "template."): Readonly<Partial<Record<ErrorCode, ErrorContext>>> => ({
  INPUT_INVALID: { property: `${prefix}memoryMb` },
  IN_USE: {
    property: `${prefix}volumes`,
    hint: "Give it a volume of its own, or mount the volume readonly wherever it is used.",
  },
});

/** The digest that runs. Throws `IMAGE_MISMATCH` when it is not the one that was asked for. */
export function verifyDigest(instance: InstanceItem, requested: string): string {
  const runs = parseDigest(instance.image ?? "") ?? "";
  const wanted = parseDigest(requested);
  if (wanted !== undefined && runs !== wanted) {
    throw new UnikernelError(
      "IMAGE_MISMATCH",
      `Instance '${instance.name}' runs ${runs || "an unnamed image"}, but ${wanted} was asked for.`,
    );
  }
  return runs;
}

/**
 * Twelve hexadecimal digits that differ when anything that the platform is asked for differs. Neither the order of sets nor a
 * default counts, nor how an image is fetched, so that a later release with more fields finds its guests unchanged.
 */
export function fingerprint(guest: Partial<Workload>): string {
  const request = { ...encodeCanonicalRequest(WORKLOAD_WIRE, { ...guest, imagePull: undefined }), autostart: true };
  const text = JSON.stringify(request, (_key, value: unknown) =>
    value !== null && typeof value === "object" && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
      : value,
  );
  return crypto.createHash("sha256").update(text).digest("hex").slice(0, 12);
}
