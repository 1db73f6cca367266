/** Instances in requests and responses. Fields: the cloud API's `/v1/instances`. */
import * as z from "zod";
import { mapOf } from "../../base/mapSchema";
import {
  annotations,
  autokillTime,
  image,
  itemStatus,
  name,
  nameOrUuid,
  withSelector,
  tags,
  timestamp,
} from "./common";
import {
  INSTANCE_STATES,
  args,
  autokill,
  dnsLabel,
  envMap,
  memoryMb,
  plugins,
  scaleToZeroPolicy,
  roms,
  scaleToZero,
  schedPriority,
  schedules,
  vcpus,
} from "./instanceParts";
import { readinessItem, readinessProbe, rotation } from "./readinessProbe";
import { drainItem } from "./drain";
import { createServiceRequest, portsElsewhere } from "./service";
import { volumeOptions } from "./volume";

const networkInterface = z.strictObject({
  name: z.string().optional(),
  tap_name: z.string().optional(),
  ip: z.string().optional(),
  mac: z.string().optional(),
  /** Extension: address of another instance in the network, through which `routes` are reached. */
  gateway: z.string().optional(),
  /** Extension: subnets, such as `10.2.0.0/24`; absent: everything outside of the network. */
  routes: z.array(z.string()).max(64).optional(),
  autoconfig: z.boolean().optional(),
  relay: withSelector({ relay_dns: z.boolean().optional() }).optional(),
});

/** Limit of volumes of a new instance, and of the dependencies of any. */
export const MAX_REFERENCES = 64;

const mountFields = { at: z.string().min(1), readonly: z.boolean().optional() };
/** An existing volume, or with `size_mb` a new one that is deleted with the instance. */
export const instanceVolume = z.strictObject({
  uuid: z.string().min(1).optional(),
  name: z.string().min(1).optional(),
  size_mb: z.int().min(1).optional(),
  host_path: z.string().optional(),
  ...mountFields,
  ...volumeOptions,
});
/** One {@link instanceVolume}. */
export type InstanceVolumeRequest = z.infer<typeof instanceVolume>;

/** An existing service group (uuid or name), or a new one that is deleted with its last instance. */
export const instanceServiceGroup = z.strictObject({
  uuid: z.string().min(1).optional(),
  name: z.string().min(1).optional(),
  services: createServiceRequest.shape.services.min(1).optional(),
  domains: createServiceRequest.shape.domains,
  soft_limit: z.int().min(1).max(65535).optional(),
  hard_limit: z.int().min(1).max(65535).optional(),
});

const templateReference = {
  prepare: z.boolean().optional(),
  /** Create request for the template, used if it does not exist yet. */
  create_args: mapOf(z.string(), z.unknown()).optional(),
  prepare_timeout_s: z.int().min(-1).optional(),
  autokill: autokillTime.optional(),
};

/** Longest `after_ms`, in milliseconds. */
const MAX_TAKE_OVER_MS = 600_000;
/**
 * The instance whose addresses the new one gets; both have the same in `network_interfaces`. The new instance is in no network until its
 * program has run for `after_ms` milliseconds, default 0, and its readiness probe has passed. Then it gets the addresses in one step, and the
 * other one is stopped for good.
 */
const takeOver = withSelector({ after_ms: z.int().min(0).max(MAX_TAKE_OVER_MS).optional() });

/** Body of `POST /v1/instances`. */
export const createInstanceRequest = z.strictObject({
  name: name.optional(),
  image: image.optional(),
  args: args.optional(),
  env: envMap.optional(),
  memory_mb: memoryMb.optional(),
  vcpus: vcpus.optional(),
  service_group: instanceServiceGroup.optional(),
  volumes: z.array(instanceVolume).max(MAX_REFERENCES).optional(),
  autostart: z.boolean().optional(),
  replicas: z.int().min(0).max(253).optional(),
  restart_policy: z.enum(["never", "always", "on-failure"]).optional(),
  scale_to_zero: scaleToZero.optional(),
  features: z.array(z.enum(["delete-on-stop"])).optional(),
  timeout_s: z.int().min(-1).optional(),
  /** Older form of `timeout_s`. */
  wait_timeout_ms: z.int().min(-1).optional(),
  roms: roms.optional(),
  plugins: plugins.optional(),
  tags: tags.optional(),
  annotations: annotations.optional(),
  template: withSelector(templateReference).optional(),
  branch_from: nameOrUuid.optional(),
  checkpoint: nameOrUuid.optional(),
  hostname: dnsLabel.optional(),
  dependencies: z.array(nameOrUuid).max(MAX_REFERENCES).optional(),
  schedules: schedules.optional(),
  autokill: autokill.optional(),
  sched_priority: schedPriority.optional(),
  type: z.enum(["micro", "full"]).optional(),
  gpus: z.int().min(0).max(1).optional(),
  gateway: z.string().optional(),
  nameserver: z.string().optional(),
  network_interfaces: z.array(networkInterface).max(4).optional(),
  /** Extension: only metros with the feature `readiness-probe`. Needs a service group, or addresses in `network_interfaces`. */
  readiness_probe: readinessProbe.optional(),
  /** Extension: only metros with the feature `rotation`. Needs a service group. Default `in`. */
  rotation: rotation.optional(),
  /** Extension: only metros with the feature `take-over`. See {@link takeOver}. */
  take_over: takeOver.optional(),
});
/** One {@link createInstanceRequest}. */
export type CreateInstanceRequest = z.infer<typeof createInstanceRequest>;

/** An enumeration to which a newer server may add values. */
const openEnum = <T extends readonly [string, ...string[]]>(values: T) => z.enum(values).or(z.string());
const mountedRom = z.looseObject({
  name: z.string(),
  image: z.string().optional(),
  at: z.string().optional(),
  files: z
    .array(z.looseObject({ path: z.string(), data: z.string().optional(), encoding: z.string().optional() }))
    .optional(),
});
const nameAndUuid = z.looseObject({ uuid: z.string().optional(), name: z.string().optional() });

/** An instance in a response. */
export const instanceItem = z.looseObject({
  ...itemStatus,
  uuid: z.string(),
  name: z.string(),
  created_at: timestamp.optional(),
  state: z.enum(INSTANCE_STATES).optional(),
  previous_state: z.enum(INSTANCE_STATES).optional(),
  type: openEnum(["micro", "full"]).optional(),
  /** Canonical digest form, such as `oci://host/org/app:tag@sha256:…`; never equal to the requested reference. */
  image: z.string().optional(),
  memory_mb: z.int().optional(),
  vcpus: z.int().optional(),
  args: z.array(z.string()).nullish(),
  /** Variables set on the instance, without those of the image. */
  env: mapOf(z.string(), z.string()).nullish(),
  restart_policy: z.string().optional(),
  /** Present during a restart sequence. */
  restart: z.looseObject({ attempt: z.int(), next_at: timestamp.optional() }).nullish(),
  start_count: z.int().optional(),
  restart_count: z.int().optional(),
  started_at: timestamp.optional(),
  stopped_at: timestamp.optional(),
  uptime_ms: z.number().optional(),
  boot_time_us: z.number().optional(),
  net_time_us: z.number().optional(),
  vmm_start_time_us: z.number().optional(),
  vmm_load_time_us: z.number().optional(),
  vmm_ready_time_us: z.number().optional(),
  template_time_us: z.number().optional(),
  stop_reason: z.int().optional(),
  stop_code: z.int().optional(),
  exit_code: z.int().optional(),
  /** Only on the local platform: what `stop_reason` and `stop_code` do not tell, such as a kernel that needs a newer QEMU. */
  stop_notice: z.string().optional(),
  /** Only on the local platform: why it sleeps in memory instead of on the disk, or why it booted anew when it was woken. */
  memory_notice: z.string().optional(),
  scale_to_zero: z
    .looseObject({
      enabled: z.boolean().optional(),
      policy: scaleToZeroPolicy.optional(),
      stateful: z.boolean().optional(),
      cooldown_time_ms: z.int().optional(),
      notify_time_ms: z.int().optional(),
    })
    .nullish(),
  service_group: z
    .looseObject({
      uuid: z.string(),
      name: z.string(),
      domains: z.array(z.looseObject({ fqdn: z.string(), certificate: nameAndUuid.nullish() })).nullish(),
      services: portsElsewhere,
    })
    .nullish(),
  /** `<protocol>:<port>`. */
  services: z.array(z.string()).nullish(),
  volumes: z
    .array(z.looseObject({ uuid: z.string(), name: z.string(), at: z.string(), readonly: z.boolean().optional() }))
    .nullish(),
  network_interfaces: z
    .array(
      z.looseObject({
        uuid: z.string().optional(),
        private_ip: z.string().optional(),
        mac: z.string().optional(),
        name: z.string().optional(),
        tap_name: z.string().optional(),
        gateway: z.string().optional(),
        routes: z.array(z.string()).optional(),
        autoconfig: z.boolean().optional(),
        relay: z
          .looseObject({ uuid: z.string().optional(), name: z.string().optional(), relay_dns: z.boolean().optional() })
          .nullish(),
      }),
    )
    .nullish(),
  private_ip: z.string().optional(),
  private_fqdn: z.string().optional(),
  gateway: z.string().optional(),
  nameserver: z.string().optional(),
  hostname: z.string().optional(),
  dependencies: z.array(nameAndUuid).nullish(),
  tags: z.array(z.string()).nullish(),
  annotations: mapOf(z.string(), z.string()).nullish(),
  features: z.array(z.string()).nullish(),
  roms: z.array(mountedRom).nullish(),
  plugins: z.array(z.looseObject({ name: z.string(), rom: z.string(), config: z.unknown().optional() })).nullish(),
  schedules: z
    .array(
      z.looseObject({
        name: z.string(),
        when: z.string(),
        action: z.string(),
        args: z.array(z.string()).nullish(),
        next_at: timestamp.optional(),
      }),
    )
    .nullish(),
  autokill: z.looseObject({ time_ms: z.int().optional(), num_requests: z.int().optional() }).nullish(),
  sched_priority: z.string().optional(),
  gpus: z.array(z.looseObject({ uuid: z.string(), model: z.string() })).nullish(),
  delete_lock: z.boolean().optional(),
  snapshot: z.looseObject({ uuid: z.string() }).nullish(),
  /** Changes that are applied at the next stop, or that failed at the last one. */
  updates: z
    .array(
      z.looseObject({
        prop: z.string(),
        op: z.string(),
        value: z.unknown().optional(),
        status: openEnum(["pending", "failed"]),
        error: z.string().optional(),
      }),
    )
    .nullish(),
  /** Extension: the probe of the instance. */
  readiness_probe: readinessProbe.nullish(),
  /** Extension: result of the probe; absent without one, and while the instance is down or in standby. */
  readiness: readinessItem.nullish(),
  /** Extension: whether its service sends it connections. */
  rotation: openEnum(["in", "out"]).optional(),
  /** Extension: its last drain, until it is started again; absent if it was not drained, or by an earlier daemon. */
  drain: drainItem.nullish(),
  /**
   * Extension: absent while it has its addresses. `awaited`: it gets them from another instance (`take_over`). `lost`: another instance has
   * taken them, and it never runs again.
   */
  addresses: openEnum(["awaited", "lost"]).optional(),
  /** Set on a deleted instance that is retained. */
  retained_until: timestamp.optional(),
  template_autokill: z.looseObject({ time_ms: z.int().optional() }).nullish(),
  checkpoint_autokill: z.looseObject({ time_ms: z.int().optional() }).nullish(),
});
/** One item of {@link instanceItem}. */
export type InstanceItem = z.infer<typeof instanceItem>;
