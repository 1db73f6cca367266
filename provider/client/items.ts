/** What came of a call, item by item. */
import { type ErrorCode, UnikernelError, formatErrorSentences } from "../base/errors";
import { type ItemStatus, failedItemError } from "./errors/apiErrors";
import type { ApiResponse } from "./apiResponse";
import type { ItemOf, RouteName } from "../contract/routes";

const toItemError = <K extends RouteName>(reply: ApiResponse<K>, attempted: string, item: ItemOf<K>) =>
  (item as ItemStatus).status === "error" ? failedItemError(attempted, item as ItemStatus, reply) : undefined;

/**
 * The one item of an answer to a call about one thing.
 *
 * Throws the item's failure by its numeric code (`NOT_FOUND` for 8, and so on); `API_SHAPE` for an answer without an item.
 *
 * @param attempted completes the sentence of the error, such as `Creating volume 'data'`
 */
export function onlyItem<K extends RouteName>(reply: ApiResponse<K>, attempted: string): ItemOf<K> {
  const item = reply.items[0];
  // Not NOT_FOUND: of an object that exists this would say that it is gone.
  if (item === undefined) throw new UnikernelError("API_SHAPE", `${attempted} failed: the answer is empty.`);
  const failure = toItemError(reply, attempted, item);
  if (failure !== undefined) throw failure;
  return item;
}

/**
 * Every item of an answer to a bulk call, for a caller who needs them all.
 *
 * Throws when one failed, since a bulk call is not atomic: the error lists every failure, carries the items that succeeded in
 * `details.succeeded`, and has the code that all failures share, else `OPERATION_FAILED`.
 *
 * @param attempted completes the sentence of the error, such as `Deleting 3 instances`
 */
export function allItems<K extends RouteName>(reply: ApiResponse<K>, attempted: string): readonly ItemOf<K>[] {
  const failures = reply.items.flatMap((item) => {
    const { uuid, name } = item as { readonly uuid?: string; readonly name?: string };
    return toItemError(reply, `'${name ?? uuid ?? ""}'`, item) ?? [];
  });
  const [failure] = failures;
  if (failure === undefined) return reply.items;
  const succeeded = reply.items.filter((item) => (item as ItemStatus).status !== "error");
  const code: ErrorCode = failures.every((one) => one.code === failure.code) ? failure.code : "OPERATION_FAILED";
  throw new UnikernelError(
    code,
    `${attempted}: ${failures.length} of ${reply.items.length} failed. ${failures.map(formatErrorSentences).join(" ")}`,
    { details: { ...failure.details, succeeded, failed: failures.map((one) => one.details) } },
  );
}
