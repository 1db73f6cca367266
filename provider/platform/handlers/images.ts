/** Images of the local OCI layout. */
import { canonicalImageUrl, stripPlatformPrefix } from "../../contract/imageUrl";
import { RequestError } from "../errors";
import type { ItemOf, QueryOf } from "../../contract/routes";
import { UnikernelError } from "../../base/errors";
import { canonicalRepository, parseReference } from "../../image/oci/reference";
import type { StoredImage } from "../../image/oci/storedImage";

import type { Registry } from "../registry";
import type { Handlers } from "./handler";

type ImageItem = ItemOf<"getImages">;

/** Handlers of `/v1/images` and `/v1/image-store`. */
export function imageHandlers(registry: Registry): Pick<Handlers, "getImages" | "getImageStore"> {
  const stored = async (): Promise<Map<string, ImageItem>> => imageItems(await registry.parts.images.list());
  return {
    getImages: async ({ query }) => ({ items: [...(await stored()).values()].filter(matchesQuery(query)) }),

    getImageStore: async ({ query }) => {
      const images = await stored();
      const booted = [...registry.instances.values()].map(({ record: { definition } }) =>
        canonicalImageUrl(definition.repository, definition.digest),
      );
      // An image that an instance boots from stays listed after it was removed from the layout.
      const items = [...new Set(booted)].map((url) => images.get(url) ?? { status: "success" as const, url, tags: [] });
      return { items: items.filter(matchesQuery(query)) };
    },
  };
}

/** One item per image with all its tags, by canonical URL. */
function imageItems(images: readonly StoredImage[]): Map<string, ImageItem> {
  const items = new Map<string, ImageItem & { readonly tags: string[] }>();
  for (const image of images) {
    const url = canonicalImageUrl(image.repository, image.digest);
    const item = items.get(url) ?? {
      status: "success" as const,
      url,
      initrd_or_rom: image.initrd !== undefined || image.kernel === undefined,
      size_in_bytes: image.sizeBytes,
      args: [...image.cmd],
      env: { ...image.env },
      tags: [],
      ...(image.createdAt === undefined ? {} : { created_at: image.createdAt }),
    };
    if (image.tag !== undefined) item.tags.push(`${image.repository}:${image.tag}`);
    items.set(url, item);
  }
  return items;
}

/**
 * The filter of a query. Digests may have the image's name in front. Throws {@link RequestError} 400 for an invalid
 * reference.
 */
function matchesQuery({ digest: digests, tag: tags }: QueryOf<"getImages">): (item: ImageItem) => boolean {
  const wantedDigests = digests?.map(stripPlatformPrefix);
  const wantedTags = tags?.map(toTaggedReference);
  return (item) => {
    const name = stripPlatformPrefix(item.url);
    return (
      (wantedDigests === undefined || wantedDigests.some((one) => name === one || name.endsWith(`@${one}`))) &&
      (wantedTags === undefined || wantedTags.some((one) => item.tags?.includes(one)))
    );
  };
}

/** A reference in the layout's form; the default tag is `latest`. */
function toTaggedReference(text: string): string {
  try {
    const reference = parseReference(stripPlatformPrefix(text));
    return `${canonicalRepository(reference)}:${reference.tag ?? "latest"}`;
  } catch (error) {
    if (!UnikernelError.has(error, "INPUT_INVALID")) throw error;
    throw new RequestError(400, error.message, "Invalid");
  }
}
