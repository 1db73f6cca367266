/**
 * `GET /v1/images/list`, as older clients ask for images and read them: filters of its own, and items of another form.
 * Source: the vendor's OpenAPI document 0.6.0. Pure.
 */
import * as z from "zod";
import type { ItemOf } from "../../../contract/routes";
import { inNamespace, withoutPlatform } from "../../handlers/images";
import { explainIssues } from "./issueMessages";
import { HttpRefusal } from "../response";
import type { Parameter } from "./selectors";

/** Path of the older form. */
export const OLDER_IMAGES = "/v1/images/list";

const filterModel = z.strictObject({
  /** `<account>`, `<account>/<application>`, or `official`. */
  namespace: z.string().optional(),
  tagged: z.stringbool().default(false),
});

/** An older request as a newer one, and the way back for its items. */
export interface OlderImages {
  readonly parameters: readonly Parameter[];
  readonly reshape: (items: readonly object[]) => readonly object[];
}

/**
 * Throws {@link HttpRefusal} 400.
 *
 * @param query parameters of the query
 * @param entries members of the entries in the body: `digest`, and `tag`, which the oldest document calls `tagged`
 */
export function olderImages(query: readonly Parameter[], entries: readonly Parameter[]): OlderImages {
  const isFilter = ([key]: Parameter): boolean => key === "namespace" || key === "tagged";
  const input = Object.fromEntries(query.filter(isFilter));
  const parsed = filterModel.safeParse(input);
  if (!parsed.success) {
    const { message, code } = explainIssues(parsed.error.issues, { input, name: "the query" });
    throw new HttpRefusal(400, message, code);
  }
  const { namespace, tagged } = parsed.data;
  return {
    parameters: [
      ...query.filter((one) => !isFilter(one)),
      ...entries.map(([key, value]): Parameter => [key === "tagged" ? "tag" : key, value]),
    ],
    reshape: (items) =>
      (items as readonly ItemOf<"getImages">[]) // of the one operation that has this form
        .filter(({ url }) => namespace === undefined || inNamespace(withoutPlatform(url), namespace))
        .filter(({ tags }) => !tagged || (tags ?? []).length > 0)
        .map(olderItem),
  };
}

const olderItem = ({ status, url, tags, size_in_bytes, args, initrd_or_rom }: ItemOf<"getImages">): object => ({
  status,
  digest: withoutPlatform(url),
  tags: tags ?? [],
  initrd: initrd_or_rom === true,
  size_in_bytes,
  args: (args ?? []).join(" "),
});
