/**
 * `GET /v1/images/list`, the image listing of older clients. It has different filters and items.
 * Source: the vendor's OpenAPI document 0.6.0. Pure.
 */
import * as z from "zod";
import { isInNamespace, stripPlatformPrefix } from "../../../contract/imageUrl";
import type { ItemOf, Route } from "../../../contract/routes";
import { parseJson } from "./json";
import { parseQuery, parseWithModel } from "./readArguments";
import { parseEntries, type ParsedArguments, type QueryParameter } from "./selectors";

const filterModel = z.strictObject({
  /** `<account>`, `<account>/<application>` or `official`. */
  namespace: z.string().optional(),
  tagged: z.stringbool().default(false),
});

/**
 * Parses the arguments. Entries of the body contain `digest` and `tag`; the oldest document calls the latter `tagged`. Throws
 * {@link RequestError} 400.
 */
export function parseOlderImageList(
  route: Route,
  parameters: readonly QueryParameter[],
  body: string | undefined,
): ParsedArguments {
  const json = parseJson(body);
  const entries = json == null ? [] : parseEntries(json, false).parameters;
  const isFilter = ([key]: QueryParameter): boolean => key === "namespace" || key === "tagged";
  const filters = Object.fromEntries(parameters.filter(isFilter));
  const { namespace, tagged } = parseWithModel(filterModel, filters, "the query");
  const query = [
    ...parameters.filter((one) => !isFilter(one)),
    ...entries.map(([key, value]): QueryParameter => [key === "tagged" ? "tag" : key, value]),
  ];
  return {
    query: parseQuery(route, query),
    bodies: [undefined],
    selectors: [],
    encodeItems: (items) =>
      (items as readonly ItemOf<"getImages">[]) // safe: only requests of this operation are parsed here
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
