/** What handlers get and give. */
import type { FailedItem } from "../errors";
import type { Selector } from "../lookup";
import type { ItemOf, QueryOf, BodyOf, RouteName } from "../../contract/routes";

/** A request whose query and body fit the route's models. */
export interface HandlerRequest<K extends RouteName> {
  readonly query: QueryOf<K>;
  readonly body: BodyOf<K>;
  /**
   * Of reads: the objects that the body, or else path and query name, in that order; empty when none is named. Where the route has
   * a body, its items name them.
   */
  readonly selectors: readonly Selector[];
  /** Parameters of the path, such as `uuid` and `name` of `/v1/services/{uuid}/autoscale/policies/{name}`. */
  readonly path: Readonly<Record<string, string>>;
  /** The `Accept` header; empty when there was none. */
  readonly accept: string;
  /** Aborts when the client is gone. */
  readonly signal: AbortSignal;
}

/** An answer. */
export interface HandlerResponse<K extends RouteName> {
  readonly items: readonly (ItemOf<K> | FailedItem)[];
  /** Message of the envelope; made from the items when absent. */
  readonly message?: string;
  /** Sent as it is in place of the envelope; items are not looked at then. */
  readonly text?: { readonly contentType: string; readonly body: string };
}

/** One function per route; a route without one does not compile. */
export type Handlers = {
  readonly [K in RouteName]: (request: HandlerRequest<K>) => Promise<HandlerResponse<K>> | HandlerResponse<K>;
};
