/** Resolves `linux:latest`, the stand-in guest, to an image: builds it if necessary, and honours a tag or digest. */
import { UnikernelError } from "../../base/errors";
import { localPaths } from "../../base/localPaths";
import { type Platform, formatPlatform } from "../oci/descriptor";
import type { Layout } from "../oci/layout";
import { matchesPlatform, onlyPlatform } from "../oci/platformChoice";
import { parseReference } from "../oci/reference";
import { LINUX_RUNTIME, type RuntimeImage, toRuntimeImage, unsupportedTargetsError } from "../runtimeImage";
import { getOrBuildLinuxRuntime } from "./linuxRuntime";

/** The platform of the stand-in guest. */
export const LINUX_PLATFORM = { os: "qemu", architecture: "x86_64" } as const;

/** Throws `KRAFTFILE_INVALID` unless the stand-in guest has all targets. It has one platform. */
export function assertLinuxTargets(reference: string, targets: readonly Platform[]): void {
  if (targets.every((target) => matchesPlatform(LINUX_PLATFORM, onlyPlatform(target)))) return;
  throw unsupportedTargetsError(reference, targets, formatPlatform(LINUX_PLATFORM));
}

/**
 * The stand-in guest as an image in the cache. Throws `RUNTIME_UNAVAILABLE` if it cannot be built, or if the reference names another one
 * than this machine builds.
 */
export async function resolveLinuxRuntime(
  reference: string,
  cache: Layout,
  options: { readonly signal?: AbortSignal | undefined; readonly onProgress?: ((step: string) => void) | undefined },
): Promise<RuntimeImage> {
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
