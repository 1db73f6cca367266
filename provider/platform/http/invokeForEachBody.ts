/** Calls a handler once per body, for clients that send an array where the model is one object. */
import { ApiItemError, type FailedItem, RequestError, toFailedItem } from "../errors";
import type { HandlerResponse } from "../handlers/handler";
import type { Log } from "../log";

/** The response of any handler. */
export type AnyHandlerResponse = Pick<HandlerResponse<"getHealthz">, "message" | "text"> & {
  readonly items: readonly object[];
};

/**
 * Returns the items of all calls, in the order of the bodies. A rejected body becomes a failed item, because the others are
 * done already.
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
