/** Instances, their templates and checkpoints. Field by field: the cloud API's `/v1/instances`. */
import * as z from "zod";
import {
  annotations,
  autokillTime,
  idItem,
  image,
  itemStatus,
  name,
  nameOrUuid,
  named,
  tags,
  time,
  triple,
} from "./common";
import { domainRequest, servicePort } from "./service";
import { volumeOptions } from "./volume";

/** States of an instance. */
export const INSTANCE_STATES = [
  "stopped",
  "starting",
  "running",
  "draining",
  "stopping",
  "standby",
  "template",
  "checkpoint",
  "deleted",
] as const;
export type InstanceState = (typeof INSTANCE_STATES)[number];

const cooldown = z.int().min(0).max(86_400_000);
const policy = z.enum(["on", "off", "idle"]);
export const scaleToZero = z.strictObject({
  policy,
  stateful: z.boolean().optional(),
  cooldown_time_ms: cooldown.optional(),
  notify_time_ms: z.int().min(0).optional(),
});

const dnsLabel = z.string().regex(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/i);
const envMap = z.record(z.string().min(1), z.string());
const args = z.array(z.string().min(1));
const memoryMb = z.int().min(16);
const vcpus = z.int().min(1);

/** A file that travels in the request: at most 1 MB. */
export const inlineFile = z.strictObject({
  path: z.string().min(1),
  data: z.string(),
  encoding: z.enum(["text", "base64"]).optional(),
});
export type InlineFile = z.infer<typeof inlineFile>;

/** A read-only file system for the guest: an image, or up to 16 inline files. */
export const rom = z.strictObject({
  name: z.string().min(1).max(63),
  image: image.optional(),
  files: z.array(inlineFile).max(16).optional(),
  at: z.string().optional(),
});
const roms = z.array(rom).max(8);

const plugin = z.strictObject({
  name: z.string().regex(/^[A-Za-z0-9_-]{1,63}$/),
  rom: image,
  config: z.unknown().optional(),
});
const plugins = z.array(plugin).max(8);

/** Something that happens to an instance at given times: `when` is a calendar expression of systemd, in UTC. */
export const schedule = z.strictObject({
  name: z.string().min(1),
  when: z.string().min(1),
  action: z.enum(["start", "stop", "delete", "exec", "checkpoint"]),
  /** Of `exec` only. */
  args: args.optional(),
});
export type Schedule = z.infer<typeof schedule>;
const schedules = z.array(schedule);

const autokill = autokillTime.extend({ num_requests: z.int().min(0).optional() });
const schedPriority = z.enum(["normal", "medium", "high", "admin"]);

const networkInterface = z.strictObject({
  name: z.string().optional(),
  tap_name: z.string().optional(),
  ip: z.string().optional(),
  mac: z.string().optional(),
  autoconfig: z.boolean().optional(),
  relay: named({ relay_dns: z.boolean().optional() }).optional(),
});

const mountAt = { at: z.string().min(1), readonly: z.boolean().optional() };
/** A volume that exists, or, with `size_mb`, a new one that goes with the instance. */
export const instanceVolume = z.strictObject({
  uuid: z.string().min(1).optional(),
  name: z.string().min(1).optional(),
  size_mb: z.int().min(1).optional(),
  host_path: z.string().optional(),
  ...mountAt,
  ...volumeOptions,
});
export type InstanceVolumeRequest = z.infer<typeof instanceVolume>;

/** A service group that exists (uuid or name), or the description of one that goes with its last instance. */
export const instanceServiceGroup = z.strictObject({
  uuid: z.string().min(1).optional(),
  name: z.string().min(1).optional(),
  services: z.array(servicePort).min(1).optional(),
  domains: z.array(domainRequest).optional(),
  soft_limit: z.int().min(1).max(65535).optional(),
  hard_limit: z.int().min(1).max(65535).optional(),
});

const templateReference = {
  prepare: z.boolean().optional(),
  /** What a template that does not exist yet is made from: a create request of its own. */
  create_args: z.record(z.string(), z.unknown()).optional(),
  prepare_timeout_s: z.int().min(-1).optional(),
  autokill: autokillTime.optional(),
};

export const createInstanceRequest = z.strictObject({
  name: name.optional(),
  image: image.optional(),
  args: args.optional(),
  env: envMap.optional(),
  memory_mb: memoryMb.optional(),
  vcpus: vcpus.optional(),
  service_group: instanceServiceGroup.optional(),
  volumes: z.array(instanceVolume).optional(),
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
  template: named(templateReference).optional(),
  branch_from: nameOrUuid.optional(),
  checkpoint: nameOrUuid.optional(),
  hostname: dnsLabel.optional(),
  dependencies: z.array(nameOrUuid).optional(),
  schedules: schedules.optional(),
  autokill: autokill.optional(),
  sched_priority: schedPriority.optional(),
  type: z.enum(["micro", "full"]).optional(),
  gpus: z.int().min(0).max(1).optional(),
  gateway: z.string().optional(),
  nameserver: z.string().optional(),
  network_interfaces: z.array(networkInterface).max(4).optional(),
});
export type CreateInstanceRequest = z.infer<typeof createInstanceRequest>;

const word = <T extends readonly [string, ...string[]]>(words: T) => z.enum(words).or(z.string());
const mountedRom = z.looseObject({
  name: z.string(),
  image: z.string().optional(),
  at: z.string().optional(),
  files: z
    .array(z.looseObject({ path: z.string(), data: z.string().optional(), encoding: z.string().optional() }))
    .optional(),
});
const certificateId = z.looseObject({ uuid: z.string().optional(), name: z.string().optional() });

export const instanceItem = z.looseObject({
  ...itemStatus,
  uuid: z.string(),
  name: z.string(),
  created_at: time.optional(),
  state: z.enum(INSTANCE_STATES).optional(),
  previous_state: z.enum(INSTANCE_STATES).optional(),
  type: word(["micro", "full"]).optional(),
  /** Canonical digest form, such as `oci://host/org/app:tag@sha256:…`; never equals what was sent. */
  image: z.string().optional(),
  memory_mb: z.int().optional(),
  vcpus: z.int().optional(),
  args: z.array(z.string()).nullish(),
  /** What is set on the instance itself, without the image's. */
  env: z.record(z.string(), z.string()).nullish(),
  restart_policy: z.string().optional(),
  /** While a restart sequence runs. */
  restart: z.looseObject({ attempt: z.int(), next_at: time.optional() }).nullish(),
  start_count: z.int().optional(),
  restart_count: z.int().optional(),
  started_at: time.optional(),
  stopped_at: time.optional(),
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
  scale_to_zero: z
    .looseObject({
      enabled: z.boolean().optional(),
      policy: policy.optional(),
      stateful: z.boolean().optional(),
      cooldown_time_ms: z.int().optional(),
      notify_time_ms: z.int().optional(),
    })
    .nullish(),
  service_group: z
    .looseObject({
      uuid: z.string(),
      name: z.string(),
      domains: z.array(z.looseObject({ fqdn: z.string(), certificate: certificateId.nullish() })).nullish(),
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
  dependencies: z.array(certificateId).nullish(),
  tags: z.array(z.string()).nullish(),
  annotations: z.record(z.string(), z.string()).nullish(),
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
        next_at: time.optional(),
      }),
    )
    .nullish(),
  autokill: z.looseObject({ time_ms: z.int().optional(), num_requests: z.int().optional() }).nullish(),
  sched_priority: z.string().optional(),
  gpus: z.array(z.looseObject({ uuid: z.string(), model: z.string() })).nullish(),
  delete_lock: z.boolean().optional(),
  snapshot: z.looseObject({ uuid: z.string() }).nullish(),
  /** Changes that wait for the next stop, or failed at the last one. */
  updates: z
    .array(
      z.looseObject({
        prop: z.string(),
        op: z.string(),
        value: z.unknown().optional(),
        status: word(["pending", "failed"]),
        error: z.string().optional(),
      }),
    )
    .nullish(),
  /** Of an instance that is deleted and kept for a while. */
  retained_until: time.optional(),
  template_autokill: z.looseObject({ time_ms: z.int().optional() }).nullish(),
  checkpoint_autokill: z.looseObject({ time_ms: z.int().optional() }).nullish(),
});
export type InstanceItem = z.infer<typeof instanceItem>;

/** What became of an instance that was started, stopped, suspended or deleted; little else is sure to be there. */
export const instanceChangeItem = instanceItem.extend({
  state: z.string().optional(),
  previous_state: z.string().optional(),
});

/** What a PATCH may `set`, by property. Also what `add` takes where it is a list or a map. */
export const instancePatchValues = {
  image,
  args: z.union([z.string().min(1), args]),
  env: envMap,
  memory_mb: memoryMb,
  vcpus,
  scale_to_zero: scaleToZero,
  tags,
  delete_lock: z.boolean(),
  schedules,
  autokill,
  hostname: dnsLabel,
  roms,
  plugins,
  dependencies: z.array(nameOrUuid),
  sched_priority: schedPriority,
  annotations,
} as const;
export type InstanceProp = keyof typeof instancePatchValues;
export const INSTANCE_PROPS = Object.keys(instancePatchValues) as [InstanceProp, ...InstanceProp[]]; // keys of a constant

/** Properties whose change applies at once in any state; the others wait for a stop. */
export const INSTANCE_PROPS_ANY_STATE: readonly InstanceProp[] = ["tags", "delete_lock", "schedules", "autokill"];

export const patchInstanceRequest = named({ prop: z.enum(INSTANCE_PROPS), ...triple });

/** What a PATCH may `set` on a template or a checkpoint. */
export const frozenPatchValues = { tags, delete_lock: z.boolean(), autokill: autokillTime } as const;
export const patchFrozenRequest = named({ prop: z.enum(["tags", "delete_lock", "autokill"]), ...triple });

export const deleteInstanceRequest = named({
  /** Seconds to wait until it is really gone; 0 none, -1 as long as it takes. Not on older nodes. */
  timeout_s: z.int().min(-1).optional(),
  /** Skip retention, and remove one that is retained already. Not on older nodes. */
  dont_retain: z.boolean().optional(),
});

export const startRequest = named({
  timeout_s: z.int().min(-1).optional(),
  /** Older form of `timeout_s`. */
  wait_timeout_ms: z.int().min(-1).optional(),
});

const drainTimeoutMs = z.int().min(-1).max(3_600_000);
export const stopRequest = named({
  force: z.boolean().optional(),
  drain_timeout_ms: drainTimeoutMs.optional(),
  quick: z.boolean().optional(),
  /** Act only if the instance is in this state. */
  ifstate: z.enum(INSTANCE_STATES).optional(),
  /** Only with `force`. */
  dump: z.boolean().optional(),
});
export const suspendRequest = named({ drain_timeout_ms: drainTimeoutMs.optional() });

/** Reply of `GET /v1/instances/log`. `output` is base64; ranges are byte offsets, `end` exclusive. */
export const instanceLogItem = z.looseObject({
  ...itemStatus,
  uuid: z.string(),
  name: z.string().optional(),
  output: z.string().optional(),
  available: z.looseObject({ start: z.int(), end: z.int() }).optional(),
  range: z.looseObject({ start: z.int(), end: z.int() }).optional(),
  state: z.enum(INSTANCE_STATES).optional(),
});

/** Reply of `GET /v1/instances/metrics`. */
export const instanceMetricsItem = z.looseObject({
  ...itemStatus,
  uuid: z.string(),
  name: z.string(),
  state: z.enum(INSTANCE_STATES).optional(),
  start_count: z.int().optional(),
  restart_count: z.int().optional(),
  started_at: time.optional(),
  stopped_at: time.optional(),
  uptime_ms: z.number().optional(),
  rss_bytes: z.number().optional(),
  cpu_time_ms: z.number().optional(),
  boot_time_us: z.number().optional(),
  net_time_us: z.number().optional(),
  rx_bytes: z.number().optional(),
  rx_packets: z.number().optional(),
  tx_bytes: z.number().optional(),
  tx_packets: z.number().optional(),
  nconns: z.number().optional(),
  nreqs: z.number().optional(),
  nqueued: z.number().optional(),
  ntotal: z.number().optional(),
  wakeup_latency: z.array(z.looseObject({ bucket_ms: z.number().optional(), count: z.number() })).optional(),
  wakeup_latency_sum: z.number().optional(),
});
export type InstanceMetricsItem = z.infer<typeof instanceMetricsItem>;

/** Turns an instance into a template. */
export const createTemplateRequest = named({
  timeout_s: z.int().min(-1).optional(),
  autokill: autokillTime.optional(),
});

/** Freezes a copy of an instance, which itself goes on. */
export const createCheckpointRequest = z.strictObject({
  from: nameOrUuid,
  name: name.optional(),
  timeout_s: z.int().min(-1).optional(),
  tags: tags.optional(),
  autokill: autokillTime.optional(),
});

/** A template or checkpoint that was made. */
export const frozenItem = idItem.extend({ state: z.enum(INSTANCE_STATES).optional() });

/** Reply of the history calls: which checkpoints an object descends from. */
export const historyItem = z.looseObject({
  ...itemStatus,
  uuid: z.string(),
  name: z.string(),
  history: z.array(z.looseObject({ uuid: z.string(), name: z.string(), created_at: time.optional() })).optional(),
});
