/** Volumes: disks that outlive instances. */
import * as z from "zod";
import { mapOf } from "../../base/mapSchema";
import { idItem, itemStatus, name, nameOrUuid, withSelector, tags, timestamp, patchOperation } from "./common";

export const VOLUME_STATES = [
  "uninitialized",
  "initializing",
  "available",
  "idle",
  "mounted",
  "busy",
  "error",
  "template",
] as const;
export type VolumeState = (typeof VOLUME_STATES)[number];

/** `rwo` one writer, `rox` many readers, `rwx` many writers (virtiofs only). */
const accessMode = z.enum(["rwo", "rox", "rwx"]);
/** `static` reserves the whole size, `dynamic` counts what is used. */
const quotaPolicy = z.enum(["static", "dynamic"]);
const sizeMb = z.int().min(1);
/** A clone begins as `pending` on some nodes, which no schema of the platform has. */
const volumeState = z
  .preprocess((said) => (said === "pending" ? "initializing" : said), z.enum(VOLUME_STATES))
  .optional();

/** What a new volume can be told beside its name and size. */
export const volumeOptions = {
  quota_policy: quotaPolicy.optional(),
  /** `ext4`, `virtiofs`, or a name that the site defines. */
  filesystem: z.string().min(1).optional(),
  tags: tags.optional(),
  uid: z.int().min(0).optional(),
  gid: z.int().min(0).optional(),
  access_mode: accessMode.optional(),
  /** Of a file system that the site defines. */
  args: mapOf(z.string(), z.string()).optional(),
};

export const createVolumeRequest = z.strictObject({
  name: name.optional(),
  /** Required unless there is a template or a host path. */
  size_mb: sizeMb.optional(),
  template: nameOrUuid.optional(),
  host_path: z.string().min(1).optional(),
  ...volumeOptions,
});
export type CreateVolumeRequest = z.infer<typeof createVolumeRequest>;

export const volumeItem = z.looseObject({
  ...itemStatus,
  uuid: z.string(),
  name: z.string(),
  created_at: timestamp.optional(),
  state: volumeState,
  size_mb: z.int().optional(),
  free_mb: z.int().optional(),
  persistent: z.boolean().optional(),
  quota_policy: z.string().optional(),
  filesystem: z.string().optional(),
  access_mode: z.string().optional(),
  tags: z.array(z.string()).nullish(),
  delete_lock: z.boolean().optional(),
  host_path: z.string().optional(),
  uid: z.int().optional(),
  gid: z.int().optional(),
  args: mapOf(z.string(), z.string()).nullish(),
  attached_to: z.array(z.looseObject({ uuid: z.string(), name: z.string().optional() })).nullish(),
  mounted_by: z
    .array(z.looseObject({ uuid: z.string(), name: z.string().optional(), readonly: z.boolean().optional() }))
    .nullish(),
});
export type VolumeItem = z.infer<typeof volumeItem>;

/** What a PATCH may `set`, by property. */
export const volumePatchValues = {
  size_mb: sizeMb,
  tags,
  quota_policy: quotaPolicy,
  delete_lock: z.boolean(),
} as const;
export type VolumeProp = keyof typeof volumePatchValues;

export const patchVolumeRequest = withSelector({
  prop: z.enum(["size_mb", "tags", "quota_policy", "delete_lock"]),
  ...patchOperation,
});
export const patchTemplateVolumeRequest = withSelector({ prop: z.enum(["tags", "delete_lock"]), ...patchOperation });

export const attachVolumeRequest = withSelector({
  attach_to: nameOrUuid,
  at: z.string().min(1),
  readonly: z.boolean().optional(),
});
/** Without `from`: from every instance. */
export const detachVolumeRequest = withSelector({ from: nameOrUuid.optional() });
export const cloneVolumeRequest = withSelector({
  vol_name: name.optional(),
  quota_policy: quotaPolicy.optional(),
  tags: tags.optional(),
  access_mode: accessMode.optional(),
});

/** A volume that something was made of, or done to. */
export const volumeStateItem = idItem.extend({ state: volumeState });
