/** Volumes in the database. Who uses a volume is read from the instances, never stored twice. */
import * as z from "zod";
import type { Database } from "./database";

const row = z.object({
  uuid: z.string(),
  name: z.string(),
  created_at: z.number(),
  size_mb: z.int(),
  /** `initializing` while being made, `busy` while growing, `error` when being made failed, `template` for good, else `available`. */
  state: z.enum(["initializing", "available", "busy", "error", "template"]),
  options: z.string(),
});

/** What a row of an older release does not have; each default is what such a volume was. */
const options = z.object({
  /** False: goes with the last instance that has it. */
  persistent: z.boolean().default(true),
  /** `static` counts its size against the quota, `dynamic` what its disk takes. */
  quotaPolicy: z.enum(["static", "dynamic"]).default("static"),
  /** `rwo` one writer, `rox` many readers. */
  accessMode: z.enum(["rwo", "rox"]).default("rwo"),
  tags: z.array(z.string()).default([]),
  /** Keeps it from being deleted. */
  deleteLock: z.boolean().default(false),
  /** MiB that it is growing to, which the quota counts already. */
  growsToMb: z.int().optional(),
});

/** What a volume can be told beside its name and size. */
export type VolumeOptions = z.infer<typeof options>;

/** One volume. */
export interface VolumeRecord extends Readonly<VolumeOptions> {
  readonly uuid: string;
  readonly name: string;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
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

/** Adds a volume or replaces what is kept of it. */
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

/** Removes a volume. */
export function deleteVolume(database: Database, uuid: string): void {
  database.run("DELETE FROM volumes WHERE uuid = ?", uuid);
}
