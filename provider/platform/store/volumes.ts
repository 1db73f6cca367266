/** Loads and saves volumes. Attachments are stored with the instances only. */
import * as z from "zod";
import type { Database } from "./database";

const row = z.object({
  uuid: z.string(),
  name: z.string(),
  created_at: z.number(),
  size_mb: z.int(),
  /**
   * `initializing` while the disk is created, `error` if that failed, `busy` while the disk grows, `template` once
   * converted, otherwise `available`.
   */
  state: z.enum(["initializing", "available", "busy", "error", "template"]),
  options: z.string(),
});

/** Defaults are for rows of an older release, and match how that release behaved. */
const options = z.object({
  /** False: deleted with the last instance it is attached to. */
  persistent: z.boolean().default(true),
  /** What counts as quota usage: `static` the full size, `dynamic` the space that the disk occupies. */
  quotaPolicy: z.enum(["static", "dynamic"]).default("static"),
  /** `rwo` for one writer, `rox` for many readers, `rwx` for many writers, which share a folder instead of a disk. */
  accessMode: z.enum(["rwo", "rox", "rwx"]).default("rwo"),
  tags: z.array(z.string()).default([]),
  /** Prevents deletion. */
  deleteLock: z.boolean().default(false),
  /** MiB that it is growing to; already counted as quota usage. */
  growsToMb: z.int().optional(),
});

/** Options of a volume, without name and size. */
export type VolumeOptions = z.infer<typeof options>;

/** The stored record of a volume. */
export interface VolumeRecord extends Readonly<VolumeOptions> {
  readonly uuid: string;
  readonly name: string;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  /** MiB. */
  readonly sizeMb: number;
  readonly state: z.infer<typeof row>["state"];
}

/** Every volume, oldest first. */
export function loadVolumes(database: Database): VolumeRecord[] {
  return database.all("SELECT * FROM volumes ORDER BY created_at, rowid").map((found) => {
    const { uuid, name, created_at, size_mb, state, options: json } = row.parse(found);
    return { uuid, name, createdAt: created_at, sizeMb: size_mb, state, ...options.parse(JSON.parse(json)) };
  });
}

/** Adds a volume, or replaces it except for name and time of creation. */
export function saveVolume(database: Database, record: VolumeRecord): void {
  database.run(
    `INSERT INTO volumes (uuid, name, created_at, size_mb, state, options) VALUES (?, ?, ?, ?, ?, ?)
     ON CONFLICT (uuid) DO UPDATE SET size_mb = excluded.size_mb, state = excluded.state, options = excluded.options`,
    record.uuid,
    record.name,
    record.createdAt,
    record.sizeMb,
    record.state,
    JSON.stringify(options.parse(record)),
  );
}

/** Deletes a volume. */
export function deleteVolume(database: Database, uuid: string): void {
  database.run("DELETE FROM volumes WHERE uuid = ?", uuid);
}
