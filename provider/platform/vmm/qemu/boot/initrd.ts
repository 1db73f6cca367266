/** Puts more files behind an initrd: Linux unpacks archives that follow one another. */
import * as fs from "node:fs/promises";
import { writeCpio } from "../../../../image/cpio/write";

/** Archives begin at multiples of 4 bytes. Source: Linux, early-userspace/buffer-format.rst. */
const ALIGNMENT = 4;

/**
 * Writes `target` (0600): the initrd, if any, and an archive of `more`. Copies by reference where the file system can. The
 * archive is made beside it, so that secrets in it go with the instance, even after a crash.
 */
export async function writeInitrd(
  initrd: string | undefined,
  extraFiles: Parameters<typeof writeCpio>[0],
  target: string,
): Promise<void> {
  const archive = `${target}.more`;
  try {
    await fs.writeFile(archive, "", { mode: 0o600 }); // before there is anything in it to be seen
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
