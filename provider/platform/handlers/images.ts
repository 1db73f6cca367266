/** Images of the local OCI layout. */
import * as crypto from "node:crypto";
import { canonicalImageUrl, stripPlatformPrefix } from "../../contract/imageUrl";
import { ApiItemError, RequestError } from "../errors";
import { UUID } from "../lookup";
import type { BodyOf, ItemOf, QueryOf } from "../../contract/routes";
import { UnikernelError } from "../../base/errors";
import { type Reference, canonicalRepository, parseReference } from "../../image/oci/reference";
import type { StoredImage } from "../../image/oci/storedImage";

import { toRfc3339 } from "../../base/clock";
import type { Registry } from "../registry";
import { type ImagePin, deleteImagePin, insertImagePin } from "../store/imagePins";
import type { Handlers } from "./handler";
import { mapItems, mapItemsInOrder } from "./items";

type ImageItem = ItemOf<"getImages">;

type ImageRoutes = "getImages" | "getImageStore" | "pinImages" | "unpinImages";

/**
 * Handlers of `/v1/images` and `/v1/image-store`. Every image of the layout is at hand, so that a pin only marks one; the program
 * that built it may still remove it.
 */
export function imageHandlers(registry: Registry): Pick<Handlers, ImageRoutes> {
  const { images: layout, pulledImages, database, clock, log } = registry.parts;
  const pins = (): ImagePin[] => [...registry.imagePins.values()];
  const stored = async (): Promise<Map<string, ImageItem>> =>
    imageItems(
      [...(await layout.list()), ...((await pulledImages?.list()) ?? [])],
      new Set(pins().map(({ url }) => url)),
    );

  async function pin({ url: reference, autokill }: BodyOf<"pinImages">[number]) {
    if ((autokill?.time_ms ?? 0) > 0)
      throw new ApiItemError("NotSupported", "The local platform does not unpin images by itself");
    const found = await layout.resolve(stripPlatformPrefix(reference));
    if (found === undefined) throw new ApiItemError("NotFound", `No image with name '${reference}'`);
    const url = canonicalImageUrl(found.repository, found.digest);
    const present = pins().find((one) => one.url === url);
    const pinned = present ?? { uuid: crypto.randomUUID(), createdAt: clock.now(), url };
    if (present === undefined) {
      insertImagePin(database, pinned);
      registry.imagePins.set(pinned.uuid, pinned);
    }
    return {
      ...pinItem(pinned),
      created_at: toRfc3339(pinned.createdAt),
      state: "ready",
      url,
      persistent: true,
      tags: (await stored()).get(url)?.tags ?? [],
    };
  }

  function unpin({ uuid }: BodyOf<"unpinImages">[number]) {
    if (!UUID.test(uuid)) throw new ApiItemError("Invalid", `Invalid uuid '${uuid}'`);
    const pinned = registry.imagePins.get(uuid);
    if (pinned === undefined) throw new ApiItemError("NotFound", `No pinned image with uuid '${uuid}'`);
    deleteImagePin(database, uuid);
    registry.imagePins.delete(uuid);
    return pinItem(pinned);
  }

  return {
    getImages: async ({ query }) => ({ items: [...(await stored()).values()].filter(matchesQuery(query)) }),

    getImageStore: async ({ query }) => {
      const images = await stored();
      const booted = [...registry.instances.values()].map(({ record: { definition } }) =>
        canonicalImageUrl(definition.repository, definition.digest),
      );
      // An image that an instance boots from stays listed after it was removed from the layout.
      const items = [...new Set([...booted, ...pins().map(({ url }) => url)])].map(
        (url) => images.get(url) ?? { status: "success" as const, url, tags: [] },
      );
      return { items: items.filter(matchesQuery(query)) };
    },

    // One after the other, so that an image that is named twice gets one pin.
    pinImages: async ({ body }) => ({ items: await mapItemsInOrder(body, log, pin) }),
    unpinImages: async ({ body }) => ({ items: await mapItems(body, log, unpin) }),
  };
}

const pinItem = ({ uuid, url }: ImagePin) => ({
  status: "success" as const,
  uuid,
  name: stripPlatformPrefix(url).replace(/@.*$/, ""),
});

/** One item per image with all its tags, by canonical URL. */
function imageItems(images: readonly StoredImage[], pinned: ReadonlySet<string>): Map<string, ImageItem> {
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
      ...(pinned.has(url) ? { persistent: true } : {}),
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
  const wantedDigests = digests?.map(toPinnedReference);
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
  const reference = parseImageReference(text);
  return `${canonicalRepository(reference)}:${reference.tag ?? "latest"}`;
}

/** A digest, or a name with a digest in the layout's form. */
function toPinnedReference(text: string): string {
  if (!text.includes("@")) return text;
  const reference = parseImageReference(text);
  return `${canonicalRepository(reference)}@${reference.digest ?? ""}`;
}

function parseImageReference(text: string): Reference {
  try {
    return parseReference(stripPlatformPrefix(text));
  } catch (error) {
    if (!UnikernelError.has(error, "INPUT_INVALID")) throw error;
    throw new RequestError(400, error.message, "Invalid");
  }
}
