/** Arguments that functions share: a selector of one object, or filters of a list. */
import * as z from "zod";
import { type CheckFailure, field } from "../definition/resource";

/** Arguments that name one object, by exactly one of the two. */
export const selectorFields = (what: string) => ({
  uuid: field(z.string().min(1).optional(), { description: `UUID of the ${what}. Give either \`uuid\` or \`name\`.` }),
  name: field(z.string().min(1).optional(), { description: `Name of the ${what}. Give either \`uuid\` or \`name\`.` }),
});

/** Rule of {@link selectorFields}. */
export const selectorRule = {
  reads: ["uuid", "name"] as ("uuid" | "name")[],
  test: ({
    uuid,
    name,
  }: {
    readonly uuid?: string | undefined;
    readonly name?: string | undefined;
  }): readonly CheckFailure[] =>
    (uuid === undefined) === (name === undefined)
      ? [{ property: "", reason: "give exactly one of 'uuid' and 'name'." }]
      : [],
};

/** The query for one object. */
export const toSelectorQuery = ({
  uuid,
  name,
}: {
  readonly uuid?: string | undefined;
  readonly name?: string | undefined;
}) => (uuid === undefined ? { name: [name ?? ""] } : { uuid: [uuid] });

/** Argument of a list that can be filtered by tags. */
export const tagsFilter = (what: string) => ({
  tags: field(z.array(z.string().min(1)).optional(), {
    description: `Only ${what} with all of these tags. Default: all.`,
  }),
});

/** Argument of every list. */
export const namePrefixFilter = (what: string) => ({
  namePrefix: field(z.string().optional(), {
    description: `Only ${what} whose name starts with this prefix. Default: all.`,
  }),
});

/** True for what {@link namePrefixFilter} lets through. */
export const hasNamePrefix =
  (prefix: string | undefined) =>
  ({ name }: { readonly name: string }): boolean =>
    name.startsWith(prefix ?? "");
