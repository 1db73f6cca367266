/** Files: atomic writes, which leave the old or the new content after a crash and never half of it, and small helpers. */
import * as crypto from "node:crypto";
import * as fs from "node:fs/promises";
import * as path from "node:path";

/** Writes through a temporary name in the same folder and renames. `mode` defaults to 0644. */
export async function writeFileAtomic(file: string, content: string | Uint8Array, mode = 0o644): Promise<void> {
  const temporary = path.join(path.dirname(file), `.${path.basename(file)}.${crypto.randomUUID()}`);
  try {
    await fs.writeFile(temporary, content, { mode });
    await fs.rename(temporary, file);
  } catch (error) {
    await fs.rm(temporary, { force: true });
    throw error;
  }
}

/** True when something is at this path, of whatever type. */
export const fileExists = (file: string): Promise<boolean> =>
  fs.access(file).then(
    () => true,
    () => false,
  );

/** Removes a folder if it is empty. True when it was removed. */
export async function removeIfEmpty(folder: string): Promise<boolean> {
  try {
    await fs.rmdir(folder);
    return true;
  } catch {
    return false;
  }
}
