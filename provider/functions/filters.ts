/** What functions are asked about: one object, or all that pass a filter. */
import * as z from "zod";
import { type CheckFailure, field } from "../definition/resource";

/** Arguments that name one object, by exactly one of the two. */
export const selectorFields = (what: string) => ({
  uuid: field(z.string().min(1).optional(), { description: `UUID of the ${what}. Give either this or \`name\`.` }),
  name: field(z.string().min(1).optional(), { description: `Name of the ${what}. Give either this or \`uuid\`.` }),
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

/** Argument of lists that tags can narrow. */
export const tagsFilter = (what: string) => ({
  tags: field(z.array(z.string().min(1)).optional(), {
    description: `Only ${what} that have every one of these tags.`,
  }),
});

/** Argument of every list. */
export const namePrefixFilter = (what: string) => ({
  namePrefix: field(z.string().optional(), { description: `Only ${what} whose name begins with this.` }),
});

/** True for what {@link namePrefixFilter} lets through. */
export const hasNamePrefix =
  (prefix: string | undefined) =>
  ({ name }: { readonly name: string }): boolean =>
    name.startsWith(prefix ?? "");
