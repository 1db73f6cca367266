/**
 * The one error class of this package, and how it is shown. Its codes are in `errorCodes.ts`.
 *
 * An error is a code, a sentence that says what was attempted, a hint that says what to do, and a cause.
 * Codes are matched, texts never. No part of an error may hold a secret.
 */
import type { ErrorCode } from "./errorCodes";

export type { ErrorCode } from "./errorCodes";

/** What may accompany an error's sentence. */
export interface ErrorOptions {
  /** What the reader can do next, as a full sentence. */
  readonly hint?: string;
  /** Property path in the resource's inputs, such as `ports[0].port`; or a setting, such as `unikernel:token`. */
  readonly property?: string;
  /**
   * Facts for programs, where known: `metro`, `resource` (uuid or name), `requestId`, `status` (HTTP), `itemCode` and
   * `itemCodeName`, `retryAfterMs`, `mayHaveActed` (false: the server did nothing), `succeeded` (the items of a bulk call that did, or
   * the properties that a change got through). Never a secret.
   */
  readonly details?: Readonly<Record<string, unknown>>;
  readonly cause?: unknown;
}

/** The one error class of this package. */
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

  /** True for our errors, also across two copies of this package in one process. */
  static is(value: unknown): value is UnikernelError {
    return value instanceof Error && value.name === "UnikernelError" && "code" in value;
  }

  /** True for our errors with one of these codes. */
  static has(value: unknown, ...codes: readonly ErrorCode[]): value is UnikernelError {
    return UnikernelError.is(value) && codes.includes(value.code);
  }
}

/** The message of an error; of anything else that was thrown, its text. */
export const errorMessage = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/**
 * The text a user reads, in one place so that every edge says it the same way:
 * `CODE: property: sentence Hint.`, the property where one is known.
 */
export function formatError(error: unknown): string {
  if (!UnikernelError.is(error)) return errorMessage(error);
  return `${error.code}: ${formatErrorSentences(error)}`;
}

/** {@link formatError} without the code, to be quoted in another error. */
export function formatErrorSentences({ property, message, hint }: UnikernelError): string {
  const sentence = property === undefined ? message : `${property}: ${message}`;
  if (hint === undefined) return sentence;
  // What was quoted from a log stands on lines of its own.
  return sentence.endsWith("\n") || hint.startsWith("\n") ? sentence + hint : `${sentence} ${hint}`;
}

/** Which input an error is about, and what to do about it, where the caller knows better than the error itself. */
export interface ErrorContext {
  readonly property?: string;
  readonly hint?: string;
}

/** The error with the blame of its code; other errors pass through unchanged. */
export function withErrorContext(
  error: unknown,
  contexts: Readonly<Partial<Record<ErrorCode, ErrorContext>>>,
): unknown {
  if (!UnikernelError.is(error)) return error;
  const { code, message, details, cause } = error;
  const property = error.property ?? contexts[code]?.property;
  const hint = contexts[code]?.hint ?? error.hint;
  if (property === error.property && hint === error.hint) return error;
  return new UnikernelError(code, message, {
    details,
    cause,
    ...(property === undefined ? {} : { property }),
    ...(hint === undefined ? {} : { hint }),
  });
}

/** The code of a system error of Node, such as `ENOENT`; `undefined` for anything else that was thrown. */
export const systemErrorCode = (error: unknown): string | undefined =>
  error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;

/** True for a system error of Node with one of these codes. */
export const hasErrorCode = (error: unknown, ...codes: readonly string[]): boolean =>
  codes.includes(systemErrorCode(error) ?? "");

/** Wraps a system error of Node (`ENOSPC` becomes `NO_SPACE`); other errors pass through unchanged. */
export function fromSystemError(error: unknown, attempted: string): unknown {
  if (!hasErrorCode(error, "ENOSPC", "EDQUOT")) return error;
  return new UnikernelError("NO_SPACE", `No space left on the disk while ${attempted}.`, {
    hint: "Free some space, or point UNIKERNEL_STATE_DIR at a larger disk.",
    cause: error,
  });
}
