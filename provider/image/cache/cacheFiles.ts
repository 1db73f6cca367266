/**
 * The cache of what is known about images: small files that any process may lose at any time. Reading and writing them never fails; a
 * cache that cannot be used costs time only.
 */
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { hasErrorCode, isError } from "../../base/errors";
import { createFolder, writeFileAtomic } from "../../base/files";
import { localPaths } from "../../base/localPaths";

/**
 * One subfolder of `localPaths().imageCacheDir` per kind of file:
 * - "file-digests": digests of the files of one image context, by inode and times
 * - "file-lists": what an image was built from, by context hash
 * - "image-digests": digests of images, by everything that they are built from
 * - "observations": what the last plan of an image context has looked at, and its context hash
 */
export type CacheKind = (typeof CACHE_KINDS)[number];
const CACHE_KINDS = ["file-digests", "file-lists", "image-digests", "observations"] as const;

/** Limit of all files together; the digests of 10,000 files take 1.1 MB. Those used least recently are removed first. */
const MAX_CACHE_BYTES = 256 * 2 ** 20;
/** What a file takes at least on the disk. */
const BLOCK_BYTES = 4096;

/** The file for a key: letters, digits and dashes, or a digest. */
export const cacheFile = (kind: CacheKind, key: string): string =>
  path.join(localPaths().imageCacheDir, kind, key.replace(/^sha256:/, ""));

/** The content of a file, which counts as used now; `undefined` if there is none. */
export async function readCacheFile(file: string): Promise<string | undefined> {
  try {
    const text = await fs.readFile(file, "utf8");
    await markAsUsed(file);
    return text;
  } catch {
    return undefined;
  }
}

/** Writes a file that only this user can read, and removes what no longer fits. */
export async function writeCacheFile(file: string, content: string): Promise<void> {
  await useCache(async () => {
    await createFolder(path.dirname(file));
    await writeFileAtomic(file, content, 0o600);
    await limitCache();
  });
}

/** Keeps a file that was read or written by other means, and removes what no longer fits. */
export const keepCacheFile = (file: string): Promise<void> =>
  useCache(async () => {
    await markAsUsed(file);
    await limitCache();
  });

/** Counts a file that was read by other means as used now. */
export const markCacheFileUsed = (file: string): Promise<void> => useCache(() => markAsUsed(file));

/** Runs `work`, and ignores what a file system may refuse: no space, no permission, no such file. */
export async function useCache(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(isError(error) && "code" in error)) throw error;
  }
}

async function markAsUsed(file: string): Promise<void> {
  const now = new Date();
  await fs.utimes(file, now, now);
}

interface CachedFile {
  readonly file: string;
  readonly sizeBytes: number;
  readonly usedMs: number;
}

/** Removes files, those used least recently first, until the rest fits. */
export async function limitCache(maxBytes = MAX_CACHE_BYTES): Promise<void> {
  const files = (await Promise.all(CACHE_KINDS.map(listFiles))).flat();
  let left = files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  for (const { file, sizeBytes } of files.sort((a, b) => a.usedMs - b.usedMs)) {
    if (left <= maxBytes) return;
    await fs.rm(file, { force: true });
    left -= sizeBytes;
  }
}

async function listFiles(kind: CacheKind): Promise<CachedFile[]> {
  const folder = path.join(localPaths().imageCacheDir, kind);
  const files: CachedFile[] = [];
  for (const name of await fs.readdir(folder).catch(() => [])) {
    const file = path.join(folder, name);
    try {
      const { size, mtimeMs } = await fs.stat(file);
      files.push({ file, sizeBytes: Math.ceil(size / BLOCK_BYTES) * BLOCK_BYTES, usedMs: mtimeMs });
    } catch (error) {
      if (!hasErrorCode(error, "ENOENT")) throw error; // another process has removed it
    }
  }
  return files;
}
