/** Builds an image, unless this machine has it. */
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { localPaths } from "../../base/localPaths";
import { type BuildOptions, type BuiltImage, buildImage } from "../build/buildImage";
import type { BuildPlan } from "../build/planBuild";
import { GIVEN_FILES_ANNOTATION } from "../oci/descriptor";
import { withFileLock } from "../oci/fileLock";
import { openLayout } from "../oci/layout";
import { blobPath } from "../oci/storedImage";
import type { RuntimeImage } from "../runtimeImage";
import { type CollectedImage, collectImage, findRoot } from "../oci/exchange/collect";
import { toBlobSources } from "../oci/exchange/copy";
import { saveFileList } from "./fileList";
import { imageKey, loadImageDigest, saveImageDigest } from "./imageDigests";

/** How long another process may build the same image. */
const LOCK_TIMEOUT_MS = 3_600_000;

/**
 * As {@link buildImage}, but an image that the layout has under any name is not built again, and concurrent builds of one image, in this
 * process or in others, share one. See {@link findBuiltImage} for what is always built.
 */
export async function buildOnce(
  plan: BuildPlan,
  options: BuildOptions & { readonly layout: string },
): Promise<BuiltImage> {
  const { signal, onProgress = () => undefined } = options;
  onProgress({ step: "runtime", message: `resolving the runtime '${plan.kraftfile.runtime}'` });
  const runtime = await options.resolveRuntime(plan.kraftfile.runtime);
  const key = await imageKey(plan, runtime, signal);
  const locks = path.join(localPaths().imageCacheDir, "locks");
  await fs.mkdir(locks, { recursive: true, mode: 0o700 });
  return withFileLock(
    path.join(locks, key.slice("sha256:".length)),
    async () => {
      const image = await findBuiltImage(plan, runtime, options);
      const stored = image && (await storeAgain(image, plan, options));
      const built = stored ?? (await buildImage(plan, { ...options, resolveRuntime: () => Promise.resolve(runtime) }));
      await saveImageDigest(key, built.digest);
      await saveFileList(plan.contextHash, plan.listParts());
      return built;
    },
    { timeoutMs: LOCK_TIMEOUT_MS, subject: `build of the image '${plan.name}'`, ...(signal && { signal }) },
  );
}

/**
 * The image that an earlier build of the same made, if the layout has all of it; `undefined` otherwise, and for what must be built each
 * time: with `noCache`, with secrets and SSH keys, which are part of no hash, or from an image whose tag may have moved.
 */
export async function findBuiltImage(
  plan: BuildPlan,
  runtime: RuntimeImage,
  { layout, signal }: { readonly layout: string; readonly signal?: AbortSignal },
): Promise<CollectedImage | undefined> {
  if (!isRepeatable(plan)) return undefined;
  const digest = await loadImageDigest(await imageKey(plan, runtime, signal));
  const isStored = digest !== undefined && (await openLayout(layout).list()).some((image) => image.digest === digest);
  if (!isStored) return undefined;
  const image = await collectImage(layout, await findRoot(layout, digest));
  const sizes = await Promise.all(
    image.blobs.map((blob) =>
      fs.stat(blobPath(layout, blob.digest)).then(
        (stat) => stat.size,
        () => undefined,
      ),
    ),
  );
  return image.blobs.every(({ size }, index) => size === sizes[index]) ? image : undefined;
}

function isRepeatable({ rootfs, build }: BuildPlan): boolean {
  if (rootfs.type === "image") return rootfs.reference.includes("@sha256:");
  if (rootfs.type !== "dockerfile") return true;
  const { noCache = false, secrets = {}, ssh = [] } = build;
  return !noCache && Object.keys(secrets).length === 0 && ssh.length === 0;
}

/** Stores an image of the layout under the name of the plan. */
async function storeAgain(
  image: CollectedImage,
  { contextHash, hasGivenFiles }: BuildPlan,
  { layout, repository, signal }: BuildOptions & { readonly layout: string },
): Promise<BuiltImage> {
  const { mediaType, digest, size } = image.root;
  const { sizeBytes } = await openLayout(layout).putBlobs({
    repository,
    root: { mediaType, digest, size },
    blobs: toBlobSources(layout, image),
    facts: { [GIVEN_FILES_ANNOTATION]: hasGivenFiles ? "given" : "none" },
    ...(signal === undefined ? {} : { signal }),
  });
  return { digest, sizeBytes, contextHash };
}
