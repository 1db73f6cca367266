/** Builds an image, unless this machine has it. */
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { createFolder } from "../../base/files";
import { localPaths } from "../../base/localPaths";
import { type BuildOptions, resolveBases } from "../build/buildImage";
import type { BuiltImage } from "../build/pack/options";
import { packImage } from "../build/pack/packImage";
import type { BuildPlan } from "../build/planBuild";
import type { DockerfileOptions, RootfsPlan } from "../build/rootfsPlan";
import { GIVEN_FILES_ANNOTATION } from "../oci/descriptor";
import { withFileLock } from "../oci/fileLock";
import { openLayout } from "../oci/layout";
import { blobPath } from "../oci/storedImage";
import type { ImageBase } from "../runtimeImage";
import { type CollectedImage, collectImage, findRoot } from "../oci/exchange/collect";
import { toBlobSources } from "../oci/exchange/copy";
import { saveFileList } from "./fileList";
import { imageKey, loadImageDigest, saveImageDigest } from "./imageDigests";

/** How long another process may build the same image. */
const LOCK_TIMEOUT_MS = 3_600_000;

/**
 * As {@link packImage}, but an image that the layout has under any name is not built again, and concurrent builds of one image, in this
 * process or in others, share one. See {@link findBuiltImage} for what is always built.
 */
export async function buildOnce(
  plan: BuildPlan,
  options: BuildOptions & { readonly layout: string },
): Promise<BuiltImage> {
  const { signal } = options;
  const bases = await resolveBases(plan, options);
  const key = await imageKey(plan, bases, signal);
  const locks = path.join(localPaths().imageCacheDir, "locks");
  await createFolder(locks);
  return withFileLock(
    path.join(locks, key.slice("sha256:".length)),
    async () => {
      const image = await findBuiltImage(plan, bases, options);
      const stored = image && (await storeAgain(image, plan, options));
      const built = stored ?? (await packImage(plan, bases, options));
      await saveImageDigest(key, built);
      await saveFileList(plan.contextHash, plan.listParts());
      return built;
    },
    { timeoutMs: LOCK_TIMEOUT_MS, subject: `build of the image '${plan.name}'`, ...(signal && { signal }) },
  );
}

/**
 * The image that an earlier build of the same made, if the layout has all of it; `undefined` otherwise, and for what must be built each
 * time: with `noCache`, with SSH keys, which are part of no hash, or from an image whose tag may have moved.
 */
export async function findBuiltImage(
  plan: BuildPlan,
  bases: readonly ImageBase[],
  { layout, signal }: { readonly layout: string; readonly signal?: AbortSignal },
): Promise<CollectedImage | undefined> {
  if (!isRepeatable(plan)) return undefined;
  const digest = (await loadImageDigest(await imageKey(plan, bases, signal)))?.digest;
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

const isRepeatable = ({ rootfs, roms, build }: BuildPlan): boolean =>
  [rootfs, ...roms.map((rom) => rom.rootfs)].every((source) => isSourceRepeatable(source, build));

function isSourceRepeatable(source: RootfsPlan, build: DockerfileOptions): boolean {
  if (source.type === "image") return source.reference.includes("@sha256:");
  if (source.type !== "dockerfile") return true;
  const { noCache = false, ssh = [] } = build;
  return !noCache && ssh.length === 0;
}

/** Stores an image of the layout under the name of the plan. */
async function storeAgain(
  image: CollectedImage,
  { contextHash, givenFiles }: BuildPlan,
  { layout, repository, signal }: BuildOptions & { readonly layout: string },
): Promise<BuiltImage> {
  const { mediaType, digest, size } = image.root;
  const { sizeBytes } = await openLayout(layout).putBlobs({
    repository,
    root: { mediaType, digest, size },
    blobs: toBlobSources(layout, image),
    facts: { [GIVEN_FILES_ANNOTATION]: givenFiles.length > 0 ? "given" : "none" },
    ...(signal === undefined ? {} : { signal }),
  });
  return { digest, sizeBytes, contextHash };
}
