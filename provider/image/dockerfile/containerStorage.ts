/**
 * The storage of podman and buildah: base images and cached steps, in a folder of this package, so that no image of a build turns
 * up among the user's own.
 *
 * One build at a time uses it. So whatever container is there without a build was left by one that failed or was killed, and can
 * be removed.
 */
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { z } from "zod";
import { Mutex } from "../../base/mutex";
import { fileExists } from "../../base/files";
import { findTool, runTool } from "../../base/exec";
import { withFileLock } from "../oci/fileLock";
import type { ContainersTool } from "./builders/builder";
import { type ResolvedBuild, storageArguments } from "./builders/commandLine";
import { createOwnFolder } from "./workFolder";

/** How long the builds of other processes may take, in milliseconds. */
const LOCK_TIMEOUT_MS = 3600_000;
/** Above this, everything is removed after a build, in bytes. */
const MAX_STORAGE_BYTES = 20 * 2 ** 30;

const oneBuild = new Mutex();

/** The file that a build locks while it uses the storage. */
export const containerStorageLock = (root: string): string => path.join(root, "unikernel.lock");

/**
 * Runs `work` while no other build uses the storage. Removes the containers of a build that failed or was killed, and all images
 * once they exceed 20 GiB.
 *
 * @param onWait called if another build uses it
 */
export async function withContainerStorage<T>(
  builder: ContainersTool,
  build: ResolvedBuild,
  signal: AbortSignal,
  onWait: () => void,
  work: () => Promise<T>,
): Promise<T> {
  const { root, runRoot } = build.storage;
  await createOwnFolder(root);
  await createOwnFolder(runRoot);
  const lock = containerStorageLock(root);
  const unfinished = path.join(root, "unikernel.unfinished");
  if (await fileExists(lock)) onWait();
  return oneBuild.runExclusive(() =>
    withFileLock(
      lock,
      async () => {
        const storage = storageArguments(builder, build);
        if (await fileExists(unfinished)) await removeContainers(builder, storage);
        await fs.writeFile(unfinished, "");
        let isDone = false;
        try {
          const result = await work();
          isDone = true;
          return result;
        } finally {
          if (!isDone) await removeContainers(builder, storage);
          else if ((await storageBytes(root)) > MAX_STORAGE_BYTES)
            await runQuietly(builder.tool, [...storage, "rmi", "--all", "--force"]);
          await unmountBelow(root);
          await fs.rm(unfinished, { force: true });
        }
      },
      { timeoutMs: LOCK_TIMEOUT_MS, subject: "storage for container images", signal },
    ),
  );
}

/** Removes all working containers, which also unmounts their file systems. */
async function removeContainers(builder: ContainersTool, storage: readonly string[]): Promise<void> {
  if (builder.name === "buildah") {
    await runQuietly(builder.tool, [...storage, "rm", "--all"]);
    return;
  }
  const ids = await runQuietly(builder.tool, [...storage, "ps", "--all", "--external", "--quiet"]);
  if (ids.length > 0) await runQuietly(builder.tool, [...storage, "rm", "--force", ...ids]);
}

/**
 * As root, the tools mount the storage onto itself and leave it mounted; then nobody could delete the folder. In a user namespace,
 * mounts end with the tool.
 */
export async function unmountBelow(root: string): Promise<void> {
  const umount = findTool("umount");
  if (umount === undefined || process.getuid?.() !== 0) return;
  const mounts = await fs.readFile("/proc/mounts", "utf8").catch(() => "");
  const points = mounts
    .split("\n")
    .map((line) =>
      (line.split(" ")[1] ?? "").replace(/\\(\d{3})/g, (_, octal: string) => String.fromCharCode(parseInt(octal, 8))),
    )
    .filter((point) => point.startsWith(`${root}/`));
  for (const point of points.reverse()) await runQuietly(umount, [point]); // the last mount may be on top of another
}

/** Cleaning up must not hide how the build ended; what remains is removed by the next one. Returns the ids that the tool prints. */
async function runQuietly(tool: string, args: readonly string[]): Promise<readonly string[]> {
  const lines: string[] = [];
  await runTool(tool, args, { onLine: (line) => lines.push(line) }).catch(() => undefined);
  return lines.filter((line) => /^[0-9a-f]{12,64}$/.test(line));
}

const layersSchema = z.array(z.object({ "diff-size": z.number().optional() }));

/** Size of all layers, as the storage records it. Source: containers/storage, `layers.json`. */
async function storageBytes(root: string): Promise<number> {
  let sum = 0;
  for (const driver of ["overlay", "vfs"]) {
    try {
      const text = await fs.readFile(path.join(root, `${driver}-layers`, "layers.json"), "utf8");
      for (const layer of layersSchema.parse(JSON.parse(text))) sum += layer["diff-size"] ?? 0;
    } catch {
      // another driver is used
    }
  }
  return sum;
}
