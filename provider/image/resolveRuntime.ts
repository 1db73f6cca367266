/**
 * Resolves a Kraftfile's `runtime`: `linux:latest`, the stand-in guest, is built on this machine; any other is pulled
 * from its registry, or taken from the cache when the registry is unreachable.
 */
import * as path from "node:path";
import { UnikernelError } from "../base/errors";
import { localPaths } from "../base/localPaths";
import { limitRuntimes } from "./cache/limitRuntimes";
import { timeoutSignal } from "../base/timeout";
import { type Layout, openLayout } from "./oci/layout";
import { parseReference } from "./oci/reference";
import type { DescribedImage } from "./oci/storedImage";
import type { CredentialSource } from "./registry/auth/credentials";
import { type RegistryAccess, describeRuntime, pullRuntime } from "./registry/pull";
import { getOrBuildLinuxRuntime, isLinuxRuntimeBuilt } from "./runtime/linuxRuntime";
import { LINUX_RUNTIME, type RuntimeImage, isStandInRuntime } from "./runtimeImage";

const LINUX_PLATFORM = { os: "qemu", architecture: "x86_64" } as const;

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
 * tried, and the errors of {@link pullRuntime} except `API_UNREACHABLE`.
 */
export async function resolveRuntime(reference: string, options: ResolveOptions = {}): Promise<RuntimeImage> {
  const cache = openLayout(path.join(localPaths().runtimesDir, "oci"));
  return isStandInRuntime(reference)
    ? resolveLinuxRuntime(reference, cache, options)
    : resolvePulledRuntime(reference, cache, options);
}

/** How long a preview waits for the registry of a runtime. */
const REGISTRY_TIMEOUT_MS = 5_000;

/**
 * The runtime that a build would use: the stand-in guest, if this machine has built it, or what the registry has under the reference,
 * whose layers are not downloaded. So their files may not exist. `undefined` if it is not known: for a stand-in guest that was not built
 * yet, and if the registry does not answer within five seconds.
 */
export async function resolvePlannedRuntime(
  reference: string,
  options: ResolveOptions = {},
): Promise<RuntimeImage | undefined> {
  const folder = localPaths().runtimesDir;
  const cache = openLayout(path.join(folder, "oci"));
  const parsed = parseReference(reference);
  try {
    if (isStandInRuntime(reference))
      return (await isLinuxRuntimeBuilt(folder)) ? await resolveLinuxRuntime(reference, cache, options) : undefined;
    const cached = await cache.resolve(reference);
    const isPinned = parsed.digest !== undefined && cached !== undefined;
    const image = isPinned ? cached : await describeRuntime(reference, withTimeLimit(options));
    return toRuntimeImage(reference, image);
  } catch (error) {
    if (UnikernelError.is(error)) return undefined; // the build reports it
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

async function resolveLinuxRuntime(reference: string, cache: Layout, options: ResolveOptions): Promise<RuntimeImage> {
  const runtime = await getOrBuildLinuxRuntime({
    folder: localPaths().runtimesDir,
    ...(options.signal === undefined ? {} : { signal: options.signal }),
    onProgress: options.onProgress ?? (() => undefined),
  });
  const tag = runtime.version.replace(/[^A-Za-z0-9_.-]/g, "_");
  if ((await cache.resolve(`${LINUX_RUNTIME}:${tag}`)) === undefined) {
    const config = { cmd: [], env: {}, labels: {} };
    await cache.putImage({
      repository: LINUX_RUNTIME,
      tag,
      platform: LINUX_PLATFORM,
      config,
      kernel: { file: runtime.kernelFile },
    });
  }
  const image = await cache.resolve(`${LINUX_RUNTIME}:${tag}`);
  const { digest, tag: wanted = "latest" } = parseReference(reference);
  if (wanted !== "latest" && wanted !== tag) {
    throw new UnikernelError(
      "RUNTIME_UNAVAILABLE",
      `There is no runtime '${reference}': the stand-in guest has only the tags 'latest' and '${tag}' on this machine.`,
      { hint: `Write 'runtime: ${LINUX_RUNTIME}:latest'.` },
    );
  }
  if (digest !== undefined && image !== undefined && image.digest !== digest) {
    throw new UnikernelError(
      "RUNTIME_UNAVAILABLE",
      `The runtime '${reference}' is not the one that this machine builds, ${LINUX_RUNTIME}@${image.digest} (Linux ${runtime.version}).`,
      { hint: "Pin that digest in the Kraftfile, or use a machine whose Debian packages are those of the pinned one." },
    );
  }
  return { ...toRuntimeImage(reference, image, runtime.baseTree), erofsFiles: runtime.erofsFiles };
}

async function resolvePulledRuntime(reference: string, cache: Layout, options: ResolveOptions): Promise<RuntimeImage> {
  try {
    options.onProgress?.(`downloading the runtime '${reference}'`);
    const image = await pullRuntime(reference, cache, options);
    await limitRuntimes(cache, image);
    return toRuntimeImage(reference, image);
  } catch (error) {
    if (!UnikernelError.has(error, "API_UNREACHABLE")) throw error;
    const cached = await cache.resolve(reference);
    if (cached !== undefined) return toRuntimeImage(reference, cached);
    throw new UnikernelError("RUNTIME_UNAVAILABLE", `Runtime '${reference}' could not be fetched: ${error.message}`, {
      hint: `Check the network, or use 'runtime: ${LINUX_RUNTIME}:latest', which is built on this machine from Debian packages.`,
      cause: error,
    });
  }
}

function toRuntimeImage(
  reference: string,
  image: DescribedImage | undefined,
  baseTree?: RuntimeImage["baseTree"],
): RuntimeImage {
  if (image?.kernel === undefined) {
    throw new UnikernelError("RUNTIME_UNAVAILABLE", `Runtime '${reference}' contains no kernel.`, {
      hint: "Use an image that is a runtime, such as 'base:latest'.",
    });
  }
  return {
    reference,
    platform: image.platform,
    kernelLayer: image.kernel,
    cmd: image.cmd,
    env: image.env,
    ...(image.initrd === undefined ? {} : { initrdLayer: image.initrd }),
    ...(baseTree === undefined ? {} : { baseTree }),
  };
}
