/**
 * Resolves a Kraftfile's `runtime`: `linux:latest`, the stand-in guest, is built on this machine; any other is pulled
 * from its registry, or taken from the cache when the registry is unreachable.
 */
import * as path from "node:path";
import type { Digest } from "../base/digest";
import { UnikernelError } from "../base/errors";
import { localPaths } from "../base/localPaths";
import { limitRuntimes } from "./cache/limitRuntimes";
import { timeoutSignal } from "../base/timeout";
import type { Platform } from "./oci/descriptor";
import { findRoot } from "./oci/exchange/collect";
import { type Layout, openLayout } from "./oci/layout";
import { parseReference } from "./oci/reference";
import type { DescribedImage } from "./oci/storedImage";
import type { CredentialSource } from "./registry/auth/credentials";
import { type RegistryAccess, describeRuntime, pullRuntime, readRuntime } from "./registry/pull";
import { isLinuxRuntimeBuilt } from "./runtime/linuxRuntime";
import { assertLinuxTargets, resolveLinuxRuntime } from "./runtime/resolveLinuxRuntime";
import { LINUX_RUNTIME, type RuntimeImage, isStandInRuntime, toRuntimeImage } from "./runtimeImage";

/** Options of {@link resolveRuntime}. */
export interface ResolveOptions {
  /** Cancels downloads and builds; `undefined` when nobody can cancel them. */
  readonly signal?: AbortSignal | undefined;
  /** Called with each step that may take a while, such as `downloading the runtime 'base'`. */
  readonly onProgress?: ((step: string) => void) | undefined;
  /** Credentials of registries; anonymous access if `undefined`. */
  readonly credentials?: CredentialSource | undefined;
}

/**
 * Resolves a reference to a runtime; a digest is honoured, also that of the stand-in guest. Throws `RUNTIME_UNAVAILABLE` with what was
 * tried, `KRAFTFILE_INVALID` if the runtime lacks a target, and the errors of {@link pullRuntime} except `API_UNREACHABLE`.
 *
 * @param targets platforms, each once; none for the one that VMs of this machine boot
 * @returns one image for each target, in their order; without targets, one
 */
export async function resolveRuntime(
  reference: string,
  targets: readonly Platform[] = [],
  options: ResolveOptions = {},
): Promise<readonly RuntimeImage[]> {
  const cache = openLayout(path.join(localPaths().runtimesDir, "oci"));
  if (!isStandInRuntime(reference)) return resolvePulledRuntime(reference, targets, cache, options);
  assertLinuxTargets(reference, targets);
  return [await resolveLinuxRuntime(reference, cache, options)];
}

/** How long a preview waits for the registry of a runtime. */
const REGISTRY_TIMEOUT_MS = 5_000;

/**
 * The runtime that a build would use, as from {@link resolveRuntime}: the stand-in guest, if this machine has built it, or what the
 * registry has under the reference, whose layers are not downloaded. So their files may not exist. `undefined` if it is not known: for a
 * stand-in guest that was not built yet, and if the registry does not answer within five seconds. Throws `KRAFTFILE_INVALID` if it lacks
 * a target.
 */
export async function resolvePlannedRuntime(
  reference: string,
  targets: readonly Platform[] = [],
  options: ResolveOptions = {},
): Promise<readonly RuntimeImage[] | undefined> {
  const folder = localPaths().runtimesDir;
  const cache = openLayout(path.join(folder, "oci"));
  try {
    if (isStandInRuntime(reference)) {
      assertLinuxTargets(reference, targets);
      return (await isLinuxRuntimeBuilt(folder)) ? [await resolveLinuxRuntime(reference, cache, options)] : undefined;
    }
    const isPinned = parseReference(reference).digest !== undefined;
    const cached = isPinned ? await findCached(reference, targets, cache) : undefined;
    const images = cached ?? (await describeRuntime(reference, { ...withTimeLimit(options), targets }));
    return images?.map((image) => toRuntimeImage(reference, image));
  } catch (error) {
    if (UnikernelError.is(error) && error.code !== "KRAFTFILE_INVALID") return undefined; // the build reports it
    throw error;
  }
}

const withTimeLimit = ({ signal, credentials }: ResolveOptions): RegistryAccess => ({
  credentials,
  signal: AbortSignal.any([
    ...(signal === undefined ? [] : [signal]),
    timeoutSignal(REGISTRY_TIMEOUT_MS, "Asking the registry of the runtime"),
  ]),
});

async function resolvePulledRuntime(
  reference: string,
  targets: readonly Platform[],
  cache: Layout,
  { onProgress, ...access }: ResolveOptions,
): Promise<readonly RuntimeImage[]> {
  const toRuntimes = (images: readonly DescribedImage[]) => images.map((image) => toRuntimeImage(reference, image));
  try {
    onProgress?.(`downloading the runtime '${reference}'`);
    const image = await pullRuntime(reference, cache, { ...access, targets });
    await limitRuntimes(cache, image);
    return toRuntimes((await readCached(image.digest, targets, cache)) ?? [image]);
  } catch (error) {
    if (!UnikernelError.has(error, "API_UNREACHABLE")) throw error;
    const cached = await findCached(reference, targets, cache);
    if (cached !== undefined) return toRuntimes(cached);
    throw new UnikernelError("RUNTIME_UNAVAILABLE", `Runtime '${reference}' could not be fetched: ${error.message}`, {
      hint: `Check the network, or use 'runtime: ${LINUX_RUNTIME}:latest', which is built on this machine from Debian packages.`,
      cause: error,
    });
  }
}

/** What the cache has under the reference; `undefined` if it lacks the runtime, or one of the targets. */
async function findCached(reference: string, targets: readonly Platform[], cache: Layout) {
  const cached = await cache.resolve(reference);
  return cached && readCached(cached.digest, targets, cache);
}

const readCached = async (digest: Digest, targets: readonly Platform[], cache: Layout) =>
  readRuntime(cache.folder, await findRoot(cache.folder, digest), targets);
