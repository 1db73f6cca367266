/** Calls a handler for each of several bodies: what the models describe as one object, a client sent as many. */
import { ApiItemError, type FailedItem, RequestError, toFailedItem } from "../errors";
import type { HandlerResponse } from "../handlers/handler";
import type { Log } from "../log";

/** A handler's response, whichever handler it is. */
export type AnyHandlerResponse = Pick<HandlerResponse<"getHealthz">, "message" | "text"> & {
  readonly items: readonly object[];
};

/**
 * The items of all calls, in the order of the bodies. A body that is rejected becomes a failed item, since the others are done.
 *
 * @param call calls the handler with one body
 */
export async function invokeForEachBody(
  bodies: readonly unknown[],
  log: Log,
  call: (body: unknown) => Promise<AnyHandlerResponse>,
): Promise<AnyHandlerResponse> {
  const responses = await Promise.all(
    bodies.map((body) =>
      call(body).catch((error: unknown) => ({ items: [toErrorItem(body, error, log)], message: undefined })),
    ),
  );
  const message = responses.find((response) => response.message !== undefined)?.message;
  return { items: responses.flatMap(({ items }) => items), ...(message === undefined ? {} : { message }) };
}

function toErrorItem(body: unknown, error: unknown, log: Log): FailedItem {
  const itemError = error instanceof RequestError ? new ApiItemError(error.itemCode, error.message) : error;
  return toFailedItem(typeof body === "object" && body !== null ? body : {}, itemError, log);
}
