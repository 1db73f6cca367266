/** Volumes in the database. Who uses a volume is read from the instances, never stored twice. */
import * as z from "zod";
import type { Database } from "./database";

const row = z.object({
  uuid: z.string(),
  name: z.string(),
  created_at: z.number(),
  size_mb: z.int(),
  /** `initializing` while being made, `busy` while growing, else `available`. */
  state: z.enum(["initializing", "available", "busy"]),
});

/** One volume. */
export interface VolumeRecord {
  readonly uuid: string;
  readonly name: string;
  readonly createdAt: number;
  readonly sizeMb: number;
  readonly state: z.infer<typeof row>["state"];
}

/** Every volume, oldest first. */
export function loadVolumes(database: Database): VolumeRecord[] {
  return database.all("SELECT * FROM volumes ORDER BY created_at, rowid").map((found) => {
    const one = row.parse(found);
    return { uuid: one.uuid, name: one.name, createdAt: one.created_at, sizeMb: one.size_mb, state: one.state };
  });
}

/** Adds a volume or replaces what is kept of it. */
export function saveVolume(database: Database, record: VolumeRecord): void {
  database.run(
    `INSERT INTO volumes (uuid, name, created_at, size_mb, state) VALUES (?, ?, ?, ?, ?)
     ON CONFLICT (uuid) DO UPDATE SET size_mb = excluded.size_mb, state = excluded.state`,
    record.uuid,
    record.name,
    record.createdAt,
    record.sizeMb,
    record.state,
  );
}

/** Removes a volume. */
export function deleteVolume(database: Database, uuid: string): void {
  database.run("DELETE FROM volumes WHERE uuid = ?", uuid);
}
