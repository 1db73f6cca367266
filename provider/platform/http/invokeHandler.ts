/** Calls the handler of a route, once for each of a request's bodies. */
import { failedItem } from "../handlers/items";
import type { FailedItem, HandlerReply, Handlers } from "../handlers/request";
import type { Log } from "../log";
import { Refusal } from "../errors";
import { HttpRefusal } from "./response";
import type { Routed } from "./router";

/** An answer of some handler. */
type Reply = Pick<HandlerReply<"getHealthz">, "message" | "text"> & { readonly items: readonly object[] };

/**
 * The answer of the route's handler. Of several bodies each is a call of its own: what refuses one of them is an item then, since
 * the others are done. Throws what the handler throws for a single one.
 */
export async function callHandler(
  { handlers, log }: { readonly handlers: Handlers; readonly log: Log },
  { name, query, bodies, selectors, path }: Routed,
  accept: string,
  signal: AbortSignal,
): Promise<Reply> {
  // The router parsed query and body with the models of this very route.
  const handler = handlers[name] as (request: object) => Reply | Promise<Reply>;
  const call = async (body: unknown): Promise<Reply> => handler({ query, body, selectors, path, accept, signal });
  if (bodies.length === 1) return call(bodies[0]);
  const replies = await Promise.all(
    bodies.map((body) =>
      call(body).catch((error: unknown) => ({ items: [asItem(body, error, log)], message: undefined })),
    ),
  );
  const message = replies.find((reply) => reply.message !== undefined)?.message;
  return { items: replies.flatMap(({ items }) => items), ...(message === undefined ? {} : { message }) };
}

function asItem(body: unknown, error: unknown, log: Log): FailedItem {
  const refusal = error instanceof HttpRefusal ? new Refusal(error.itemCode, error.message) : error;
  return failedItem(typeof body === "object" && body !== null ? body : {}, refusal, log);
}
