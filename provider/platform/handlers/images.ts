/** Images, as the layout holds them. */
import type { ItemOf, QueryOf } from "../../contract/routes";
import { UnikernelError } from "../../base/errors";
import { canonicalRepository, parseReference } from "../../image/oci/reference";
import type { StoredImage } from "../../image/oci/storedImage";
import { HttpRefusal } from "../http/response";
import type { Platform } from "../registry";
import type { Handlers } from "./request";

type ImageItem = ItemOf<"getImages">;

/** `oci://local/<repository>@<digest>`: the form in which the platform names an image, whatever it was asked for. */
export const canonicalImage = (repository: string, digest: string): string => `oci://local/${repository}@${digest}`;

/** What a layout understands of a reference: the canonical form names this platform in front. */
export const withoutPlatform = (reference: string): string => reference.replace(/^(oci:\/\/)?local\//, "");

/** True for a repository (a tag or digest may follow) of an account, of one application of it, or of `official`: those without account. */
export function inNamespace(reference: string, namespace: string): boolean {
  const repository = reference.replace(/[:@].*$/, "");
  if (namespace === "official") return !repository.includes("/");
  return repository === namespace || repository.startsWith(`${namespace}/`);
}

/** Handlers of `/v1/images` and `/v1/image-store`. */
export function imageHandlers(platform: Platform): Pick<Handlers, "getImages" | "getImageStore"> {
  const stored = async (): Promise<Map<string, ImageItem>> => imageItems(await platform.parts.images.list());
  return {
    getImages: async ({ query }) => ({ items: [...(await stored()).values()].filter(isAsked(query)) }),

    getImageStore: async ({ query }) => {
      const images = await stored();
      const booted = [...platform.instances.values()].map(({ record: { definition } }) =>
        canonicalImage(definition.repository, definition.digest),
      );
      // What an instance boots from stays at hand when its image is removed.
      const items = [...new Set(booted)].map((url) => images.get(url) ?? { status: "success" as const, url, tags: [] });
      return { items: items.filter(isAsked(query)) };
    },
  };
}

/** One item per image, with all its tags, by its canonical name. */
function imageItems(images: readonly StoredImage[]): Map<string, ImageItem> {
  const items = new Map<string, ImageItem & { readonly tags: string[] }>();
  for (const image of images) {
    const url = canonicalImage(image.repository, image.digest);
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

/** What a query asks for; digests may come with the image's name in front. Throws {@link HttpRefusal} 400 for what is no reference. */
function isAsked({ digest: digests, tag: tags }: QueryOf<"getImages">): (item: ImageItem) => boolean {
  const wantedDigests = digests?.map(withoutPlatform);
  const wantedTags = tags?.map(tagged);
  return (item) => {
    const name = withoutPlatform(item.url);
    return (
      (wantedDigests === undefined || wantedDigests.some((one) => name === one || name.endsWith(`@${one}`))) &&
      (wantedTags === undefined || wantedTags.some((one) => item.tags?.includes(one)))
    );
  };
}

/** A reference as the layout keeps it; one without a tag is the image's `latest`. */
function tagged(text: string): string {
  try {
    const reference = parseReference(withoutPlatform(text));
    return `${canonicalRepository(reference)}:${reference.tag ?? "latest"}`;
  } catch (error) {
    if (!UnikernelError.has(error, "INPUT_INVALID")) throw error;
    throw new HttpRefusal(400, error.message, "Invalid");
  }
}
