/** The two errors of the API: of a whole request, with an HTTP status, and of one item, with a numeric code. */
import { ITEM_CODES, type ItemCodeName } from "../contract/codes";
import { UnikernelError } from "../base/errors";
import type { Log } from "./log";

/** A message may quote a name of any length. */
const MAX_MESSAGE_LENGTH = 1_000;

/** The error of one item. The other items of the request are not affected. */
export class ApiItemError extends Error {
  /** The code that the item reports; see `contract/codes.ts`. */
  readonly itemCode: ItemCodeName;

  constructor(itemCode: ItemCodeName, message: string) {
    super(message.length > MAX_MESSAGE_LENGTH ? `${message.slice(0, MAX_MESSAGE_LENGTH)}…` : message);
    this.itemCode = itemCode;
  }
}

/**
 * Converts a failure to the `error` and `message` of an item; `undefined` for an unexpected error, which is only
 * logged.
 */
export function toItemError(failure: unknown): { readonly error: number; readonly message: string } | undefined {
  if (failure instanceof ApiItemError) return { error: ITEM_CODES[failure.itemCode], message: failure.message };
  if (!UnikernelError.is(failure)) return undefined;
  const code = toItemCode(failure);
  return {
    error: ITEM_CODES[code],
    // The API has no code for what is missing on this machine, and the documentation is found by the code.
    message: [failure.code === "QEMU_MISSING" ? `${failure.code}: ${failure.message}` : failure.message, failure.hint]
      .filter((part) => part !== undefined)
      .join(" "),
  };
}

function toItemCode({ code, property }: UnikernelError): ItemCodeName {
  if (code === "NOT_SUPPORTED") return "NotSupported";
  if (code !== "INPUT_INVALID") return "FailedOperation";
  return property === "memoryMb" ? "GuestMemoryTooSmall" : "Invalid";
}

/** The default item code of each HTTP status. */
const CODE_BY_STATUS: Readonly<Record<number, ItemCodeName>> = {
  400: "MalformedRequest",
  401: "NotAllowed",
  404: "NoApiEndpoint",
  405: "WrongMethod",
  408: "TimedOut",
  413: "TooLong",
  414: "TooLong",
  421: "NotAllowed",
  431: "TooLong",
};

/**
 * The error of a request that is rejected as a whole, such as a malformed one: none of its items was handled. A well-formed
 * item that fails is an {@link ApiItemError}, and does not affect the other items.
 */
export class RequestError extends Error {
  /** HTTP status. */
  readonly status: number;
  /** The same error as an item code of the API. */
  readonly itemCode: ItemCodeName;
  /** The allowed methods of a 405; otherwise empty. */
  readonly allowedMethods: readonly string[];

  constructor(
    status: number,
    message: string,
    itemCode: ItemCodeName = CODE_BY_STATUS[status] ?? "UnknownError",
    allowed: readonly string[] = [],
  ) {
    super(message);
    this.status = status;
    this.itemCode = itemCode;
    this.allowedMethods = allowed;
  }
}

/** An item that failed, as the API reports it. */
export interface FailedItem {
  readonly status: "error";
  /** The number of an item code; 0 for an internal error, `undefined` for a wait that timed out. */
  readonly error?: number;
  readonly message?: string;
  /** Uuid and name of the object, as far as the request contains them or a wait found them. */
  readonly uuid?: string;
  readonly name?: string;
  /** The `id` of a change that has one. */
  readonly id?: string;
  /** The current state, in a wait that timed out. */
  readonly state?: string;
}

/**
 * The item of a failure, with the selector and `id` of the request's item. An unexpected error is logged and reported as an
 * internal error.
 *
 * @param requested the request's item
 */
export function toFailedItem(requested: object, failure: unknown, log: Log): FailedItem {
  const known = toItemError(failure);
  if (known === undefined) {
    log.write("bug", { reason: failure instanceof Error ? (failure.stack ?? failure.message) : String(failure) });
  }
  const uuid = "uuid" in requested && typeof requested.uuid === "string" ? { uuid: requested.uuid } : {};
  const name = "name" in requested && typeof requested.name === "string" ? { name: requested.name } : {};
  const id = "id" in requested && typeof requested.id === "string" ? { id: requested.id } : {};
  return {
    status: "error",
    ...uuid,
    ...name,
    ...id,
    ...(known ?? { error: 0, message: "Internal error; see daemon.log" }),
  };
}
