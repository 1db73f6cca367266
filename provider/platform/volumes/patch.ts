/** What a PATCH triple makes of a volume. Pure. */
import { tags, type VolumeProp, volumePatchValues } from "../../contract/models";
import { Refusal } from "../errors";
import type { VolumeRecord } from "../store/volumes";

/** A triple. */
export interface VolumeChange {
  readonly prop: VolumeProp;
  readonly op: "set" | "add" | "del";
  readonly value?: unknown;
}

/** What a volume becomes. */
export type VolumePatch = Partial<Pick<VolumeRecord, "sizeMb" | "tags" | "quotaPolicy" | "deleteLock">>;

const EXPECTED: Readonly<Record<VolumeProp, string>> = {
  size_mb: "an integer",
  tags: "an array of up to 16 tags, each of 1 to 256 of A-Z, a-z, 0-9 and -+_.:=",
  quota_policy: "'static' or 'dynamic'",
  delete_lock: "true or false",
};

/** The fields that change. Throws a refusal `Invalid`. */
export function volumePatch(volume: VolumeRecord, change: VolumeChange): VolumePatch {
  const { prop, op, value } = change;
  if (prop === "tags") return { tags: changedTags(volume.tags, change) };
  if (prop === "delete_lock" && op === "del" && value === undefined) return { deleteLock: false };
  if (op !== "set") throw new Refusal("Invalid", `'${prop}' of a volume can only be set, not '${op}'`);
  switch (prop) {
    case "size_mb":
      return { sizeMb: grownSize(volume, read(prop, change)) };
    case "quota_policy":
      return { quotaPolicy: read(prop, change) };
    case "delete_lock":
      return { deleteLock: read(prop, change) };
  }
}

type Values = { readonly [K in VolumeProp]: ReturnType<(typeof volumePatchValues)[K]["parse"]> };

function read<K extends VolumeProp>(prop: K, { op, value }: VolumeChange): Values[K] {
  const parsed = volumePatchValues[prop].safeParse(value);
  if (!parsed.success) throw new Refusal("Invalid", `'value' of '${op} ${prop}' must be ${EXPECTED[prop]}`);
  return parsed.data as Values[K];
}

function grownSize({ name, sizeMb }: VolumeRecord, wanted: number): number {
  if (wanted >= sizeMb) return wanted;
  throw new Refusal("Invalid", `Volume '${name}' has ${sizeMb} MiB and cannot shrink to ${wanted} MiB`);
}

/** `del` without a value clears. The result has each tag once, and no more than one object may have. */
function changedTags(present: readonly string[], change: VolumeChange): string[] {
  if (change.op === "del" && change.value === undefined) return [];
  const given = read("tags", change);
  if (change.op === "del") return present.filter((tag) => !given.includes(tag));
  const all = [...new Set(change.op === "add" ? [...present, ...given] : given)];
  if (tags.safeParse(all).success) return all;
  throw new Refusal("Invalid", `An object has at most 16 tags; with these it would have ${all.length}`);
}
