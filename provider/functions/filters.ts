/** Arguments that several functions share: the selector of one object, and the filters of a list. */
import * as z from "zod";
import { type CheckFailure, field } from "../definition/resource";

/** Arguments that select one object: either `uuid` or `name`. */
export const selectorFields = (what: string) => ({
  uuid: field(z.string().min(1).optional(), { description: `UUID of the ${what}. Give either \`uuid\` or \`name\`.` }),
  name: field(z.string().min(1).optional(), { description: `Name of the ${what}. Give either \`uuid\` or \`name\`.` }),
});

/** Rule for {@link selectorFields}: exactly one of `uuid` and `name` is set. */
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

/** The query that selects the object. */
export const toSelectorQuery = ({
  uuid,
  name,
}: {
  readonly uuid?: string | undefined;
  readonly name?: string | undefined;
}) => (uuid === undefined ? { name: [name ?? ""] } : { uuid: [uuid] });

/** Argument that filters a list by tags. */
export const tagsFilter = (what: string) => ({
  tags: field(z.array(z.string().min(1)).optional(), {
    description: `Only ${what} with all of these tags. Default: all.`,
  }),
});

/** Argument that filters a list by name prefix. */
export const namePrefixFilter = (what: string) => ({
  namePrefix: field(z.string().optional(), {
    description: `Only ${what} whose name starts with this prefix. Default: all.`,
  }),
});

/** True for an object that passes {@link namePrefixFilter}; without a prefix, for every object. */
export const hasNamePrefix =
  (prefix: string | undefined) =>
  ({ name }: { readonly name: string }): boolean =>
    name.startsWith(prefix ?? "");
