/** Instances in the database. `definition` is what was asked for; `status` is what happened since. */
import * as z from "zod";
import { INSTANCE_PROPS, INSTANCE_STATES, inlineFile, scaleToZero, schedule } from "../../contract/models";
import type { Database } from "./database";

/** What a reference to an image named when it was given. */
export const resolvedImage = z.object({
  repository: z.string(),
  digest: z.string(),
  kernelDigest: z.string(),
  initrdDigest: z.string().optional(),
  imageArgs: z.array(z.string()).default([]),
  imageEnv: z.record(z.string(), z.string()),
});

/** Files beside those of the image: `files` of the request, or the file system of an image. */
export const romRecord = z.object({
  name: z.string(),
  /** Absolute path in the guest. */
  at: z.string(),
  files: z.array(inlineFile).optional(),
  image: z.object({ repository: z.string(), digest: z.string(), initrdDigest: z.string() }).optional(),
});

const definition = resolvedImage.extend({
  /** Complete argument list: the request's, else the image's. */
  args: z.array(z.string()),
  /** True where `args` are the image's: another image brings others. */
  argsFromImage: z.boolean().default(false),
  /** What the request added to the image's environment. Secret. */
  env: z.record(z.string(), z.string()),
  memoryMb: z.int(),
  vcpus: z.int(),
  restartPolicy: z.enum(["never", "always", "on-failure"]),
  scaleToZero: scaleToZero.optional(),
  tags: z.array(z.string()),
  // What a row of an older release does not have follows; each default is what such an instance was.
  annotations: z.record(z.string(), z.string()).default({}),
  deleteLock: z.boolean().default(false),
  /** Only where it is not the name. */
  hostname: z.string().optional(),
  /** Removes itself when it has stopped. */
  deleteOnStop: z.boolean().default(false),
  /** Uuids of instances that are started before it. */
  dependencies: z.array(z.string()).default([]),
  roms: z.array(romRecord).default([]),
  /** A release before this one took texts of any length. */
  schedules: z.array(schedule.extend({ name: z.string(), when: z.string() })).default([]),
  /** Milliseconds after a stop, and requests, after which it is deleted; 0 is never. */
  autokill: z.object({ timeMs: z.int(), numRequests: z.int() }).default({ timeMs: 0, numRequests: 0 }),
  /** Templates and checkpoints: milliseconds without use after which it is deleted; 0 is never. */
  frozenAutokillMs: z.int().default(0),
  /** What it was copied from, nearest first: the checkpoints of its lineage. */
  history: z.array(z.object({ uuid: z.string(), name: z.string(), createdAt: z.number() })).default([]),
  /** Uuid of the service whose autoscale configuration made it. */
  autoscaledBy: z.string().optional(),
});

const update = z.object({
  prop: z.enum(INSTANCE_PROPS),
  op: z.enum(["set", "add", "del"]),
  /** With every name in it resolved when the change was asked for. May be secret. */
  value: z.unknown().optional(),
  status: z.enum(["pending", "failed"]),
  error: z.string().optional(),
});

const status = z.object({
  state: z.enum(INSTANCE_STATES),
  /** True from the moment a delete was accepted. */
  deleting: z.boolean(),
  /** Who asked for the stop that is under way. */
  stopAskedBy: z.enum(["user", "scale-to-zero", "suspend"]).optional(),
  stopForced: z.boolean(),
  startCount: z.int(),
  restartCount: z.int(),
  /** Milliseconds since 1970. */
  startedAt: z.number().optional(),
  stoppedAt: z.number().optional(),
  /** Sum over all runs that ended. */
  uptimeMs: z.number(),
  bootTimeUs: z.number().optional(),
  /** `undefined` until the service's ports answered in this run. */
  netTimeUs: z.number().optional(),
  stopReason: z.int().optional(),
  stopCode: z.int().optional(),
  exitCode: z.int().optional(),
  /** A restart sequence; `nextAt` while it pauses. */
  restart: z.object({ attempt: z.int(), nextAt: z.number().optional() }).optional(),
  /** Changes that wait for the next stop, or failed at the last one. */
  updates: z.array(update).default([]),
  /** Uuids of volumes that leave when the VM that has them ends. */
  detaching: z.array(z.string()).default([]),
  /** A suspended instance: the VM is frozen in memory and the next start resumes it. */
  snapshotUuid: z.string().optional(),
  /** It was to become a template, and does when its VM has ended. */
  becomesTemplate: z.literal(true).optional(),
  /** Templates and checkpoints: when one was made, or another instance last made from it; milliseconds since 1970. */
  lastUsedAt: z.number().optional(),
  /** What the proxy handed to it, counted where that many end it. */
  requests: z.int().optional(),
});

const attachment = z.object({ volume_uuid: z.string(), at: z.string(), readonly: z.int() });

const row = z.object({
  uuid: z.string(),
  name: z.string(),
  created_at: z.number(),
  service_uuid: z.string().nullable(),
  definition: z.string(),
  status: z.string(),
});

/** What a reference to an image named. */
export type ResolvedImage = z.infer<typeof resolvedImage>;
/** A file system beside that of the image. */
export type RomRecord = z.infer<typeof romRecord>;
/** A change that waits, or failed. */
export type QueuedUpdate = z.infer<typeof update>;
/** What an instance was asked to be. */
export type InstanceDefinition = z.infer<typeof definition>;
/** What became of it. */
export type InstanceStatus = z.infer<typeof status>;

/** A volume inside an instance. */
export interface VolumeAttachment {
  readonly volumeUuid: string;
  readonly at: string;
  readonly readonly: boolean;
}

/** One instance. */
export interface InstanceRecord {
  readonly uuid: string;
  readonly name: string;
  readonly createdAt: number;
  readonly serviceUuid: string | undefined;
  readonly definition: InstanceDefinition;
  readonly volumes: readonly VolumeAttachment[];
  readonly status: InstanceStatus;
}

/** Every instance, oldest first. */
export function loadInstances(database: Database): InstanceRecord[] {
  return database.all("SELECT * FROM instances ORDER BY created_at, rowid").map((found) => {
    const { uuid, name, created_at, service_uuid, ...json } = row.parse(found);
    const volumes = database.all("SELECT * FROM attachments WHERE instance_uuid = ? ORDER BY rowid", uuid);
    return {
      uuid,
      name,
      createdAt: created_at,
      serviceUuid: service_uuid ?? undefined,
      definition: parseDefinition(JSON.parse(json.definition)),
      status: status.parse(JSON.parse(json.status)),
      volumes: volumes.map((one) => {
        const { volume_uuid, at, readonly } = attachment.parse(one);
        return { volumeUuid: volume_uuid, at, readonly: readonly === 1 };
      }),
    };
  });
}

/** A row of an older release tells the image's arguments only where they are the instance's: these stand for them. */
function parseDefinition(json: unknown): InstanceDefinition {
  const read = definition.parse(json);
  return typeof json === "object" && json !== null && "imageArgs" in json ? read : { ...read, imageArgs: read.args };
}

/** Adds instances with their attachments, or nothing. */
export function insertInstances(database: Database, records: readonly InstanceRecord[]): void {
  database.run("BEGIN");
  try {
    for (const record of records) {
      database.run(
        "INSERT INTO instances (uuid, name, created_at, service_uuid, definition, status) VALUES (?, ?, ?, ?, ?, ?)",
        record.uuid,
        record.name,
        record.createdAt,
        record.serviceUuid ?? null,
        JSON.stringify(record.definition),
        JSON.stringify(record.status),
      );
      insertAttachments(database, record.uuid, record.volumes);
    }
    database.run("COMMIT");
  } catch (error) {
    database.run("ROLLBACK");
    throw error;
  }
}

function insertAttachments(database: Database, uuid: string, volumes: readonly VolumeAttachment[]): void {
  for (const volume of volumes) {
    database.run(
      "INSERT INTO attachments (instance_uuid, volume_uuid, at, readonly) VALUES (?, ?, ?, ?)",
      uuid,
      volume.volumeUuid,
      volume.at,
      volume.readonly ? 1 : 0,
    );
  }
}

/** Writes what became of an instance; its VM would not outlast a loss of power either. */
export function updateInstanceStatus(database: Database, uuid: string, changed: InstanceStatus): void {
  database.runWithoutSync("UPDATE instances SET status = ? WHERE uuid = ?", JSON.stringify(changed), uuid);
}

/** Writes what an instance is to be, and what became of it, both or neither. */
export function updateInstanceDefinition(
  database: Database,
  uuid: string,
  definition: InstanceDefinition,
  status: InstanceStatus,
): void {
  const values = [JSON.stringify(definition), JSON.stringify(status)];
  database.run("UPDATE instances SET definition = ?, status = ? WHERE uuid = ?", ...values, uuid);
}

/** Takes an instance out of its service and writes what became of it, both or neither. */
export function detachFromService(database: Database, uuid: string, status: InstanceStatus): void {
  const sql = "UPDATE instances SET service_uuid = NULL, status = ? WHERE uuid = ?";
  database.run(sql, JSON.stringify(status), uuid);
}

/** Writes which volumes an instance has, and what became of it, both or neither. */
export function updateAttachments(
  database: Database,
  uuid: string,
  volumes: readonly VolumeAttachment[],
  status: InstanceStatus,
): void {
  database.run("BEGIN");
  try {
    database.run("UPDATE instances SET status = ? WHERE uuid = ?", JSON.stringify(status), uuid);
    database.run("DELETE FROM attachments WHERE instance_uuid = ?", uuid);
    insertAttachments(database, uuid, volumes);
    database.run("COMMIT");
  } catch (error) {
    database.run("ROLLBACK");
    throw error;
  }
}

/** Removes an instance; its volumes are attached to nothing of it any more. */
export function deleteInstance(database: Database, uuid: string): void {
  database.run("DELETE FROM instances WHERE uuid = ?", uuid);
}
