/** Resolves the names in a request: images to digests, instances to uuids. */
import { stripPlatformPrefix } from "../../../contract/imageUrl";
import type { InstancePatchOperation } from "../instance";
import { findInstance } from "../../lookup";
import type { NameOrUuid } from "../../../contract/models";
import { describeUnbootable } from "../../../image/kernel/unbootable";
import { canonicalRepository, parseReference } from "../../../image/oci/reference";
import type { StoredImage } from "../../../image/oci/storedImage";
import { resolveEndpoint } from "../../../image/registry/endpoint";
import { UnikernelError } from "../../../base/errors";
import type { PullRequest } from "../../pulledImages";
import type { Registry } from "../../registry";
import { ApiItemError } from "../../errors";
import type { ResolvedImage, RomRecord } from "../../store/instances";
import { parseSetValue } from "../update/patch";
import type { BootLayer } from "../bootFiles";
import { isTemplateOrCheckpoint } from "../update/templates";
import { toRomRecord, checkRoms, type RomRequest } from "../update/roms";

/** A resolved value, and the layers that must be unpacked before it is saved. */
export interface Resolved<T> {
  readonly value: T;
  readonly layers: readonly BootLayer[];
}

/** An image in either form that a request may use. */
export type ImageRequest =
  | string
  | {
      readonly url: string;
      readonly credentials?: string | undefined;
      readonly pull_policy?: PullRequest["policy"];
    };

const urlOf = (image: ImageRequest): string => (typeof image === "string" ? image : image.url);

/**
 * Resolves an image. Throws `NotFound` for an unknown image, `CannotBeUsed` for one without a kernel or for another architecture,
 * `Invalid` for an invalid reference.
 */
export async function resolveImage(registry: Registry, image: ImageRequest): Promise<Resolved<ResolvedImage>> {
  const { repository, digest, platform, kernel, initrd, cmd, env } = await findImage(registry, image);
  const unbootable = describeUnbootable({ platform, kernel, initrd });
  if (unbootable !== undefined || kernel === undefined)
    throw new ApiItemError("CannotBeUsed", `Image '${urlOf(image)}' ${unbootable ?? "has no kernel"}`);
  return {
    value: {
      repository,
      digest,
      kernelDigest: kernel.digest,
      ...(initrd === undefined ? {} : { initrdDigest: initrd.digest }),
      imageArgs: [...cmd],
      imageEnv: { ...env },
    },
    layers: initrd === undefined ? [kernel] : [kernel, initrd],
  };
}

/**
 * Resolves ROMs. Throws what `toRomRecord`, `checkRoms` and {@link resolveImage} throw; `CannotBeUsed` for an image
 * without a file system.
 */
export async function resolveRoms(registry: Registry, roms: readonly RomRequest[]): Promise<Resolved<RomRecord[]>> {
  const checked = roms.map(toRomRecord);
  checkRoms(checked);
  const resolved = await Promise.all(
    roms.map(async ({ image }, index): Promise<{ rom: RomRecord | undefined; layers: BootLayer[] }> => {
      const rom = checked[index];
      if (image === undefined || rom === undefined) return { rom, layers: [] };
      const { repository, digest, initrd, roms: own = [] } = await findImage(registry, image);
      const files = own[0] ?? initrd;
      if (files === undefined)
        throw new ApiItemError("CannotBeUsed", `Image '${urlOf(image)}' has no file system, so it cannot be a ROM`);
      if (own.length > 1)
        throw new ApiItemError("CannotBeUsed", `Image '${urlOf(image)}' has ${own.length} ROMs; use an image of one`);
      return { rom: { ...rom, image: { repository, digest, initrdDigest: files.digest } }, layers: [files] };
    }),
  );
  return {
    value: resolved.flatMap(({ rom }) => rom ?? []),
    layers: resolved.flatMap(({ layers }) => layers),
  };
}

/**
 * Resolves the names in the value of a change; a value without names is not changed. Throws what the functions above
 * throw.
 */
export async function resolvePatch(
  registry: Registry,
  change: InstancePatchOperation,
): Promise<Resolved<InstancePatchOperation>> {
  const { prop, op, value } = change;
  if (prop === "image") {
    const image = await resolveImage(registry, parseSetValue("image", value));
    return { value: { ...change, value: image.value }, layers: image.layers };
  }
  if (prop === "roms" && op !== "del") {
    const roms = await resolveRoms(registry, parseSetValue("roms", value));
    return { value: { ...change, value: roms.value }, layers: roms.layers };
  }
  if (prop === "dependencies" && value !== undefined) {
    const selectors = parseSetValue("dependencies", value);
    const uuids =
      op === "del"
        ? selectors.flatMap((one) => ("uuid" in one ? one.uuid : resolveDependencies(registry, [one]))) // the dependency may no longer exist
        : resolveDependencies(registry, selectors);
    return { value: { ...change, value: uuids }, layers: [] };
  }
  return { value: change, layers: [] };
}

/**
 * Resolves dependencies to uuids. Throws `NotFound`, `Invalid`, and `CannotBeUsed` for a template or checkpoint, which
 * never runs.
 */
export function resolveDependencies(registry: Registry, selectors: readonly NameOrUuid[]): string[] {
  return selectors.map((selector) => {
    const { record, state } = findInstance(registry, selector);
    if (isTemplateOrCheckpoint(state))
      throw new ApiItemError("CannotBeUsed", `'${record.name}' is a ${state}, which never runs`);
    return record.uuid;
  });
}

/** The image that was built on this machine under that name, or else the one that its registry has. */
async function findImage(registry: Registry, image: ImageRequest): Promise<StoredImage> {
  const { images, pulledImages } = registry.parts;
  const reference = stripPlatformPrefix(urlOf(image));
  const found = await images.resolve(reference);
  if (found !== undefined) return found;
  const built = [...new Set((await images.list()).map(({ repository }) => repository))];
  // A name without a host that was built here is not looked for in the vendor's registry.
  const isBuilt = built.includes(canonicalRepository(parseReference(reference)));
  const pulled = isBuilt
    ? undefined
    : await pulledImages?.resolve(reference, toPullRequest(registry, image)).catch((error: unknown) => {
        throw notFoundWithoutRegistry(reference, error) ?? error;
      });
  if (pulled !== undefined) return pulled;
  const hint = built.length === 0 ? "there are no images yet" : `available: ${built.join(", ")}`;
  throw new ApiItemError("NotFound", `No image with name '${urlOf(image)}'; ${hint}`);
}

/**
 * The error for a name without a host whose default registry cannot be reached; `undefined` for any other. Mostly such an image was to be
 * built here, and the network is no part of the problem.
 */
function notFoundWithoutRegistry(reference: string, error: unknown): ApiItemError | undefined {
  const parsed = parseReference(reference);
  if (parsed.registry !== undefined || !UnikernelError.has(error, "API_UNREACHABLE")) return undefined;
  const { registry, repository } = resolveEndpoint(parsed);
  const { systemCode } = error.details;
  const reason = typeof systemCode === "string" ? ` (${systemCode})` : "";
  return new ApiItemError(
    "NotFound",
    `no image '${reference}' was built on this machine, and ${registry}/${repository} could not be asked${reason}`,
  );
}

function toPullRequest({ shutdownSignal: signal }: Registry, image: ImageRequest): PullRequest {
  if (typeof image === "string") return { signal };
  return { policy: image.pull_policy, credentials: image.credentials, signal };
}

/**
 * Unpacks layers and runs `work`, which saves the record that uses them. Throws `NotFound` if the image was removed
 * meanwhile, and what unpacking and `work` throw.
 */
export async function withUnpackedLayers<T>(
  registry: Registry,
  layers: readonly BootLayer[],
  work: () => T,
): Promise<T> {
  try {
    return await registry.bootFiles.withUnpacked(layers, work);
  } catch (error) {
    const missing = error instanceof Error && "code" in error && error.code === "ENOENT" && "path" in error;
    const files = layers.map((layer) => ("blob" in layer ? layer.blob : registry.bootFiles.pathOf(layer.digest)));
    if (!missing || !files.some((file) => file === error.path)) throw error;
    throw new ApiItemError("NotFound", "The image or source of the instance was removed during the create");
  }
}
