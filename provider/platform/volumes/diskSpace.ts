/** Room on the machine's own disk, and what of it is safe from a loss of power. */
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { UnikernelError } from "../../base/errors";

export const MIB = 1024 * 1024;

/**
 * A sparse file always fits; what it promises to hold must fit too, or a guest would see I/O errors later.
 * Throws `NO_SPACE`.
 */
export async function assertFreeSpace(file: string, neededMb: number): Promise<void> {
  const { bavail, bsize } = await fs.statfs(path.dirname(file));
  const freeMb = Math.floor((bavail * bsize) / MIB);
  if (neededMb <= freeMb) return;
  throw new UnikernelError(
    "NO_SPACE",
    `There is no space left for ${neededMb} MiB: '${path.dirname(file)}' has ${freeMb} MiB free.`,
    {
      hint: "Free some space, or point UNIKERNEL_STATE_DIR at a larger disk.",
    },
  );
}

/** Resolves when a new file and its name in its folder outlast a loss of power. */
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
