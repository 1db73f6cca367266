/** The private folder of the local platform's sockets and links. */
import * as crypto from "node:crypto";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { UnikernelError } from "./errors";
import { type LocalPaths, lentFolderLink } from "./localPaths";

/** Creates the run folder (0700) if it does not exist. Throws as {@link assertPrivateRunFolder} does. */
export async function ensureRunFolder(folder: string): Promise<void> {
  await fs.mkdir(folder, { recursive: true, mode: 0o700 });
  await assertPrivateRunFolder(folder);
}

/**
 * Throws `VMM_FAILED` unless this folder belongs to the current user and is closed to all others. Whoever can write to it
 * controls the VMs, and in a temporary folder anybody can create one of this name first.
 */
export async function assertPrivateRunFolder(folder: string): Promise<void> {
  const stats = await fs.lstat(folder);
  if (stats.isDirectory() && stats.uid === process.getuid?.() && (stats.mode & 0o077) === 0) return;
  throw new UnikernelError("VMM_FAILED", `The run folder '${folder}' is open to other users.`, {
    hint: "Remove it, or set XDG_RUNTIME_DIR to a folder that only this user can write to.",
  });
}

/**
 * Runs a request with the id of a link to `folder`, which exists only meanwhile. Whoever has just the platform's token cannot create such
 * a link, so a request cannot name any other folder.
 */
export async function lendFolder<T>(
  paths: Pick<LocalPaths, "runDir">,
  folder: string,
  request: (id: string) => Promise<T>,
): Promise<T> {
  const id = crypto.randomUUID();
  const link = lentFolderLink(paths, id);
  await ensureRunFolder(paths.runDir);
  await fs.symlink(path.resolve(folder), link);
  try {
    return await request(id);
  } finally {
    await fs.rm(link, { force: true });
  }
}
