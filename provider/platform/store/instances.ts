/**
 * What is stored of an instance: `definition` is what was requested, `status` is what has happened since.
 *
 * Defaults are for rows of an older release, and match how that release behaved.
 */
import * as z from "zod";
import { mapOf } from "../../base/mapSchema";
import {
  INSTANCE_PROPS,
  INSTANCE_STATES,
  inlineFile,
  type ReadinessProbe,
  rotation,
  scaleToZero,
  schedule,
} from "../../contract/models";

/** The image that a reference named when it was resolved. */
export const resolvedImage = z.object({
  repository: z.string(),
  digest: z.string(),
  kernelDigest: z.string(),
  initrdDigest: z.string().optional(),
  imageArgs: z.array(z.string()).default([]),
  imageEnv: mapOf(z.string(), z.string()),
});

/** Additional files of an instance: `files` of the request, or the file system of an image. */
export const romRecord = z.object({
  name: z.string(),
  /** Absolute path in the guest. */
  at: z.string(),
  files: z.array(inlineFile).optional(),
  image: z.object({ repository: z.string(), digest: z.string(), initrdDigest: z.string() }).optional(),
});

/** The requested properties of an instance. */
export const instanceDefinition = resolvedImage.extend({
  /** Complete argument list: the request's, otherwise the image's. */
  args: z.array(z.string()),
  /** True if `args` are the image's, so that they change with the image. */
  argsFromImage: z.boolean().default(false),
  /** Environment of the request, added to that of the image. Secret. */
  env: mapOf(z.string(), z.string()),
  memoryMb: z.int(),
  vcpus: z.int(),
  restartPolicy: z.enum(["never", "always", "on-failure"]),
  scaleToZero: scaleToZero.optional(),
  /** Checked when it was requested; a later release may be stricter, but must open the database. Header values are secret. */
  readinessProbe: z.custom<ReadinessProbe>((value) => typeof value === "object" && value !== null).optional(),
  /** `undefined`: `in`. */
  rotation: rotation.optional(),
  tags: z.array(z.string()),
  annotations: mapOf(z.string(), z.string()).default({}),
  deleteLock: z.boolean().default(false),
  /** `undefined`: the name. */
  hostname: z.string().optional(),
  /** Its network interfaces, up to 4, in their order; `undefined`: one in the network of all instances that ask for no other. */
  networkInterfaces: z
    .array(
      z.object({
        name: z.string().optional(),
        /** `undefined`: the network of all instances that ask for no other. */
        network: z.string().optional(),
        /** Address with prefix length; `undefined`: chosen by the platform, for the only interface. */
        ip: z.string().optional(),
        /** Address of another guest in the network. */
        gateway: z.string().optional(),
        /** Subnets that are reached through `gateway`; `undefined`: everything outside of the network. */
        routes: z.array(z.string()).optional(),
      }),
    )
    .optional(),
  /** True: deleted when it stops. */
  deleteOnStop: z.boolean().default(false),
  /** UUIDs of instances that are started before it. */
  dependencies: z.array(z.string()).default([]),
  roms: z.array(romRecord).default([]),
  /** An older release accepted strings of any length. */
  schedules: z.array(schedule.extend({ name: z.string(), when: z.string() })).default([]),
  /** Deleted this many milliseconds after a stop, or after this many requests; 0 is never. */
  autokill: z.object({ timeMs: z.int(), numRequests: z.int() }).default({ timeMs: 0, numRequests: 0 }),
  /** Templates and checkpoints: milliseconds without use after which it is deleted; 0 is never. */
  templateAutokillMs: z.int().default(0),
  /** Checkpoints that it descends from, nearest first. */
  history: z.array(z.object({ uuid: z.string(), name: z.string(), createdAt: z.number() })).default([]),
  /** It, or an instance that it was copied from, was created from a template. */
  fromTemplate: z.literal(true).optional(),
  /** UUID of the service whose autoscale configuration created it. */
  autoscaledBy: z.string().optional(),
});

const update = z.object({
  prop: z.enum(INSTANCE_PROPS),
  op: z.enum(["set", "add", "del"]),
  /** Names in it were resolved when the change was requested. May be secret. */
  value: z.unknown().optional(),
  status: z.enum(["pending", "failed"]),
  error: z.string().optional(),
});

/** What has happened to an instance. */
export const instanceStatus = z.object({
  state: z.enum(INSTANCE_STATES),
  /** True once a delete was accepted. */
  deleting: z.boolean(),
  /** Who requested the stop that is in progress. */
  stopAskedBy: z.enum(["user", "scale-to-zero", "suspend"]).optional(),
  /** The stop in progress kills the VM at once. */
  stopForced: z.boolean(),
  startCount: z.int(),
  restartCount: z.int(),
  /** Milliseconds since 1970. */
  startedAt: z.number().optional(),
  stoppedAt: z.number().optional(),
  /** Total of all sessions that have ended. */
  uptimeMs: z.number(),
  bootTimeUs: z.number().optional(),
  /** Time from the start of the VM until the service's ports were ready; `undefined` until then. */
  netTimeUs: z.number().optional(),
  stopReason: z.int().optional(),
  stopCode: z.int().optional(),
  exitCode: z.int().optional(),
  /** See `StopFacts`. */
  stopNotice: z.string().optional(),
  /**
   * What went wrong with the memory of the instance when it slept, was cloned, or became a template, as a sentence; `undefined` if nothing
   * did the last time.
   */
  memoryNotice: z.string().optional(),
  /** A sequence of restarts; `nextAt` (milliseconds since 1970) is set during a back-off. */
  restart: z.object({ attempt: z.int(), nextAt: z.number().optional() }).optional(),
  /** Changes that wait for the next stop, or that failed at the last one. */
  updates: z.array(update).default([]),
  /** UUIDs of volumes that are detached when the VM ends. */
  detaching: z.array(z.string()).default([]),
  /** Set for a suspended instance: its VM is paused and the next start resumes it. */
  snapshotUuid: z.string().optional(),
  /** Set when it becomes a template once its VM has ended. */
  becomesTemplate: z.literal(true).optional(),
  /** Templates and checkpoints: when it was created or last used for a new instance, in milliseconds since 1970. */
  lastUsedAt: z.number().optional(),
  /** Templates and checkpoints that keep memory: when it was captured, in milliseconds since 1970. */
  capturedAt: z.number().optional(),
  /**
   * Set while it is in no network, because another instance has its addresses: it takes them once its program has run for so many
   * milliseconds.
   */
  takeOverAfterMs: z.int().optional(),
  /** Another instance has taken its addresses: it is stopped, and never runs again. */
  addressesLost: z.literal(true).optional(),
  /** UUID of the template or checkpoint with whose memory the next start begins. */
  memoryFrom: z.string().optional(),
  /** Requests from the proxy, counted only if autokill limits them. */
  requests: z.int().optional(),
});

/** See {@link resolvedImage}. */
export type ResolvedImage = z.infer<typeof resolvedImage>;
/** See {@link romRecord}. */
export type RomRecord = z.infer<typeof romRecord>;
/** A change that waits for the next stop, or has failed. */
export type QueuedUpdate = z.infer<typeof update>;
/** See {@link instanceDefinition}. */
export type InstanceDefinition = z.infer<typeof instanceDefinition>;
/** See {@link instanceStatus}. */
export type InstanceStatus = z.infer<typeof instanceStatus>;

/** A volume that is attached to an instance. */
export interface VolumeAttachment {
  readonly volumeUuid: string;
  /** Absolute path in the guest. */
  readonly at: string;
  readonly readonly: boolean;
}

/** The stored record of an instance. */
export interface InstanceRecord {
  readonly uuid: string;
  readonly name: string;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  /** Address of its first network interface, such as `172.16.0.16`. */
  readonly privateIp: string;
  /** UUID of its service group; `undefined` without one. */
  readonly serviceUuid: string | undefined;
  readonly definition: InstanceDefinition;
  /** In the order of attachment. */
  readonly volumes: readonly VolumeAttachment[];
  readonly status: InstanceStatus;
}
