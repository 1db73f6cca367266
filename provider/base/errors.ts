/**
 * The error class of this package and its text for users. The codes are in `errorCodes.ts`.
 *
 * An error has a code, a message with what was attempted, a hint with what to do, and a cause. Programs may compare codes, never
 * texts. No part of an error may contain a secret.
 */
import { types } from "node:util";
import type { ErrorCode } from "./errorCodes";

export type { ErrorCode } from "./errorCodes";

/** Optional parts of an error. */
export interface ErrorOptions {
  /** What the user can do, as a full sentence. */
  readonly hint?: string;
  /** Property path in the resource's inputs, such as `ports[0].port`, or a setting, such as `unikernel:token`. */
  readonly property?: string;
  /**
   * Data for programs, if known: `metro`, `resource` (uuid or name), `requestId`, `status` (HTTP), `itemCode`, `itemCodeName`,
   * `retryAfterMs`, `mayHaveActed` (false: the server did nothing), `succeeded` (the succeeded items of a bulk call, or the
   * properties that were changed). Never a secret.
   */
  readonly details?: Readonly<Record<string, unknown>>;
  readonly cause?: unknown;
}

/** The error class of this package. */
export class UnikernelError extends Error {
  override readonly name = "UnikernelError";
  readonly code: ErrorCode;
  readonly hint: string | undefined;
  readonly property: string | undefined;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(code: ErrorCode, message: string, options: ErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.hint = options.hint;
    this.property = options.property;
    this.details = Object.freeze({ ...options.details });
  }

  /** True for errors of this package, including those of another copy of it in the same process. */
  static is(value: unknown): value is UnikernelError {
    return value instanceof Error && value.name === "UnikernelError" && "code" in value;
  }

  /** True for errors of this package with one of these codes. */
  static has(value: unknown, ...codes: readonly ErrorCode[]): value is UnikernelError {
    return UnikernelError.is(value) && codes.includes(value.code);
  }
}

/**
 * True for an error, also one of another JavaScript realm: within jest, those of Node's own modules are no instances of the `Error` that
 * this code sees.
 */
export const isError = (value: unknown): value is Error => value instanceof Error || types.isNativeError(value);

/** The message of an error; any other thrown value as a string. */
export const errorMessage = (error: unknown): string => (isError(error) ? error.message : String(error));

/**
 * The text of an error for users, the same everywhere: `CODE: property: Message. Hint.`, without the property if it has none. The
 * message alone for other errors.
 */
export function formatError(error: unknown): string {
  if (!UnikernelError.is(error)) return errorMessage(error);
  return `${error.code}: ${formatErrorSentences(error)}`;
}

/** {@link formatError} without the code, for quoting in another error. */
export function formatErrorSentences({ property, message, hint }: UnikernelError): string {
  const sentence = property === undefined ? message : `${property}: ${message}`;
  if (hint === undefined) return sentence;
  // Lines quoted from a log stay on their own.
  return sentence.endsWith("\n") || hint.startsWith("\n") ? sentence + hint : `${sentence} ${hint}`;
}

/** Property and hint that the caller of a failed operation adds to its error. */
export interface ErrorContext {
  readonly property?: string;
  readonly hint?: string;
  /** For a code with several causes: the property and the hint for an error with this message, in place of the others. */
  readonly forMessage?: (message: string) => ErrorContext | undefined;
}

/**
 * Adds the context for its code to an error: the property if it has none, and the hint in place of its own. Other errors pass
 * through unchanged.
 */
export function withErrorContext(
  error: unknown,
  contexts: Readonly<Partial<Record<ErrorCode, ErrorContext>>>,
): unknown {
  if (!UnikernelError.is(error)) return error;
  const { code, message, details, cause } = error;
  const context = contexts[code]?.forMessage?.(message) ?? contexts[code];
  const property = error.property ?? context?.property;
  const hint = context?.hint ?? error.hint;
  if (property === error.property && hint === error.hint) return error;
  return new UnikernelError(code, message, {
    details,
    cause,
    ...(property === undefined ? {} : { property }),
    ...(hint === undefined ? {} : { hint }),
  });
}

/** The code of a Node system error, such as `ENOENT`; `undefined` for any other value. */
export const systemErrorCode = (error: unknown): string | undefined =>
  isError(error) && "code" in error && typeof error.code === "string" ? error.code : undefined;

/** True for a Node system error with one of these codes. */
export const hasErrorCode = (error: unknown, ...codes: readonly string[]): boolean =>
  codes.includes(systemErrorCode(error) ?? "");

/** Converts the Node system errors `ENOSPC` and `EDQUOT` to `NO_SPACE`; other errors pass through unchanged. */
export function fromSystemError(error: unknown, attempted: string): unknown {
  if (!hasErrorCode(error, "ENOSPC", "EDQUOT")) return error;
  return new UnikernelError("NO_SPACE", `No space left on the disk while ${attempted}.`, {
    hint: "Free some space, or point UNIKERNEL_STATE_DIR at a larger disk.",
    cause: error,
  });
}

/** How to get a larger quota, as the end of a sentence about what to do. */
export const LARGER_QUOTA =
  "or get a larger quota: from the metro's operator, or in metro 'local' with 'npx unikernel local up --quota'.";
