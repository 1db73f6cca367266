/** Tags, the same for every kind that has them. Pure. */
import * as z from "zod";
import { type Rule, field } from "../../definition/resource";
import { isOwnershipMark } from "./ownershipMark";

/** Most tags of one object. Source of this limit and of the form of a tag: the platform's documentation. */
export const MAX_OBJECT_TAGS = 16;

/** Most tags that a program can give to an object: one more is the ownership mark. */
export const MAX_TAGS = MAX_OBJECT_TAGS - 1;

/** `tags`, the same field for every kind. `maxTags` is lower where the provider adds tags of its own. */
export const tagsField = (what: string, maxTags = MAX_TAGS) =>
  field(
    z
      .array(z.string().regex(/^[A-Za-z0-9\-+_.:=]{1,256}$/, "must be 1 to 256 letters, digits and - + _ . : ="))
      .max(maxTags)
      .default([]),
    { description: `Tags of the ${what}, up to ${maxTags}. Default: none.`, unordered: true },
  );

/** The platform drops a repeated tag, which would look like drift; and no tag may pass for the ownership mark. */
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
