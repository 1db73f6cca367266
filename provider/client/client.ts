/**
 * The typed REST client, built from the route table: `client.getInstances({ query: { uuid: [id] } })`.
 *
 * A call resolves with the items of the response, failed ones included, because a bulk call is not atomic. It rejects if the
 * request failed as a whole. Every response is parsed by its model; a mismatch is `API_SHAPE`.
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

/** Options of {@link createClient}. */
export interface ClientOptions {
  /** Name for messages, such as `fra` or `local`. */
  readonly metro: string;
  /** Resolves the API's address before each attempt. `refused` is true after a refused connection: the local daemon may have moved or exited. */
  readonly endpoint: (refused: boolean) => Promise<ApiEndpoint>;
  /** Resolves the control plane's address. Default: the metro's own, as on the local platform. */
  readonly controlPlane?: (refused: boolean) => Promise<ApiEndpoint>;
  /** Default: the system clock. */
  readonly clock?: Clock;
  /** Limit of one attempt in milliseconds, plus the server-side wait if there is one. Default 30,000. */
  readonly attemptTimeoutMs?: number;
  /** Limit of concurrent requests, started in call order; server-side waits do not count. Default {@link DEFAULT_CONCURRENCY}. */
  readonly maxConcurrency?: number;
  /** URL of an HTTP proxy with its user and password. Secret. `undefined` uses the environment (`HTTPS_PROXY` and so on). */
  readonly proxy?: string | undefined;
}

/** Default limit of concurrent requests: the default parallelism of the Pulumi engine. */
export const DEFAULT_CONCURRENCY = 16;
const ATTEMPT_TIMEOUT_MS = 30_000;

/** A member of a request; optional if its type allows `undefined`. */
type RequestPart<Key extends string, T> = undefined extends T
  ? { readonly [K in Key]?: undefined }
  : { readonly [K in Key]: T };
type RequestOf<K extends RouteName> = RequestPart<"body", BodyOf<K>> &
  RequestPart<"path", keyof PathOf<K> extends never ? undefined : PathOf<K>> & { query?: QueryOf<K> };

/** Every route as a function. Errors: `API_UNREACHABLE`, `API_UNAUTHORIZED`, `API_REJECTED`, `API_SHAPE`, or the signal's reason. */
export type Client = {
  readonly [K in RouteName]: (request: RequestOf<K>, options?: CallOptions) => Promise<ApiResponse<K>>;
} & {
  readonly metro: string;
  /** Increases when a request that may change something is sent and when its response arrives: earlier reads are stale then. */
  readonly changeCount: () => number;
};

/** The same client with a signal for all calls, in addition to a call's own signal. */
export const withSignal = (client: Client, signal: AbortSignal): Client =>
  new Proxy(client, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name);
      if (typeof name !== "string" || !(name in routes) || typeof member !== "function") return member;
      return (request: unknown, options: CallOptions = {}): unknown => {
        const combined = options.signal === undefined ? signal : AbortSignal.any([signal, options.signal]);
        return Reflect.apply(member, target, [request, { ...options, signal: combined }]);
      };
    },
  });

/** Creates a client for one metro. All calls share its keep-alive connections. */
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
  // The keys of `routes` are those of Client.
  return Object.assign(Object.fromEntries(calls), { metro, changeCount: () => changeCount }) as Client;
}
