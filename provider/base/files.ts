/** Atomic writes and other helpers for files. */
import * as crypto from "node:crypto";
import * as fs from "node:fs/promises";
import * as os from "node:os";
import * as path from "node:path";
import { hasErrorCode, systemErrorCode } from "./errors";

/** Writes a temporary file in the same folder and renames it: a crash leaves the old or the new content. `mode` defaults to 0644. */
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

/** Of folders that hold state, caches or programs: whoever can write there chooses what this user runs. */
const PRIVATE_MODE = 0o700;

/**
 * Creates a folder and those above it that are missing, for this user only under any umask. Throws file system errors; below a file system
 * where nothing can be created, such as /proc, the `recursive` option of Node 22 never returns.
 */
export async function createFolder(folder: string): Promise<void> {
  try {
    await fs.mkdir(folder, { mode: PRIVATE_MODE });
  } catch (error) {
    const parent = path.dirname(folder);
    if (hasErrorCode(error, "ENOENT") && parent !== folder) {
      await createFolder(parent);
      await fs.mkdir(folder, { mode: PRIVATE_MODE }).catch(async (again: unknown) => {
        if (!hasErrorCode(again, "EEXIST")) throw again;
      });
    } else if (!(await isFolder(folder))) throw error;
  }
}

const isFolder = (folder: string): Promise<boolean> =>
  fs.stat(folder).then(
    (stat) => stat.isDirectory(),
    () => false,
  );

/** True if the path exists, whatever its type. */
export const fileExists = (file: string): Promise<boolean> =>
  fs.access(file).then(
    () => true,
    () => false,
  );

/** Removes an empty folder. Returns false if it could not be removed. */
export async function removeIfEmpty(folder: string): Promise<boolean> {
  try {
    await fs.rmdir(folder);
    return true;
  } catch {
    return false;
  }
}

/** Runs `work` with an empty folder below the system's folder for temporary files, and removes it afterwards. */
export async function withTemporaryFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = await fs.mkdtemp(path.join(os.tmpdir(), "unikernel-"));
  try {
    return await work(folder);
  } finally {
    await fs.rm(folder, { recursive: true, force: true });
  }
}

/**
 * Why a path cannot be read, as the end of a sentence that begins with the path. Tells a missing file from a symbolic link to nothing or
 * to itself.
 *
 * @param error what reading it threw
 */
export async function describeUnreadable(file: string, error: unknown): Promise<string> {
  const code = systemErrorCode(error) ?? "unknown error";
  if (code === "ELOOP") return "is a symbolic link that leads back to itself";
  if (code !== "ENOENT") return `cannot be read (${code})`;
  const target = await fs.readlink(file).catch(() => undefined);
  return target === undefined ? "does not exist" : `is a symbolic link to '${target}', which does not exist`;
}
