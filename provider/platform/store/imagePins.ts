/** Loads and saves pinned images. */
import * as z from "zod";
import type { Database } from "./database";

const row = z.object({ uuid: z.string(), created_at: z.number(), url: z.string() });

/** A pinned image. */
export interface ImagePin {
  /** Of the pin, not of the image. */
  readonly uuid: string;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  /** The image in canonical digest form. */
  readonly url: string;
}

/** Every pin, oldest first. */
export function loadImagePins(database: Database): ImagePin[] {
  return database.all("SELECT * FROM image_pins ORDER BY created_at, rowid").map((found) => {
    const { uuid, created_at, url } = row.parse(found);
    return { uuid, createdAt: created_at, url };
  });
}

/** Adds a pin. */
export function insertImagePin(database: Database, { uuid, createdAt, url }: ImagePin): void {
  database.run("INSERT INTO image_pins (uuid, created_at, url) VALUES (?, ?, ?)", uuid, createdAt, url);
}

/** Deletes a pin. */
export function deleteImagePin(database: Database, uuid: string): void {
  database.run("DELETE FROM image_pins WHERE uuid = ?", uuid);
}
