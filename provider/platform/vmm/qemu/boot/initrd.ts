/** Appends files to an initrd: Linux unpacks concatenated archives. */
import * as fs from "node:fs/promises";
import { writeCpio } from "../../../../image/cpio/write";

/** An archive starts at a multiple of 4 bytes. Source: Linux, driver-api/early-userspace/buffer-format.rst. */
const ALIGNMENT = 4;

/**
 * Writes `target` (0600): the initrd, if any, followed by an archive of `extraFiles`. Shares blocks with the initrd where
 * the file system can (reflink). The archive is created next to the target, so that its secrets are deleted with the
 * instance even after a crash. Throws file system errors.
 */
export async function writeInitrd(
  initrd: string | undefined,
  extraFiles: Parameters<typeof writeCpio>[0],
  target: string,
): Promise<void> {
  const archive = `${target}.more`;
  try {
    await fs.writeFile(archive, "", { mode: 0o600 }); // restrict access before there is content
    await writeCpio(extraFiles, archive);
    await fs.rm(target, { force: true });
    if (initrd === undefined) await fs.writeFile(target, "", { mode: 0o600 });
    else await fs.copyFile(initrd, target, fs.constants.COPYFILE_FICLONE);
    await fs.chmod(target, 0o600);
    const { size } = await fs.stat(target);
    const padding = Buffer.alloc((ALIGNMENT - (size % ALIGNMENT)) % ALIGNMENT);
    await fs.appendFile(target, Buffer.concat([padding, await fs.readFile(archive)]));
  } finally {
    await fs.rm(archive, { force: true });
  }
}
