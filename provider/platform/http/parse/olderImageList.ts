/**
 * `GET /v1/images/list`, as older clients ask for images and read them: filters of its own, and items of another form.
 * Source: the vendor's OpenAPI document 0.6.0. Pure.
 */
import { isInNamespace, stripPlatformPrefix } from "../../lookup";
import { RequestError } from "../../errors";
import * as z from "zod";
import type { ItemOf } from "../../../contract/routes";

import { explainIssues } from "../../validation/issueMessages";

import type { QueryParameter } from "./selectors";

/** Path of the older form. */
export const OLDER_IMAGE_LIST_PATH = "/v1/images/list";

const filterModel = z.strictObject({
  /** `<account>`, `<account>/<application>`, or `official`. */
  namespace: z.string().optional(),
  tagged: z.stringbool().default(false),
});

/** An older request as a newer one, and the way back for its items. */
export interface OlderImageListRequest {
  readonly parameters: readonly QueryParameter[];
  readonly encodeItems: (items: readonly object[]) => readonly object[];
}

/**
 * Throws {@link RequestError} 400.
 *
 * @param query parameters of the query
 * @param entries members of the entries in the body: `digest`, and `tag`, which the oldest document calls `tagged`
 */
export function parseOlderImageList(
  query: readonly QueryParameter[],
  entries: readonly QueryParameter[],
): OlderImageListRequest {
  const isFilter = ([key]: QueryParameter): boolean => key === "namespace" || key === "tagged";
  const input = Object.fromEntries(query.filter(isFilter));
  const parsed = filterModel.safeParse(input);
  if (!parsed.success) {
    const { message, code } = explainIssues(parsed.error.issues, { input, name: "the query" });
    throw new RequestError(400, message, code);
  }
  const { namespace, tagged } = parsed.data;
  return {
    parameters: [
      ...query.filter((one) => !isFilter(one)),
      ...entries.map(([key, value]): QueryParameter => [key === "tagged" ? "tag" : key, value]),
    ],
    encodeItems: (items) =>
      (items as readonly ItemOf<"getImages">[]) // of the one operation that has this form
        .filter(({ url }) => namespace === undefined || isInNamespace(stripPlatformPrefix(url), namespace))
        .filter(({ tags }) => !tagged || (tags ?? []).length > 0)
        .map(toOlderItem),
  };
}

const toOlderItem = ({ status, url, tags, size_in_bytes, args, initrd_or_rom }: ItemOf<"getImages">): object => ({
  status,
  digest: stripPlatformPrefix(url),
  tags: tags ?? [],
  initrd: initrd_or_rom === true,
  size_in_bytes,
  args: (args ?? []).join(" "),
});
