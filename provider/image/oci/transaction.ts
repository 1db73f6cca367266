/** Concurrent writes to a layout; layout.ts describes the protocol. */
import * as crypto from "node:crypto";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import type { Digest } from "../../base/digest";
import { isProcessAlive } from "../../base/exec";
import { createFolder, fileExists, removeIfEmpty, writeFileAtomic } from "../../base/files";
import { type BlobSource, writeBlob } from "./blob";
import { type Descriptor, type ImageIndex, OWNER_ANNOTATION_PREFIX } from "./descriptor";
import { readIndex, writeIndex } from "./indexJson";
import { withFileLock } from "./fileLock";
import { blobPath, reachableFrom } from "./storedImage";

/** The lock file that guards every change of a layout. */
export const layoutLockFile = (folder: string): string => path.join(folder, "index.lock");

/** Images may contain secrets, so the folder, and any missing folder above it such as the state folder, is private. */
const createPrivateFolder = (folder: string): Promise<void> => createFolder(folder);

/** A path in `staging/` for a new file. Its name starts with the process id, so that leftovers of dead processes show. */
export async function createStagingPath(folder: string): Promise<string> {
  await createPrivateFolder(path.join(folder, "staging"));
  return path.join(folder, "staging", `${process.pid}-${crypto.randomUUID()}`);
}

/** Adds blobs to the layout and changes its index in one step: an image appears whole or not at all. */
export async function commit(
  folder: string,
  blobs: readonly BlobSource[],
  signal: AbortSignal | undefined,
  change: (index: ImageIndex) => ImageIndex,
): Promise<void> {
  await createPrivateFolder(path.join(folder, "blobs", "sha256"));
  const staged = new Map<Digest, string>();
  try {
    for (;;) {
      for (const blob of blobs) {
        signal?.throwIfAborted();
        if (staged.has(blob.digest) || (await hasBlob(folder, blob))) continue;
        const file = await createStagingPath(folder);
        staged.set(blob.digest, file);
        await writeBlob(blob, file, signal);
      }
      const done = await withFileLock(layoutLockFile(folder), async () => {
        const present = await Promise.all(
          blobs.map(async (blob) => staged.has(blob.digest) || (await hasBlob(folder, blob))),
        );
        if (present.includes(false)) return false; // garbage-collected since the first check
        await createPrivateFolder(path.join(folder, "blobs", "sha256")); // a daemon that exits removes an empty layout
        for (const [digest, file] of staged) await fs.rename(file, blobPath(folder, digest));
        staged.clear();
        const index = await readIndex(folder);
        const changed = change(index);
        if (changed === index) return true;
        await writeFileAtomic(path.join(folder, "oci-layout"), JSON.stringify({ imageLayoutVersion: "1.0.0" }));
        await writeIndex(folder, changed);
        return true;
      });
      if (done) return;
    }
  } finally {
    for (const file of staged.values()) await fs.rm(file, { force: true });
  }
}

/** A blob of the wrong size was left by a machine crash; it counts as missing and is replaced. */
async function hasBlob(folder: string, { digest, sizeBytes }: BlobSource): Promise<boolean> {
  try {
    return (await fs.stat(blobPath(folder, digest))).size === sizeBytes;
  } catch {
    return false;
  }
}

/** Removes unreachable blobs and the staging files of dead processes; the caller must hold the lock. */
export async function collectGarbage(folder: string, roots: readonly Descriptor[]): Promise<void> {
  const needed = new Set((await Promise.all(roots.map((root) => reachableFrom(folder, root)))).flat());
  const blobs = path.join(folder, "blobs", "sha256");
  for (const name of await listFolder(blobs)) {
    if (!needed.has(`sha256:${name}`)) await fs.rm(path.join(blobs, name), { force: true });
  }
  const staging = path.join(folder, "staging");
  for (const name of await listFolder(staging)) {
    if (!isProcessAlive(Number.parseInt(name, 10))) await fs.rm(path.join(staging, name), { force: true });
  }
}

const listFolder = (folder: string): Promise<string[]> => fs.readdir(folder).catch(() => []);

/** Has a resource claimed a repository? A damaged index names no owner. */
const hasOwners = (folder: string): Promise<boolean> =>
  readIndex(folder).then(
    ({ annotations }) => Object.keys(annotations ?? {}).some((key) => key.startsWith(OWNER_ANNOTATION_PREFIX)),
    () => false,
  );

/** Removes a layout without blobs, under its lock. A layout that is being written to, or is about to be by an owner of a repository, stays. */
export async function removeEmptyLayout(folder: string): Promise<void> {
  if (!(await fileExists(folder))) return;
  const emptied = await withFileLock(layoutLockFile(folder), async () => {
    if (await hasOwners(folder)) return false;
    for (const subfolder of ["staging", path.join("blobs", "sha256"), "blobs"]) {
      const target = path.join(folder, subfolder);
      if ((await fileExists(target)) && !(await removeIfEmpty(target))) return false;
    }
    for (const file of ["index.json", "oci-layout"]) await fs.rm(path.join(folder, file), { force: true });
    return true;
  });
  if (emptied) await removeIfEmpty(folder);
}
