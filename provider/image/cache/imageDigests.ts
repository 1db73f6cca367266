/** Digests of images by what they are built from, so that an image is packed and built once. */
import { type Digest, digestOf, isDigest } from "../../base/digest";
import { VERSION } from "../../base/version";
import { type IdentifyOptions, identifyTree } from "../build/identifyTree";
import type { BuildPlan } from "../build/planBuild";
import type { ImageBase } from "../runtimeImage";
import { cacheFile, readCacheFile, writeCacheFile } from "./cacheFiles";

/** Names everything that an image is built from: the hashes of its inputs, the bases, and the release of this package that builds it. */
export async function imageKey(plan: BuildPlan, bases: readonly ImageBase[], signal?: AbortSignal): Promise<Digest> {
  const inputs = [plan.contextHash, plan.secretHash ?? null];
  const identities: unknown[] = [];
  for (const base of bases) identities.push(...(await identifyBase(base, { digests: plan.digests, signal })));
  return digestOf(JSON.stringify([VERSION, ...inputs, ...identities]));
}

async function identifyBase(
  { platform, kernelLayer, initrdLayer, baseTree = new Map(), erofsFiles = new Map(), cmd = [], env = {} }: ImageBase,
  options: IdentifyOptions,
): Promise<readonly unknown[]> {
  const ownFiles = await identifyTree(new Map([...baseTree, ...erofsFiles]), options);
  const layers = [kernelLayer?.digest ?? null, initrdLayer?.digest ?? null];
  return [platform, layers, cmd, Object.entries(env), ownFiles];
}

/** What is known of an image that was packed or built earlier. */
export interface KnownImage {
  readonly digest: Digest;
  /** Total bytes of its blobs, each counted once. */
  readonly sizeBytes: number;
}

/** The digest and the size that an image with this key had; `undefined` if that is not known. */
export async function loadImageDigest(key: Digest): Promise<KnownImage | undefined> {
  const [digest = "", size = ""] = ((await readCacheFile(cacheFile("image-digests", key))) ?? "").split(" ");
  return isDigest(digest) && /^\d+$/.test(size) ? { digest, sizeBytes: Number(size) } : undefined;
}

/** Keeps the digest and the size of an image, in bytes. */
export const saveImageDigest = (key: Digest, { digest, sizeBytes }: KnownImage): Promise<void> =>
  writeCacheFile(cacheFile("image-digests", key), `${digest} ${sizeBytes}`);
