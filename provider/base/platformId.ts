/**
 * The ID of a local platform: a random UUID in a file of its state folder. State of stacks holds it, so that objects of another
 * machine's platform, or of another state folder, are not taken for deleted ones.
 *
 * The daemon creates the file, and keeps it even if the platform is empty: a stack whose objects were deleted by hand may still be
 * refreshed. The provider only reads it, also while no daemon runs.
 */
import * as crypto from "node:crypto";
import * as fs from "node:fs";

const UUID_PATTERN = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Reads the ID; undefined if no daemon has run with this state folder. */
export function readPlatformId(file: string): string | undefined {
  try {
    const text = fs.readFileSync(file, "utf8").trim();
    return UUID_PATTERN.test(text) ? text : undefined;
  } catch {
    return undefined;
  }
}

/** Creates the ID unless there is one. The caller must hold the folder's lock. */
export function ensurePlatformId(file: string): void {
  if (readPlatformId(file) === undefined) fs.writeFileSync(file, `${crypto.randomUUID()}\n`, { mode: 0o600 });
}
