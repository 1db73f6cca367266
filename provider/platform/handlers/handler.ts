/** The request and response types of handlers. */
import type { FailedItem } from "../errors";
import type { Selector } from "../lookup";
import type { ItemOf, QueryOf, BodyOf, RouteName } from "../../contract/routes";

/** A request whose query and body match the route's models. */
export interface HandlerRequest<K extends RouteName> {
  readonly query: QueryOf<K>;
  readonly body: BodyOf<K>;
  /**
   * Reads only: the objects that the body names, or else the path and query, in that order; empty if none is named. On routes
   * with a body model, the body's items name the objects.
   */
  readonly selectors: readonly Selector[];
  /** Parameters of the path, such as `uuid` and `name` of `/v1/services/{uuid}/autoscale/policies/{name}`. */
  readonly path: Readonly<Record<string, string>>;
  /** The `Accept` header; empty if the request has none. */
  readonly accept: string;
  /** Aborts when the client disconnects. */
  readonly signal: AbortSignal;
}

/** A response. */
export interface HandlerResponse<K extends RouteName> {
  /** In the order of the request's items. */
  readonly items: readonly (ItemOf<K> | FailedItem)[];
  /** Message of the envelope; `undefined`: derived from the items. */
  readonly message?: string;
  /** Sent instead of the envelope; the items are then ignored. */
  readonly text?: { readonly contentType: string; readonly body: string };
}

/** One function per route; a route without one does not compile. */
export type Handlers = {
  readonly [K in RouteName]: (request: HandlerRequest<K>) => Promise<HandlerResponse<K>> | HandlerResponse<K>;
};
