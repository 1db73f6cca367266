/** Tags, the same for every kind that has them. Pure. */
import * as z from "zod";
import { type Rule, field } from "../../definition/define";

const MAX_TAGS = 16;

/** `tags`: the same field for every kind. Source of the limits: the platform's documentation. */
export const tagsField = (what: string) =>
  field(
    z
      .array(z.string().regex(/^[A-Za-z0-9\-+_.:=]{1,256}$/, "must be 1 to 256 letters, digits and - + _ . : ="))
      .max(MAX_TAGS)
      .default([]),
    { description: `Tags to find the ${what} by, up to ${MAX_TAGS}. Default: none.`, unordered: true },
  );

/** The platform drops a tag that is given twice, which would look like drift. */
export const tagRule: Rule<{ tags: readonly string[] }> = {
  reads: ["tags"],
  test: ({ tags }) =>
    tags.flatMap((tag, index) =>
      tags.indexOf(tag) === index ? [] : [{ property: `tags[${index}]`, reason: `"${tag}" is given twice.` }],
    ),
};
