/** Tags, the same for every kind that has them. Pure. */
import * as z from "zod";
import { type Rule, field } from "../../definition/resource";
import { isOwnershipMark } from "./ownershipMark";

/** Maximum number of tags of one object. Source of this limit and of the pattern of a tag: the platform's documentation. */
export const MAX_OBJECT_TAGS = 16;

/** Maximum number of tags in a program; the provider adds the ownership mark. */
export const MAX_TAGS = MAX_OBJECT_TAGS - 1;

/** `tags`, the same field for every kind. `maxTags` is lower for kinds to which the provider adds its own tags. */
export const tagsField = (what: string, maxTags = MAX_TAGS) =>
  field(
    z
      .array(z.string().regex(/^[A-Za-z0-9\-+_.:=]{1,256}$/, "must be 1 to 256 letters, digits and - + _ . : ="))
      .max(maxTags)
      .default([]),
    { description: `Tags of the ${what}, up to ${maxTags}. Default: none.`, unordered: true },
  );

/** Rejects repeated tags, because the platform drops them, which would show as drift; and tags of the form of an ownership mark. */
export const tagsRule: Rule<{ tags: readonly string[] }> = {
  reads: ["tags"],
  test: ({ tags }) =>
    tags.flatMap((tag, index) => {
      const property = `tags[${index}]`;
      if (tags.indexOf(tag) !== index) return [{ property, reason: `"${tag}" is given twice.` }];
      if (!isOwnershipMark(tag)) return [];
      return [{ property, reason: `"${tag}" is reserved for marking what Pulumi manages; choose another tag.` }];
    }),
};
