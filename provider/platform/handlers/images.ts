/** Images, as the layout holds them. */
import type { ItemOf } from "../../api/routes";
import type { Platform } from "../platform";
import type { Handlers } from "./request";

/** `oci://local/<repository>@<digest>`: the form in which the platform names an image, whatever it was asked for. */
export const canonicalImage = (repository: string, digest: string): string => `oci://local/${repository}@${digest}`;

/** What a layout understands of a reference: the canonical form names this platform in front. */
export const withoutPlatform = (reference: string): string => reference.replace(/^(oci:\/\/)?local\//, "");

/** Handler of `/v1/images`. */
export function imageHandlers(platform: Platform): Pick<Handlers, "getImages"> {
  return {
    getImages: async ({ query }) => {
      const byDigest = new Map<string, { readonly tags: string[]; readonly item: ItemOf<"getImages"> }>();
      for (const image of await platform.parts.images.list()) {
        const url = canonicalImage(image.repository, image.digest);
        const entry = byDigest.get(url) ?? {
          tags: [],
          item: {
            status: "success" as const,
            url,
            size_in_bytes: image.sizeBytes,
            args: [...image.cmd],
            env: { ...image.env },
            ...(image.createdAt === undefined ? {} : { created_at: image.createdAt }),
          },
        };
        if (image.tag !== undefined) entry.tags.push(`${image.repository}:${image.tag}`);
        byDigest.set(url, entry);
      }
      const wanted = ({
        tags,
        item,
      }: {
        readonly tags: readonly string[];
        readonly item: ItemOf<"getImages">;
      }): boolean =>
        (query.digest === undefined || query.digest.some((digest) => item.url.endsWith(`@${digest}`))) &&
        (query.tag === undefined || query.tag.some((tag) => tags.includes(withoutPlatform(tag))));
      return { items: [...byDigest.values()].filter(wanted).map(({ tags, item }) => ({ ...item, tags })) };
    },
  };
}
