/** Disks of volumes, read and filled with the tools of e2fsprogs. */
import * as childProcess from "node:child_process";
import { existsSync } from "node:fs";
import * as fs from "node:fs/promises";
import * as os from "node:os";
import * as path from "node:path";

const runE2fsTool = (name: string, ...args: string[]): string =>
  childProcess.execFileSync(`/usr/sbin/${name}`, args, { encoding: "utf8", stdio: "pipe" });

/** Throws unless the file system is valid. */
export const assertFileSystemSound = (disk: string): void => void runE2fsTool("e2fsck", "-f", "-n", disk);

/** A line of the superblock, such as `Free blocks`. */
export const superblockLine = (disk: string, name: string): string => {
  const value = new RegExp(`^${name}:\\s+(.+)$`, "m").exec(runE2fsTool("dumpe2fs", "-h", disk))?.[1];
  if (value === undefined) throw new Error(`'${disk}' has no '${name}'`);
  return value;
};

/** Writes a local file into the file system. */
export const writeFileInDisk = (disk: string, source: string, name: string): void =>
  void runE2fsTool("debugfs", "-w", "-R", `write ${source} ${name}`, disk);

/** The content of a file in the file system. */
export const readFileInDisk = (disk: string, name: string): string => runE2fsTool("debugfs", "-R", `cat ${name}`, disk);

/** While it exists, copies of disks start but wait for their release. */
export class BlockedDiskCopies {
  readonly #folder: string;
  readonly #path: string;

  private constructor(folder: string, before: string) {
    this.#folder = folder;
    this.#path = before;
  }

  /** Puts a `cp` first on PATH that waits for its release, then runs the real one. */
  static async begin(): Promise<BlockedDiskCopies> {
    const folder = await fs.mkdtemp(path.join(os.tmpdir(), "unikernel-held-"));
    const before = process.env["PATH"] ?? "";
    const real = before.split(path.delimiter).map((one) => path.join(one, "cp"));
    const found = real.find((file) => existsSync(file));
    if (found === undefined) throw new Error("cp is not on PATH");
    const script = `#!/bin/sh\nwhile [ -d '${folder}' ] && [ ! -e '${folder}/go' ]; do sleep 0.01; done\nexec '${found}' "$@"\n`;
    await fs.writeFile(path.join(folder, "cp"), script, { mode: 0o700 });
    process.env["PATH"] = `${folder}${path.delimiter}${before}`;
    return new BlockedDiskCopies(folder, before);
  }

  /** Releases the copies. The script stays: a copy that has just started may not have read it yet. */
  async unblock(): Promise<void> {
    process.env["PATH"] = this.#path;
    await fs.writeFile(path.join(this.#folder, "go"), "");
  }

  /** Releases the copies and removes the script, once all have ended. */
  async remove(): Promise<void> {
    process.env["PATH"] = this.#path;
    await fs.rm(this.#folder, { recursive: true, force: true });
  }
}
