/** The folder of the VMs' sockets, whoever can write there controls the VMs. */
import * as fs from "node:fs/promises";
import { UnikernelError } from "../../../base/errors";

/** Makes the folder (0700) unless there is one. Throws as {@link assertPrivateRunFolder} does. */
export async function ensureRunFolder(folder: string): Promise<void> {
  await fs.mkdir(folder, { recursive: true, mode: 0o700 });
  await assertPrivateRunFolder(folder);
}

/**
 * Throws `VMM_FAILED` unless this is a folder of this user that is closed to all others: it may lie in a temporary
 * folder where anybody can make one of this name first.
 */
export async function assertPrivateRunFolder(folder: string): Promise<void> {
  const stats = await fs.lstat(folder);
  if (stats.isDirectory() && stats.uid === process.getuid?.() && (stats.mode & 0o077) === 0) return;
  throw new UnikernelError("VMM_FAILED", `The folder '${folder}' for the sockets of VMs is open to other users.`, {
    hint: "Remove it, or set XDG_RUNTIME_DIR to a folder that only this user can write to.",
  });
}
