/** `unikernel cache clear` */
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { parseOptions } from "../base/commandLineOptions";
import { UnikernelError, fromSystemError, hasErrorCode } from "../base/errors";
import { localPaths } from "../base/localPaths";
import { containerStorageLock, unmountBelow } from "../image/dockerfile/containerStorage";
import { withFileLock } from "../image/oci/fileLock";

/**
 * Removes runtimes, base images and cached steps of Dockerfiles, and what is known of images, all of which is made or fetched again when
 * it is needed. Leaves the images of stacks, and the output of builds that run.
 *
 * Throws `BUILD_FAILED` while a Dockerfile is built with podman or buildah, and for what this user may not remove.
 */
export async function cacheClear(args: readonly string[]): Promise<string> {
  parseOptions(args, {});
  const { cacheDir, runtimesDir, containersDir, imageCacheDir } = localPaths();
  let sizeBytes = await removeFolder(runtimesDir);
  sizeBytes += await removeFolder(imageCacheDir);
  const lock = containerStorageLock(containersDir);
  if (await isFolder(containersDir)) {
    sizeBytes += await withFileLock(
      lock,
      async () => {
        await unmountBelow(containersDir);
        return removeFolder(containersDir);
      },
      { timeoutMs: 0, subject: "storage for container images" },
    );
  }
  return sizeBytes === 0
    ? `The cache in ${cacheDir} is empty.`
    : `Removed ${(sizeBytes / 2 ** 20).toFixed(1)} MiB from the cache in ${cacheDir}.`;
}

async function removeFolder(folder: string): Promise<number> {
  const sizeBytes = await folderBytes(folder);
  try {
    await fs.rm(folder, { recursive: true, force: true });
  } catch (error) {
    if (!hasErrorCode(error, "EACCES", "EPERM")) throw fromSystemError(error, `removing '${folder}'`);
    throw new UnikernelError("BUILD_FAILED", `'${folder}' contains files that this user may not remove.`, {
      hint: `They belong to the user namespace of rootless builds: run 'podman unshare rm -rf ${folder}'.`,
      cause: error,
    });
  }
  return sizeBytes;
}

const isFolder = (folder: string): Promise<boolean> =>
  fs.stat(folder).then(
    (stat) => stat.isDirectory(),
    () => false,
  );

/** Size of the files that can be seen; those that cannot count 0. */
async function folderBytes(folder: string): Promise<number> {
  let sum = 0;
  for (const entry of await fs.readdir(folder, { withFileTypes: true }).catch(() => [])) {
    const file = path.join(folder, entry.name);
    if (entry.isDirectory()) sum += await folderBytes(file);
    else if (entry.isFile()) sum += (await fs.stat(file).catch(() => ({ size: 0 }))).size;
  }
  return sum;
}
