/** What an operation of the API is. */
import * as z from "zod";

/** Methods of the API. */
export type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
/** Path, with parameters in braces: `/v1/services/{uuid}/autoscale/policies`. */
export type PathTemplate = `/${string}`;

/** One operation of the API. */
export interface Route<
  Q extends z.ZodType = z.ZodType,
  B extends z.ZodType = z.ZodType,
  I extends z.ZodType = z.ZodType,
  P extends PathTemplate = PathTemplate,
> {
  /** Metros serve most; one control plane serves all metros. */
  readonly server: "metro" | "control-plane";
  readonly method: Method;
  readonly path: P;
  /** The form for one object that the path names; a body then is one item without its selector. Servers know it, our client does not use it. */
  readonly singleObjectPath?: PathTemplate;
  /** How older nodes (or other documents) have it. The client falls back to these when a node knows no such endpoint. */
  readonly olderEndpoints?: readonly { readonly method: Method; readonly path: PathTemplate }[];
  /** Query parameters after list forms are merged: `?uuid=a&uuid=b` and `?uuid=a,b` are both `["a", "b"]`. */
  readonly query: Q;
  readonly body: B;
  /** The one key of `data` that holds the items; `undefined` when `data` itself is the answer (healthz). */
  readonly dataKey: string | undefined;
  readonly item: I;
  /** "idempotent": may be sent again after any lost answer. "look-first": only when nothing reached the server. */
  readonly retry: "idempotent" | "look-first";
}

/** Keeps the types of a route's parts. */
export const route = <Q extends z.ZodType, B extends z.ZodType, I extends z.ZodType, const P extends PathTemplate>(
  r: Omit<Route<Q, B, I, P>, "server"> & { readonly server?: "control-plane" },
): Route<Q, B, I, P> => ({ server: "metro", ...r });

/** No body. */
export const noBody = z.undefined();
/** No query parameters. */
export const noQuery = z.strictObject({});
/** A parameter that may be repeated, or hold a comma list. */
export const stringList = z.array(z.string());
/** Objects by uuid or by name. */
export const selectorQuery = z.strictObject({ uuid: stringList.optional(), name: stringList.optional() });
/** Of a list, or of chosen objects. `from` starts a page at a uuid or an RFC 3339 time, itself included. */
export const listQuery = selectorQuery.extend({
  details: z.stringbool().optional(),
  count: z.coerce.number().int().min(0).optional(),
  from: z.string().optional(),
  order: z.enum(["asc", "desc"]).optional(),
  sortby: z.enum(["create_time"]).optional(),
});
/** Objects that have every one of these tags. */
export const taggedListQuery = listQuery.extend({ tags: stringList.optional() });
/** At least one. */
export const nonEmptyArray = <S extends z.ZodType>(schema: S) => z.array(schema).min(1);
