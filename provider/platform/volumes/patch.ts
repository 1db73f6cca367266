/** Applies one PATCH operation to a volume. Pure. */
import { withClearAsDel } from "../../contract/models";
import { tags, type VolumeProp, volumePatchValues } from "../../contract/models";
import { ApiItemError } from "../errors";
import type { VolumeRecord } from "../store/volumes";

/** One entry of a PATCH request. */
export interface VolumePatchOperation {
  readonly prop: VolumeProp;
  readonly op: "set" | "add" | "del";
  /** Validated by the model of `prop`; `undefined`: a `del` of the whole property. */
  readonly value?: unknown;
}

/** The fields that an operation changes. */
export type VolumePatch = Partial<Pick<VolumeRecord, "sizeMb" | "tags" | "quotaPolicy" | "deleteLock">>;

const EXPECTED_VALUES: Readonly<Record<VolumeProp, string>> = {
  size_mb: "an integer",
  tags: "an array of up to 16 tags, each of 1 to 256 characters from A-Z, a-z, 0-9 and -+_.:=",
  quota_policy: "'static' or 'dynamic'",
  delete_lock: "true or false",
};

/** The fields that the operation sets. Throws `ApiItemError` `Invalid`. */
export function resolveVolumePatch(volume: VolumeRecord, requested: VolumePatchOperation): VolumePatch {
  const change = withClearAsDel(requested, requested.prop === "tags" || requested.prop === "delete_lock");
  const { prop, op, value } = change;
  if (prop === "tags") return { tags: patchTags(volume.tags, change) };
  if (prop === "delete_lock" && op === "del" && value === undefined) return { deleteLock: false };
  if (op !== "set") throw new ApiItemError("Invalid", `'${prop}' of a volume can only be set, not '${op}'`);
  switch (prop) {
    case "size_mb":
      return { sizeMb: parseGrownSizeMb(volume, parseValue(prop, change)) };
    case "quota_policy":
      return { quotaPolicy: parseValue(prop, change) };
    case "delete_lock":
      return { deleteLock: parseValue(prop, change) };
  }
}

type PatchValues = { readonly [K in VolumeProp]: ReturnType<(typeof volumePatchValues)[K]["parse"]> };

function parseValue<K extends VolumeProp>(prop: K, { op, value }: VolumePatchOperation): PatchValues[K] {
  const parsed = volumePatchValues[prop].safeParse(value);
  if (!parsed.success) throw new ApiItemError("Invalid", `'value' of '${op} ${prop}' must be ${EXPECTED_VALUES[prop]}`);
  return parsed.data as PatchValues[K];
}

function parseGrownSizeMb({ name, sizeMb }: VolumeRecord, requestedMb: number): number {
  if (requestedMb >= sizeMb) return requestedMb;
  throw new ApiItemError("Invalid", `Volume '${name}' has ${sizeMb} MiB and cannot shrink to ${requestedMb} MiB`);
}

/**
 * `del` without a value removes every tag. The result holds each tag once and at most as many as one object may have.
 */
function patchTags(current: readonly string[], change: VolumePatchOperation): string[] {
  if (change.op === "del" && change.value === undefined) return [];
  const values = parseValue("tags", change);
  if (change.op === "del") return current.filter((tag) => !values.includes(tag));
  const all = [...new Set(change.op === "add" ? [...current, ...values] : values)];
  if (tags.safeParse(all).success) return all;
  throw new ApiItemError("Invalid", `An object can have at most 16 tags; with this change it would have ${all.length}`);
}
