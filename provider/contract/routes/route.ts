/** The type of an API operation, and the parts shared by all route tables. */
import * as z from "zod";

/** HTTP methods of the API. */
export type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
/** A path with parameters in braces, such as `/v1/services/{uuid}/autoscale/policies`. */
export type PathTemplate = `/${string}`;

/** One operation of the API. */
export interface Route<
  Q extends z.ZodType = z.ZodType,
  B extends z.ZodType = z.ZodType,
  I extends z.ZodType = z.ZodType,
  P extends PathTemplate = PathTemplate,
> {
  /** Metros serve most operations; the control plane, shared by all metros, the others. */
  readonly server: "metro" | "control-plane";
  readonly method: Method;
  readonly path: P;
  /** Path of the variant for a single object, whose body is one item without its selector. Servers support it; our client does not use it. */
  readonly singleObjectPath?: PathTemplate;
  /** Method and path on older nodes. The client falls back to these if a node does not know the endpoint. */
  readonly olderEndpoints?: readonly { readonly method: Method; readonly path: PathTemplate }[];
  /** Query parameters after lists are merged: `?uuid=a&uuid=b` and `?uuid=a,b` are both `["a", "b"]`. */
  readonly query: Q;
  readonly body: B;
  /** Key of `data` that holds the items; `undefined` if `data` itself is the item (healthz). */
  readonly dataKey: string | undefined;
  /** Schema of one item of the response. */
  readonly item: I;
  /** "idempotent": may be retried after any transient failure. "look-first": only if nothing reached the server. */
  readonly retry: "idempotent" | "look-first";
}

/** Declares a route and infers the types of its parts. The server defaults to the metro. */
export const route = <Q extends z.ZodType, B extends z.ZodType, I extends z.ZodType, const P extends PathTemplate>(
  definition: Omit<Route<Q, B, I, P>, "server"> & { readonly server?: "control-plane" },
): Route<Q, B, I, P> => ({ server: "metro", ...definition });

/** Schema of an absent body. */
export const noBody = z.undefined();
/** Schema of an empty query. */
export const noQuery = z.strictObject({});
/** A query parameter that may be repeated or hold a comma-separated list. */
export const stringList = z.array(z.string());
/** Query that selects objects by uuid or by name. */
export const selectorQuery = z.strictObject({ uuid: stringList.optional(), name: stringList.optional() });
/** Query of a listing, or of selected objects. `from` starts a page at a uuid or RFC 3339 time, inclusive. */
export const listQuery = selectorQuery.extend({
  details: z.stringbool().optional(),
  count: z.coerce.number().int().min(0).optional(),
  from: z.string().optional(),
  order: z.enum(["asc", "desc"]).optional(),
  sortby: z.enum(["create_time"]).optional(),
});
/** Query of a listing that may be limited to objects with all of the given tags. */
export const taggedListQuery = listQuery.extend({ tags: stringList.optional() });
/** A list of at least one item. */
export const nonEmptyArray = <S extends z.ZodType>(schema: S) => z.array(schema).min(1);
