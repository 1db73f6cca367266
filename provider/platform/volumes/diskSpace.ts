/** Space on the host's file system, and durable writes to it. */
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { UnikernelError } from "../../base/errors";

/** Bytes of one MiB. */
export const MIB = 1024 * 1024;

/**
 * Throws `NO_SPACE` unless the file system that holds `file` has this many MiB free. Creating a sparse file succeeds
 * without that space, but the guest would get I/O errors later.
 */
export async function assertFreeSpace(file: string, neededMb: number): Promise<void> {
  const { bavail, bsize } = await fs.statfs(path.dirname(file));
  const freeMb = Math.floor((bavail * bsize) / MIB);
  if (neededMb <= freeMb) return;
  const message = `There is no space left for ${neededMb} MiB: '${path.dirname(file)}' has ${freeMb} MiB free.`;
  throw new UnikernelError("NO_SPACE", message, {
    hint: "Free some space, or point UNIKERNEL_STATE_DIR at a larger disk.",
  });
}

/** Resolves when a new file and its directory entry survive a power loss. */
export async function syncToDisk(file: string): Promise<void> {
  for (const one of [file, path.dirname(file)]) {
    const handle = await fs.open(one, "r");
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  }
}
