/**
 * The route table of the REST API. The client offers what is here and the local platform must implement what is
 * here; a route that one side lacks does not compile. They share this file, `models.ts` and `codes.ts`, and nothing else.
 */
import * as z from "zod";
import * as m from "./models";

/** One operation of the API. */
export interface Route<
  Q extends z.ZodType = z.ZodType,
  B extends z.ZodType = z.ZodType,
  I extends z.ZodType = z.ZodType,
> {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  readonly path: `/${string}`;
  /** Query parameters after list forms are merged: `?uuid=a&uuid=b` and `?uuid=a,b` are both `["a", "b"]`. */
  readonly query: Q;
  readonly body: B;
  /** The one key of `data` that holds the items; `undefined` when `data` itself is the answer (healthz). */
  readonly dataKey: string | undefined;
  readonly item: I;
  /** "idempotent": may be sent again after any lost answer. "look-first": only when nothing reached the server. */
  readonly retry: "idempotent" | "look-first";
}

const route = <Q extends z.ZodType, B extends z.ZodType, I extends z.ZodType>(r: Route<Q, B, I>): Route<Q, B, I> => r;

const none = z.undefined();
const noQuery = z.strictObject({});
const list = z.array(z.string());

const selectors = z.strictObject({
  uuid: list.optional(),
  name: list.optional(),
  details: z.stringbool().optional(),
  count: z.coerce.number().int().min(0).optional(),
  from: z.string().optional(),
  order: z.enum(["asc", "desc"]).optional(),
});
const taggedSelectors = selectors.extend({ tags: list.optional() });

const waitQuery = z.strictObject({
  uuid: list.optional(),
  name: list.optional(),
  state: z.array(z.enum(m.INSTANCE_STATES)).optional(),
  timeout_s: z.array(z.coerce.number().int().min(-1)).optional(),
});

const logQuery = z.strictObject({
  uuid: list.optional(),
  name: list.optional(),
  offset: z.array(z.coerce.number().int()).optional(),
  limit: z.array(z.coerce.number().int().min(0).max(16383)).optional(),
});

/** Every operation, by name. */
export const routes = {
  createInstance: route({
    method: "POST",
    path: "/v1/instances",
    query: noQuery,
    body: m.createInstanceRequest,
    dataKey: "instances",
    item: m.instanceItem,
    retry: "look-first",
  }),
  getInstances: route({
    method: "GET",
    path: "/v1/instances",
    query: taggedSelectors,
    body: none,
    dataKey: "instances",
    item: m.instanceItem,
    retry: "idempotent",
  }),
  deleteInstances: route({
    method: "DELETE",
    path: "/v1/instances",
    query: noQuery,
    body: z.array(m.nameOrUuid).min(1),
    dataKey: "instances",
    item: m.instanceItem,
    retry: "idempotent",
  }),
  startInstances: route({
    method: "PUT",
    path: "/v1/instances/start",
    query: noQuery,
    body: z.array(m.nameOrUuid).min(1),
    dataKey: "instances",
    item: m.instanceItem,
    retry: "idempotent",
  }),
  stopInstances: route({
    method: "PUT",
    path: "/v1/instances/stop",
    query: noQuery,
    body: z.array(m.stopRequest).min(1),
    dataKey: "instances",
    item: m.instanceItem,
    retry: "idempotent",
  }),
  waitInstances: route({
    method: "GET",
    path: "/v1/instances/wait",
    query: waitQuery,
    body: none,
    dataKey: "instances",
    item: m.instanceItem,
    retry: "idempotent",
  }),
  getInstanceLogs: route({
    method: "GET",
    path: "/v1/instances/log",
    query: logQuery,
    body: none,
    dataKey: "instances",
    item: m.instanceLogItem,
    retry: "idempotent",
  }),
  createService: route({
    method: "POST",
    path: "/v1/services",
    query: noQuery,
    body: m.createServiceRequest,
    dataKey: "service_groups",
    item: m.serviceItem,
    retry: "look-first",
  }),
  getServices: route({
    method: "GET",
    path: "/v1/services",
    query: selectors,
    body: none,
    dataKey: "service_groups",
    item: m.serviceItem,
    retry: "idempotent",
  }),
  patchServices: route({
    method: "PATCH",
    path: "/v1/services",
    query: noQuery,
    body: z.array(m.patchServiceRequest).min(1),
    dataKey: "service_groups",
    item: m.serviceItem,
    retry: "idempotent",
  }),
  deleteServices: route({
    method: "DELETE",
    path: "/v1/services",
    query: noQuery,
    body: z.array(m.nameOrUuid).min(1),
    dataKey: "service_groups",
    item: m.serviceItem,
    retry: "idempotent",
  }),
  createVolume: route({
    method: "POST",
    path: "/v1/volumes",
    query: noQuery,
    body: m.createVolumeRequest,
    dataKey: "volumes",
    item: m.volumeItem,
    retry: "look-first",
  }),
  getVolumes: route({
    method: "GET",
    path: "/v1/volumes",
    query: taggedSelectors,
    body: none,
    dataKey: "volumes",
    item: m.volumeItem,
    retry: "idempotent",
  }),
  patchVolumes: route({
    method: "PATCH",
    path: "/v1/volumes",
    query: noQuery,
    body: z.array(m.patchVolumeRequest).min(1),
    dataKey: "volumes",
    item: m.volumeItem,
    retry: "idempotent",
  }),
  deleteVolumes: route({
    method: "DELETE",
    path: "/v1/volumes",
    query: noQuery,
    body: z.array(m.nameOrUuid).min(1),
    dataKey: "volumes",
    item: m.volumeItem,
    retry: "idempotent",
  }),
  getImages: route({
    method: "GET",
    path: "/v1/images",
    query: z.strictObject({ digest: list.optional(), tag: list.optional() }),
    body: none,
    dataKey: "images",
    item: m.imageItem,
    retry: "idempotent",
  }),
  getQuotas: route({
    method: "GET",
    path: "/v1/users/quotas",
    query: noQuery,
    body: none,
    dataKey: "quotas",
    item: m.quotasItem,
    retry: "idempotent",
  }),
  getHealthz: route({
    method: "GET",
    path: "/v1/healthz",
    query: noQuery,
    body: none,
    dataKey: undefined,
    item: m.healthzData,
    retry: "idempotent",
  }),
} as const;

/** The route table's type. */
export type Routes = typeof routes;
/** Name of an operation. */
export type RouteName = keyof Routes;
/** One item of an operation's answer. */
export type ItemOf<K extends RouteName> = z.infer<Routes[K]["item"]>;
/** Query parameters of an operation. */
export type QueryOf<K extends RouteName> = z.infer<Routes[K]["query"]>;
/** Body of an operation. */
export type BodyOf<K extends RouteName> = z.infer<Routes[K]["body"]>;
