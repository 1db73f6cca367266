/** Volumes: disks whose data outlives instances. */
import * as z from "zod";
import { mapOf } from "../../base/mapSchema";
import { idItem, itemStatus, name, nameOrUuid, withSelector, tags, timestamp, patchOperation } from "./common";

/** States of a volume. */
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
/** One of {@link VOLUME_STATES}. */
export type VolumeState = (typeof VOLUME_STATES)[number];

/** `rwo` one writer, `rox` many readers, `rwx` many writers (virtiofs only). */
const accessMode = z.enum(["rwo", "rox", "rwx"]);
/** `static` counts the whole size against the quota, `dynamic` the used space. */
const quotaPolicy = z.enum(["static", "dynamic"]);
const sizeMb = z.int().min(1);
/** Some nodes report a new clone as `pending`, a state that the platform's schemas do not define. */
const volumeState = z
  .preprocess((state) => (state === "pending" ? "initializing" : state), z.enum(VOLUME_STATES))
  .optional();

/** Options of a new volume, besides name and size. */
export const volumeOptions = {
  quota_policy: quotaPolicy.optional(),
  /** `ext4`, `virtiofs`, or a file system that the site defines. */
  filesystem: z.string().min(1).optional(),
  tags: tags.optional(),
  uid: z.int().min(0).optional(),
  gid: z.int().min(0).optional(),
  access_mode: accessMode.optional(),
  /** Arguments for a file system that the site defines. */
  args: mapOf(z.string(), z.string()).optional(),
};

/** Body of `POST /v1/volumes`. */
export const createVolumeRequest = z.strictObject({
  name: name.optional(),
  /** Required unless `template` or `host_path` is set. */
  size_mb: sizeMb.optional(),
  template: nameOrUuid.optional(),
  host_path: z.string().min(1).optional(),
  ...volumeOptions,
});
/** One {@link createVolumeRequest}. */
export type CreateVolumeRequest = z.infer<typeof createVolumeRequest>;

/** A volume in a response. */
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
/** One item of {@link volumeItem}. */
export type VolumeItem = z.infer<typeof volumeItem>;

/** Values that a PATCH of a volume may `set`, by property. */
export const volumePatchValues = {
  size_mb: sizeMb,
  tags,
  quota_policy: quotaPolicy,
  delete_lock: z.boolean(),
} as const;
/** Name of a property in {@link volumePatchValues}. */
export type VolumeProp = keyof typeof volumePatchValues;

/** Item of the body of `PATCH /v1/volumes`. */
export const patchVolumeRequest = withSelector({
  prop: z.enum(["size_mb", "tags", "quota_policy", "delete_lock"]),
  ...patchOperation,
});
/** Item of the body of `PATCH /v1/volumes/templates`. */
export const patchTemplateVolumeRequest = withSelector({ prop: z.enum(["tags", "delete_lock"]), ...patchOperation });

/** Item of the body of `PUT /v1/volumes/attach`. `at` is the mount point. */
export const attachVolumeRequest = withSelector({
  attach_to: nameOrUuid,
  at: z.string().min(1),
  readonly: z.boolean().optional(),
});
/** Item of the body of `PUT /v1/volumes/detach`. Without `from`, detaches the volume from every instance. */
export const detachVolumeRequest = withSelector({ from: nameOrUuid.optional() });
/** Item of the body of `POST /v1/volumes/clone`. `vol_name` is the clone's name. */
export const cloneVolumeRequest = withSelector({
  vol_name: name.optional(),
  quota_policy: quotaPolicy.optional(),
  tags: tags.optional(),
  access_mode: accessMode.optional(),
});

/** A volume after a clone or a conversion to a template. */
export const volumeStateItem = idItem.extend({ state: volumeState });
