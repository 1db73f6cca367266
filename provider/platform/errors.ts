/** Why one item of a request failed, with the numeric code that goes on the wire. */
import { ITEM_CODES, type ItemCodeName } from "../contract/codes";
import { UnikernelError } from "../base/errors";

/** Thrown by handlers for one item; the other items of the request are not affected. */
export class ApiItemError extends Error {
  readonly itemCode: ItemCodeName;

  constructor(itemCode: ItemCodeName, message: string) {
    super(message);
    this.itemCode = itemCode;
  }
}

/** The `error` and `message` of an item for any failure; `undefined` for a fault of ours, which is only logged. */
export function toItemError(failure: unknown): { readonly error: number; readonly message: string } | undefined {
  if (failure instanceof ApiItemError) return { error: ITEM_CODES[failure.itemCode], message: failure.message };
  if (!UnikernelError.is(failure)) return undefined;
  const code = toItemCode(failure);
  return {
    error: ITEM_CODES[code],
    message: [failure.message, failure.hint].filter((part) => part !== undefined).join(" "),
  };
}

function toItemCode({ code, property }: UnikernelError): ItemCodeName {
  if (code === "NOT_SUPPORTED") return "NotSupported";
  if (code !== "INPUT_INVALID") return "FailedOperation";
  return property === "memoryMb" ? "GuestMemoryTooSmall" : "Invalid";
}
