/** Temporary folders of builds. A folder's name begins with the process that owns it, so that a later one can remove what is left. */
import * as fs from "node:fs/promises";
import * as os from "node:os";
import * as path from "node:path";
import { isProcessAlive } from "../../base/exec";
import { createFolder } from "../../base/files";

/**
 * Creates a folder (0700) for this process, and removes those with the same prefix whose process has ended.
 *
 * @param parent is created if it does not exist
 */
export async function createWorkFolder(parent: string, prefix = ""): Promise<string> {
  await createFolder(parent);
  for (const name of await fs.readdir(parent)) {
    const [, pid] = name.startsWith(prefix) ? (/^(\d+)-/.exec(name.slice(prefix.length)) ?? []) : [];
    if (pid === undefined || isProcessAlive(Number(pid)) || !(await isOwn(path.join(parent, name)))) continue;
    await fs.rm(path.join(parent, name), { recursive: true, force: true });
  }
  return fs.mkdtemp(path.join(parent, `${prefix}${process.pid}-`));
}

/** Creates a folder with a fixed name (0700). Throws if another user has taken the name, as is possible in `/tmp`. */
export async function createOwnFolder(folder: string): Promise<void> {
  await createFolder(folder);
  if (!(await isOwn(folder))) throw new Error(`'${folder}' belongs to another user.`);
}

async function isOwn(file: string): Promise<boolean> {
  const stat = await fs.lstat(file).catch(() => undefined);
  return stat?.isDirectory() === true && stat.uid === os.userInfo().uid;
}
