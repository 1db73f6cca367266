/** Writing to a layout that others write to as well; layout.ts says how. */
import * as crypto from "node:crypto";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import type { Digest } from "../../base/digest";
import { isProcessAlive } from "../../base/exec";
import { writeFileAtomic } from "../../base/files";
import { type BlobSource, writeBlob } from "./blob";
import type { Descriptor, ImageIndex } from "./descriptor";
import { readIndex, writeIndex } from "./indexJson";
import { withFileLock } from "./fileLock";
import { blobPath, reachableFrom } from "./storedImage";

/** The lock that every change of a layout is made under. */
export const layoutLockFile = (folder: string): string => path.join(folder, "index.lock");

/** Images may hold secrets of their programs; folders above that are missing, such as the state folder, are as private. */
const createPrivateFolder = (folder: string): Promise<unknown> => fs.mkdir(folder, { recursive: true, mode: 0o700 });

/** Names in `staging/` start with the process that writes them, so that what a dead one left can be told. */
export async function createStagingPath(folder: string): Promise<string> {
  await createPrivateFolder(path.join(folder, "staging"));
  return path.join(folder, "staging", `${process.pid}-${crypto.randomUUID()}`);
}

/** Brings blobs into the layout and changes its index in one step: an image appears whole or not at all. */
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
        if (present.includes(false)) return false; // collected as garbage since the first look
        await createPrivateFolder(path.join(folder, "blobs", "sha256")); // an ending daemon removes a layout without blobs
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

/** A blob of the wrong size is what a crash of the machine left; it counts as absent and is replaced. */
async function hasBlob(folder: string, { digest, sizeBytes }: BlobSource): Promise<boolean> {
  try {
    return (await fs.stat(blobPath(folder, digest))).size === sizeBytes;
  } catch {
    return false;
  }
}

/** Removes blobs that no root leads to, and what dead processes left half written; the caller holds the lock. */
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
