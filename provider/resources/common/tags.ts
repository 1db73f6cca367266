/** Tags, the same for every kind that has them. Pure. */
import * as z from "zod";
import { type Rule, field } from "../../definition/resource";

/** Most tags of one object. Source of this limit and of the form of a tag: the platform's documentation. */
export const MAX_TAGS = 16;

/** `tags`, the same field for every kind. `maxTags` is lower where the provider adds tags of its own. */
export const tagsField = (what: string, maxTags = MAX_TAGS) =>
  field(
    z
      .array(z.string().regex(/^[A-Za-z0-9\-+_.:=]{1,256}$/, "must be 1 to 256 letters, digits and - + _ . : ="))
      .max(maxTags)
      .default([]),
    { description: `Tags of the ${what}, up to ${maxTags}. Default: none.`, unordered: true },
  );

/** The platform drops a repeated tag, which would look like drift. */
export const uniqueTagsRule: Rule<{ tags: readonly string[] }> = {
  reads: ["tags"],
  test: ({ tags }) =>
    tags.flatMap((tag, index) =>
      tags.indexOf(tag) === index ? [] : [{ property: `tags[${index}]`, reason: `"${tag}" is given twice.` }],
    ),
};
