/** The two ways in which a request fails: as a whole, with an HTTP status, or one item of it, with a numeric code. */
import { ITEM_CODES, type ItemCodeName } from "../contract/codes";
import { UnikernelError } from "../base/errors";
import type { Log } from "./log";

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

/** What a refused status means in the API's own codes, unless more is known. */
const CODE_BY_STATUS: Readonly<Record<number, ItemCodeName>> = {
  400: "MalformedRequest",
  401: "NotAllowed",
  404: "NoApiEndpoint",
  405: "WrongMethod",
  408: "TimedOut",
  413: "TooLong",
  414: "TooLong",
  431: "TooLong",
};

/**
 * A request that is refused as a whole: nothing was done for any of its items. Malformed requests are; an item that is well
 * formed and fails is a `Refusal`, and the other items of its request go on.
 */
export class RequestError extends Error {
  /** HTTP status. */
  readonly status: number;
  /** The same in the API's codes. */
  readonly itemCode: ItemCodeName;
  /** Of a 405: the methods that the path knows. */
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

/** An item that failed. */
export interface FailedItem {
  readonly status: "error";
  readonly error?: number;
  readonly message?: string;
  readonly uuid?: string;
  readonly name?: string;
  /** Of a change that brought one. */
  readonly id?: string;
  /** Current state, in a wait that ran out. */
  readonly state?: string;
}

/** The item of a failure: echoes the selector, and the `id` of a change. A fault of ours is logged and only called an internal error. */
export function toFailedItem(named: object, failure: unknown, log: Log): FailedItem {
  const known = toItemError(failure);
  if (known === undefined) {
    log.write("bug", { reason: failure instanceof Error ? (failure.stack ?? failure.message) : String(failure) });
  }
  const uuid = "uuid" in named && typeof named.uuid === "string" ? { uuid: named.uuid } : {};
  const name = "name" in named && typeof named.name === "string" ? { name: named.name } : {};
  const id = "id" in named && typeof named.id === "string" ? { id: named.id } : {};
  return {
    status: "error",
    ...uuid,
    ...name,
    ...id,
    ...(known ?? { error: 0, message: "Internal error; see daemon.log" }),
  };
}
