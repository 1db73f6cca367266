/** Tags, the same for every kind that has them. Pure. */
import * as z from "zod";
import { type Rule, field } from "../../definition/resource";

/** Maximum number of tags of one object. Source of this limit and of the pattern of a tag: the platform's documentation. */
export const MAX_TAGS = 16;

/** `tags`, the same field for every kind. `maxTags` is lower for kinds to which the provider adds its own tags. */
export const tagsField = (what: string, maxTags = MAX_TAGS) =>
  field(
    z
      .array(z.string().regex(/^[A-Za-z0-9\-+_.:=]{1,256}$/, "must be 1 to 256 letters, digits and - + _ . : ="))
      .max(maxTags)
      .default([]),
    { description: `Tags of the ${what}, up to ${maxTags}. Default: none.`, unordered: true },
  );

/** Rejects repeated tags. The platform drops a repeated tag, which would show as drift. */
export const uniqueTagsRule: Rule<{ tags: readonly string[] }> = {
  reads: ["tags"],
  test: ({ tags }) =>
    tags.flatMap((tag, index) =>
      tags.indexOf(tag) === index ? [] : [{ property: `tags[${index}]`, reason: `"${tag}" is given twice.` }],
    ),
};
