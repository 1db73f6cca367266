/** Loads and saves instances with their attachments. */
import * as z from "zod";
import type { Database } from "./database";
import {
  instanceDefinition,
  type InstanceDefinition,
  type InstanceRecord,
  instanceStatus,
  type InstanceStatus,
  type VolumeAttachment,
} from "./instances";

const attachment = z.object({ volume_uuid: z.string(), at: z.string(), readonly: z.int() });

const row = z.object({
  uuid: z.string(),
  name: z.string(),
  created_at: z.number(),
  private_ip: z.string(),
  service_uuid: z.string().nullable(),
  definition: z.string(),
  status: z.string(),
});

/** Every instance, oldest first. */
export function loadInstances(database: Database): InstanceRecord[] {
  return database.all("SELECT * FROM instances ORDER BY created_at, rowid").map((found) => {
    const { uuid, name, created_at, private_ip, service_uuid, ...json } = row.parse(found);
    const volumes = database.all("SELECT * FROM attachments WHERE instance_uuid = ? ORDER BY rowid", uuid);
    return {
      uuid,
      name,
      createdAt: created_at,
      privateIp: private_ip,
      serviceUuid: service_uuid ?? undefined,
      definition: parseDefinition(JSON.parse(json.definition)),
      status: instanceStatus.parse(JSON.parse(json.status)),
      volumes: volumes.map((one) => {
        const { volume_uuid, at, readonly } = attachment.parse(one);
        return { volumeUuid: volume_uuid, at, readonly: readonly === 1 };
      }),
    };
  });
}

/** Rows of an older release have no `imageArgs`; the instance's arguments stand in for them. */
function parseDefinition(json: unknown): InstanceDefinition {
  const parsed = instanceDefinition.parse(json);
  return typeof json === "object" && json !== null && "imageArgs" in json
    ? parsed
    : { ...parsed, imageArgs: parsed.args };
}

/** Adds all of these instances with their attachments, or none. */
export function insertInstances(database: Database, records: readonly InstanceRecord[]): void {
  inTransaction(database, () => {
    for (const record of records) {
      database.run(
        `INSERT INTO instances (uuid, name, created_at, private_ip, service_uuid, definition, status)
         VALUES (?, ?, ?, ?, ?, ?, ?)`,
        record.uuid,
        record.name,
        record.createdAt,
        record.privateIp,
        record.serviceUuid ?? null,
        JSON.stringify(record.definition),
        JSON.stringify(record.status),
      );
      insertAttachments(database, record.uuid, record.volumes);
    }
  });
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

/** Saves the status of an instance. A power loss may undo it, but that ends the VM as well. */
export function updateInstanceStatus(database: Database, uuid: string, changed: InstanceStatus): void {
  database.runWithoutSync("UPDATE instances SET status = ? WHERE uuid = ?", JSON.stringify(changed), uuid);
}

/** Saves the statuses of all of these instances, or of none. Survives a power loss. */
export function updateInstanceStatuses(
  database: Database,
  changed: readonly Pick<InstanceRecord, "uuid" | "status">[],
): void {
  inTransaction(database, () => {
    for (const { uuid, status } of changed)
      database.run("UPDATE instances SET status = ? WHERE uuid = ?", JSON.stringify(status), uuid);
  });
}

/** Saves definition and status of an instance together. */
export function updateInstanceDefinition(
  database: Database,
  uuid: string,
  definition: InstanceDefinition,
  status: InstanceStatus,
): void {
  const values = [JSON.stringify(definition), JSON.stringify(status)];
  database.run("UPDATE instances SET definition = ?, status = ? WHERE uuid = ?", ...values, uuid);
}

/** Removes an instance from its service group and saves its status, together. */
export function detachFromService(database: Database, uuid: string, status: InstanceStatus): void {
  const sql = "UPDATE instances SET service_uuid = NULL, status = ? WHERE uuid = ?";
  database.run(sql, JSON.stringify(status), uuid);
}

/** Saves the attachments and the status of an instance together. */
export function updateAttachments(
  database: Database,
  uuid: string,
  volumes: readonly VolumeAttachment[],
  status: InstanceStatus,
): void {
  inTransaction(database, () => {
    database.run("UPDATE instances SET status = ? WHERE uuid = ?", JSON.stringify(status), uuid);
    database.run("DELETE FROM attachments WHERE instance_uuid = ?", uuid);
    insertAttachments(database, uuid, volumes);
  });
}

/** Deletes an instance and its attachments. */
export function deleteInstance(database: Database, uuid: string): void {
  database.run("DELETE FROM instances WHERE uuid = ?", uuid);
}

/** Runs `work` and commits what it wrote, or rolls all of it back if it throws. */
function inTransaction(database: Database, work: () => void): void {
  database.run("BEGIN");
  try {
    work();
    database.run("COMMIT");
  } catch (error) {
    // SQLite has rolled back by itself on a full disk; the failure of this must not hide the one before.
    try {
      database.run("ROLLBACK");
    } catch {
      // no transaction is active
    }
    throw error;
  }
}
