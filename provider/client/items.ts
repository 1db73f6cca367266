/** The items of a response, or the errors of those that failed. */
import { type ErrorCode, UnikernelError, formatErrorSentences } from "../base/errors";
import { type ItemStatus, failedItemError } from "./errors/apiErrors";
import type { ApiResponse } from "./apiResponse";
import type { ItemOf, RouteName } from "../contract/routes";

const toItemError = <K extends RouteName>(response: ApiResponse<K>, attempted: string, item: ItemOf<K>) =>
  (item as ItemStatus).status === "error" ? failedItemError(attempted, item as ItemStatus, response) : undefined;

/**
 * The item of the response to a call about a single object.
 *
 * Throws the item's error by its numeric code (`NOT_FOUND` for 8, and so on), or `API_SHAPE` if the response has no item.
 *
 * @param attempted start of the error's sentence, such as `Creating volume 'data'`
 */
export function onlyItem<K extends RouteName>(response: ApiResponse<K>, attempted: string): ItemOf<K> {
  const item = response.items[0];
  // Not NOT_FOUND, which would report an object as gone that may exist.
  if (item === undefined) throw new UnikernelError("API_SHAPE", `${attempted} failed: the response is empty.`);
  const failure = toItemError(response, attempted, item);
  if (failure !== undefined) throw failure;
  return item;
}

/**
 * All items of the response to a bulk call, for a caller that needs every one to succeed.
 *
 * Throws if an item failed. A bulk call is not atomic, so the error lists every failure and has the items that succeeded in
 * `details.succeeded`. Its code is the one that all failures share, otherwise `OPERATION_FAILED`.
 *
 * @param attempted start of the error's sentence, such as `Deleting 3 instances`
 */
export function allItems<K extends RouteName>(response: ApiResponse<K>, attempted: string): readonly ItemOf<K>[] {
  const failures = response.items.flatMap((item) => {
    const { uuid, name } = item as { readonly uuid?: string; readonly name?: string };
    return toItemError(response, `'${name ?? uuid ?? ""}'`, item) ?? [];
  });
  const [failure] = failures;
  if (failure === undefined) return response.items;
  const succeeded = response.items.filter((item) => (item as ItemStatus).status !== "error");
  const code: ErrorCode = failures.every((one) => one.code === failure.code) ? failure.code : "OPERATION_FAILED";
  throw new UnikernelError(
    code,
    `${attempted}: ${failures.length} of ${response.items.length} failed. ${failures.map(formatErrorSentences).join(" ")}`,
    { details: { ...failure.details, succeeded, failed: failures.map((one) => one.details) } },
  );
}
