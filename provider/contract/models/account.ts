/** Images, quotas and health of a metro; metros, images and authorization of the control plane. */
import * as z from "zod";
import { mapOf } from "../../base/mapSchema";
import { imageSpec, itemStatus, timestamp } from "./common";

const newerImageItem = z.looseObject({
  ...itemStatus,
  /** Canonical digest form. */
  url: z.string(),
  created_at: timestamp.optional(),
  initrd_or_rom: z.boolean().optional(),
  size_in_bytes: z.number().optional(),
  args: z.array(z.string()).nullish(),
  env: mapOf(z.string(), z.string()).nullish(),
  tags: z.array(z.string()).nullish(),
  users: z.array(z.string()).nullish(),
  persistent: z.boolean().optional(),
});

/** An image in the shape of older nodes. Source: the vendor's OpenAPI document 0.6.0. */
const olderImageItem = z.looseObject({
  url: z.undefined().optional(),
  digest: z.string(),
  initrd: z.boolean().optional(),
  args: z.string().optional(),
});

/** An image. The shape of older nodes is converted to the newer one. */
export const imageItem = z.preprocess((item) => {
  const older = olderImageItem.safeParse(item);
  if (!older.success) return item;
  const { digest, initrd, args = "", ...common } = older.data;
  return { ...common, url: digest, initrd_or_rom: initrd, args: args.split(/\s+/).filter((arg) => arg !== "") };
}, newerImageItem);

/** Pins an image on a node, which then keeps it at hand. */
export const pinImageRequest = imageSpec.extend({
  /** Seconds that the node may take to fetch it; -1 the longest that it allows. Not 0. */
  timeout_s: z
    .int()
    .min(-1)
    .refine((seconds) => seconds !== 0, "must not be 0"),
  /** Share the fetch with others for the same image. Default true. */
  merge_requests: z.boolean().optional(),
  autokill: z.strictObject({ time_ms: z.int().min(0) }).optional(),
});
/** A pinned image; `uuid` is the pin's. */
export const pinnedImageItem = z.looseObject({
  ...itemStatus,
  uuid: z.string().optional(),
  name: z.string().optional(),
  created_at: timestamp.optional(),
  /** `ready` once the node has it. */
  state: z.string().optional(),
  url: z.string().optional(),
  persistent: z.boolean().optional(),
  tags: z.array(z.string()).nullish(),
});
/** Body of an unpin: the pin, not the image. */
export const unpinImageRequest = z.strictObject({ uuid: z.string().min(1) });
/** Item of an unpin. */
export const unpinnedImageItem = z.looseObject({ ...itemStatus, uuid: z.string(), name: z.string().optional() });

const usage = z.looseObject({
  instances: z.int().optional(),
  live_instances: z.int().optional(),
  live_vcpus: z.int().optional(),
  live_memory_mb: z.int().optional(),
  service_groups: z.int().optional(),
  services: z.int().optional(),
  volumes: z.int().optional(),
  total_volume_mb: z.int().optional(),
});

/** Quotas of the account: usage, limits in total (`hard`) and limits per object (`limits`). `_mb` is MiB. */
export const quotasItem = z.looseObject({
  ...itemStatus,
  /** Uuid of the user. */
  uuid: z.string(),
  used: usage,
  hard: usage,
  limits: z.looseObject({
    min_memory_mb: z.int().optional(),
    max_memory_mb: z.int().optional(),
    min_vcpus: z.int().optional(),
    max_vcpus: z.int().optional(),
    min_volume_mb: z.int().optional(),
    max_volume_mb: z.int().optional(),
    min_autoscale_size: z.int().optional(),
    max_autoscale_size: z.int().optional(),
  }),
});
/** One item of {@link quotasItem}. */
export type QuotasItem = z.infer<typeof quotasItem>;

/**
 * Extensions of the API that a metro lists in `GET /v1/healthz`.
 * - `readiness-probe`: instances have `readiness_probe`; a service sends connections to a member only after it has passed
 * - `rotation`: instances have `rotation`; a service sends no connections to a member that is `out`
 * - `member-requests`: `PUT /v1/instances/request` sends a request to one instance, past its service
 * - `volume-files`: `PUT /v1/volumes/import` and `export` copy files between a folder of the host and a volume
 * - `groups-without-ports`: a service group with `autokill` needs no port, so that it can be the lock of a rollout
 * - `take-over`: an instance can be created with `take_over`, and gets the addresses of another one
 */
export type MetroFeature =
  "readiness-probe" | "rotation" | "member-requests" | "volume-files" | "groups-without-ports" | "take-over";

/** Those of this release's local platform. The vendor's cloud has none. */
export const LOCAL_FEATURES: ReadonlySet<MetroFeature> = new Set<MetroFeature>([
  "readiness-probe",
  "rotation",
  "member-requests",
  "volume-files",
  "groups-without-ports",
  "take-over",
]);

/** Health of a node: the status of each check and the version of each component, by name. */
export const healthzData = z.looseObject({
  /** A {@link MetroFeature} each. Only the local platform reports it. */
  features: z.array(z.string()).optional(),
  checks: mapOf(z.string(), z.string()).optional(),
  versions: mapOf(z.string(), z.string()).optional(),
  license: z
    .looseObject({ serial: z.string(), valid: z.boolean(), features: z.array(z.string()).optional() })
    .optional(),
});

/** A metro listed by the control plane. `endpoint` may end in `/v1` and lack a scheme. */
export const metroItem = z.looseObject({
  ...itemStatus,
  uuid: z.string().optional(),
  endpoint: z.string(),
  name: z.string(),
  iata_code: z.string().optional(),
  country: z.string().optional(),
});

/** An image of the registry, listed by the control plane. */
export const registryImageItem = z.looseObject({
  ...itemStatus,
  name: z.string(),
  tags: z
    .array(
      z.looseObject({
        name: z.string(),
        digest: z.string(),
        size: z.number().optional(),
        push_time: timestamp.optional(),
      }),
    )
    .nullish(),
});

/** Owner of the token, and the registry of its images. */
export const authorizationData = z.looseObject({
  organization_name: z.string(),
  organization_display_name: z.string().optional(),
  organization_uuid: z.string().optional(),
  registry: z.string().optional(),
});
