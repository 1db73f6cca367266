/**
 * The typed REST client, made from the route table: `client.getInstances({ query: { uuid: [id] } })`.
 *
 * A call resolves with the items of the answer, failed ones included (a bulk call is not atomic); it rejects when the
 * request as a whole failed. Every answer is parsed by its model; one that does not fit is `API_SHAPE`.
 */
import { type Clock, systemClock } from "../base/clock";
import { createHttpExchange } from "./transport/httpExchange";
import type { ApiRequest } from "./transport/apiCompatibility";
import type { ApiResponse } from "./apiResponse";
import { type BodyOf, type PathOf, type QueryOf, type Route, type RouteName, routes } from "../contract/routes";
import { type ApiEndpoint, type CallOptions, type ClientContext, sendRequest } from "./transport/sendRequest";
import { Semaphore } from "../base/semaphore";

export { allItems, onlyItem } from "./items";
export type { ApiResponse as Reply } from "./apiResponse";
export type { ApiEndpoint, CallOptions } from "./transport/sendRequest";

/** What the client needs. */
export interface ClientOptions {
  /** Name for messages, such as `fra` or `local`. */
  readonly metro: string;
  /** Finds the API. Asked with `refused: true` after a connection was refused: the local daemon may have moved or ended. */
  readonly endpoint: (refused: boolean) => Promise<ApiEndpoint>;
  /** Finds the control plane. Default: where the metro's own API is, as on the local platform. */
  readonly controlPlane?: (refused: boolean) => Promise<ApiEndpoint>;
  readonly clock?: Clock;
  /** Milliseconds for one attempt; server-side waits get their own time on top. Default 30,000. */
  readonly attemptTimeoutMs?: number;
  /** Most requests at the same time, in the order of their calls; server-side waits are not counted. Default {@link DEFAULT_CONCURRENCY}. */
  readonly maxConcurrency?: number;
  /** URL of an HTTP proxy, user and password included. Default: `HTTPS_PROXY` and its kin. Secret. */
  readonly proxy?: string | undefined;
}

/** The engine asks for so many resources at the same time unless told otherwise. */
export const DEFAULT_CONCURRENCY = 16;
const ATTEMPT_TIMEOUT_MS = 30_000;

/** Members of a request that may be left out when nothing is in them. */
type RequestPart<Key extends string, T> = undefined extends T
  ? { readonly [K in Key]?: undefined }
  : { readonly [K in Key]: T };
type RequestOf<K extends RouteName> = RequestPart<"body", BodyOf<K>> &
  RequestPart<"path", keyof PathOf<K> extends never ? undefined : PathOf<K>> & { query?: QueryOf<K> };

/** Every route as a function. */
export type Client = {
  readonly [K in RouteName]: (request: RequestOf<K>, options?: CallOptions) => Promise<ApiResponse<K>>;
} & {
  readonly metro: string;
  /** Grows when a request that may change something is sent, and again when its response arrives: earlier reads are stale then. */
  readonly changeCount: () => number;
};

/** The same client, with a signal for all its calls; a call's own signal counts as well. */
export const withSignal = (client: Client, signal: AbortSignal): Client =>
  new Proxy(client, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name);
      if (typeof name !== "string" || !(name in routes) || typeof member !== "function") return member;
      return (request: unknown, options: CallOptions = {}): unknown => {
        const both = options.signal === undefined ? signal : AbortSignal.any([signal, options.signal]);
        return Reflect.apply(member, target, [request, { ...options, signal: both }]);
      };
    },
  });

/** Makes a client for one metro. Connections are kept alive and shared by all calls. */
export function createClient(options: ClientOptions): Client {
  const { metro, endpoint, controlPlane = endpoint } = options;
  const context: ClientContext = {
    metro,
    exchange: createHttpExchange(options.proxy),
    clock: options.clock ?? systemClock,
    semaphore: new Semaphore(options.maxConcurrency ?? DEFAULT_CONCURRENCY),
    attemptTimeoutMs: options.attemptTimeoutMs ?? ATTEMPT_TIMEOUT_MS,
    endpoints: { metro: endpoint, "control-plane": controlPlane },
    variants: new Map(),
  };
  let changeCount = 0;
  const createCall =
    (name: string, route: Route) =>
    async (request: ApiRequest, call: CallOptions = {}) => {
      const increment = route.method === "GET" ? 0 : 1;
      changeCount += increment;
      try {
        return { ...(await sendRequest(context, name, route, request, call)), metro };
      } finally {
        changeCount += increment;
      }
    };
  const calls = Object.entries(routes).map(([name, route]) => [name, createCall(name, route)]);
  // Built from the table whose keys type Client.
  return Object.assign(Object.fromEntries(calls), { metro, changeCount: () => changeCount }) as Client;
}
