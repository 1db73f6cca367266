/** What names in a request name now: images their digests, instances their uuids. */
import type { NameOrUuid } from "../../../contract/models";
import type { LayerRef } from "../../../image/oci/layer";
import type { StoredImage } from "../../../image/oci/storedImage";
import { withoutPlatform } from "../../handlers/images";
import { namedInstance } from "../../handlers/instances/visible";
import type { Platform } from "../../registry";
import { Refusal } from "../../errors";
import type { ImageFacts, RomRecord } from "../../store/instances";
import { type InstanceChange, readValue } from "../update/patch";
import type { BootLayer } from "../bootFiles";
import { neverRuns } from "../update/templates";
import { checkedRom, checkRoms, type RomRequest } from "../update/roms";

/** Something with the layers that must be unpacked while it is being recorded. */
export interface Resolved<T> {
  readonly value: T;
  readonly layers: readonly BootLayer[];
}

/** An image in either form that a request may have. */
export type ImageRequest = string | { readonly url: string };

const urlOf = (image: ImageRequest): string => (typeof image === "string" ? image : image.url);

/** Throws refusals: `NotFound` for an image that is not here, `CannotBeUsed` for one without a kernel, `Invalid` for what is no reference. */
export async function resolveImage(platform: Platform, image: ImageRequest): Promise<Resolved<ImageFacts>> {
  const { repository, digest, kernel, initrd, cmd, env } = await findImage(platform, image);
  if (kernel === undefined)
    throw new Refusal("CannotBeUsed", `Image '${urlOf(image)}' has no kernel layer, so there is nothing to boot`);
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

/** Throws what `checkedRom`, `checkRoms` and {@link resolveImage} throw; `CannotBeUsed` for an image without a file system. */
export async function resolveRoms(platform: Platform, roms: readonly RomRequest[]): Promise<Resolved<RomRecord[]>> {
  const checked = roms.map(checkedRom);
  checkRoms(checked);
  const resolved = await Promise.all(
    roms.map(async ({ image }, index): Promise<{ rom: RomRecord | undefined; layers: LayerRef[] }> => {
      const rom = checked[index];
      if (image === undefined || rom === undefined) return { rom, layers: [] };
      const { repository, digest, initrd } = await findImage(platform, image);
      if (initrd === undefined)
        throw new Refusal("CannotBeUsed", `Image '${urlOf(image)}' has no file system, so it cannot be a ROM`);
      return { rom: { ...rom, image: { repository, digest, initrdDigest: initrd.digest } }, layers: [initrd] };
    }),
  );
  return {
    value: resolved.flatMap(({ rom }) => rom ?? []),
    layers: resolved.flatMap(({ layers }) => layers),
  };
}

/** A change with every name in its value resolved; what names nothing is left as it is. Throws as the functions above. */
export async function resolveChange(platform: Platform, change: InstanceChange): Promise<Resolved<InstanceChange>> {
  const { prop, op, value } = change;
  if (prop === "image") {
    const image = await resolveImage(platform, readValue("image", value));
    return { value: { ...change, value: image.value }, layers: image.layers };
  }
  if (prop === "roms" && op !== "del") {
    const roms = await resolveRoms(platform, readValue("roms", value));
    return { value: { ...change, value: roms.value }, layers: roms.layers };
  }
  if (prop === "dependencies" && value !== undefined) {
    const selectors = readValue("dependencies", value);
    const uuids =
      op === "del"
        ? selectors.flatMap((one) => ("uuid" in one ? one.uuid : resolveDependencies(platform, [one]))) // it may be gone
        : resolveDependencies(platform, selectors);
    return { value: { ...change, value: uuids }, layers: [] };
  }
  return { value: change, layers: [] };
}

/** Uuids of instances. Throws refusals `NotFound`, `Invalid`, and `CannotBeUsed` for a template or checkpoint, which never runs. */
export function resolveDependencies(platform: Platform, selectors: readonly NameOrUuid[]): string[] {
  return selectors.map((selector) => {
    const { record, state } = namedInstance(platform, selector);
    if (neverRuns(state)) throw new Refusal("CannotBeUsed", `'${record.name}' is a ${state}, which never runs`);
    return record.uuid;
  });
}

async function findImage(platform: Platform, image: ImageRequest): Promise<StoredImage> {
  const { images } = platform.parts;
  const found = await images.resolve(withoutPlatform(urlOf(image)));
  if (found !== undefined) return found;
  const present = [...new Set((await images.list()).map(({ repository }) => repository))];
  const hint = present.length === 0 ? "there are no images here yet" : `here are: ${present.join(", ")}`;
  throw new Refusal("NotFound", `No image with name '${urlOf(image)}'; ${hint}`);
}

/**
 * Unpacks layers and runs `work`, which records who needs them. Throws a refusal `NotFound` when an image was removed
 * between; what unpacking and `work` throw.
 */
export async function holdingLayers<T>(platform: Platform, layers: readonly BootLayer[], work: () => T): Promise<T> {
  try {
    return await platform.boot.holding(layers, work);
  } catch (error) {
    const missing = error instanceof Error && "code" in error && error.code === "ENOENT" && "path" in error;
    const files = layers.map((layer) => ("blob" in layer ? layer.blob : platform.boot.path(layer.digest)));
    if (!missing || !files.some((file) => file === error.path)) throw error;
    throw new Refusal("NotFound", "What the instance is made from was removed meanwhile");
  }
}
