/** Calls the handler of a route, once for each of a request's bodies. */
import { toFailedItem } from "../handlers/items";
import type { FailedItem, HandlerResponse, Handlers } from "../handlers/handler";
import type { Log } from "../log";
import { ApiItemError, RequestError } from "../errors";

import type { RoutedRequest } from "./router";

/** An answer of some handler. */
type AnyHandlerResponse = Pick<HandlerResponse<"getHealthz">, "message" | "text"> & {
  readonly items: readonly object[];
};

/**
 * The answer of the route's handler. Of several bodies each is a call of its own: what refuses one of them is an item then, since
 * the others are done. Throws what the handler throws for a single one.
 */
export async function invokeHandler(
  { handlers, log }: { readonly handlers: Handlers; readonly log: Log },
  { name, query, bodies, selectors, path }: RoutedRequest,
  accept: string,
  signal: AbortSignal,
): Promise<AnyHandlerResponse> {
  // The router parsed query and body with the models of this very route.
  const handler = handlers[name] as (request: object) => AnyHandlerResponse | Promise<AnyHandlerResponse>;
  const call = async (body: unknown): Promise<AnyHandlerResponse> =>
    handler({ query, body, selectors, path, accept, signal });
  if (bodies.length === 1) return call(bodies[0]);
  const replies = await Promise.all(
    bodies.map((body) =>
      call(body).catch((error: unknown) => ({ items: [toErrorItem(body, error, log)], message: undefined })),
    ),
  );
  const message = replies.find((reply) => reply.message !== undefined)?.message;
  return { items: replies.flatMap(({ items }) => items), ...(message === undefined ? {} : { message }) };
}

function toErrorItem(body: unknown, error: unknown, log: Log): FailedItem {
  const refusal = error instanceof RequestError ? new ApiItemError(error.itemCode, error.message) : error;
  return toFailedItem(typeof body === "object" && body !== null ? body : {}, refusal, log);
}
