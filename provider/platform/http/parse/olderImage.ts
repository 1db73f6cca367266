/**
 * `GET /v1/images/tag/{tag}` and `GET /v1/images/digest/{digest}`, with which older clients read one image. Source: the Python
 * client `unikraft-cloud-platform` 1.0.0. Pure.
 */
import type { ItemOf } from "../../../contract/routes";
import { RequestError } from "../../errors";
import type { QueryParameter } from "./selectors";

const ONE_IMAGE_PATH = /^\/v1\/images\/(tag|digest)\/(.+)$/;

/** The path as a query parameter of `GET /v1/images`; `undefined` for any other path. Slashes of a name need no encoding. */
export function parseOneImagePath(path: string): QueryParameter | undefined {
  const [, key, text] = ONE_IMAGE_PATH.exec(path) ?? [];
  if (key === undefined || text === undefined) return undefined;
  try {
    return [key, decodeURIComponent(text)];
  } catch {
    return [key, text];
  }
}

/** The one image as the data of the envelope. Throws {@link RequestError} 404 if there is none. */
export function toOlderImage(items: readonly object[]): readonly object[] {
  const [image] = items as readonly ItemOf<"getImages">[]; // safe: only a read of images has the form
  if (image === undefined) throw new RequestError(404, "No such image", "NotFound");
  const { url, created_at, args, env, tags } = image;
  return [
    {
      image: {
        tag: tags?.[0],
        digest: url.slice(url.indexOf("@") + 1),
        created_at,
        arch: "x86_64",
        cmd: args ?? [],
        env: Object.entries(env ?? {}).map(([name, value]) => `${name}=${value}`),
      },
    },
  ];
}
