/**
 * Every failure this package can name, in one table, and the one error class that carries it.
 *
 * An error is a code, a sentence that says what was attempted, a hint that says what to do, and a cause.
 * Codes are matched, texts never. No part of an error may hold a secret.
 */
export const ERRORS = {
  INPUT_INVALID: "A property of a resource breaks a rule.",
  CONFIG_INVALID: "A setting (metro, token, endpoint) is missing or malformed.",
  CONTEXT_INVALID: "The image context folder is missing, escapes itself, or holds a file that cannot be packed.",
  KRAFTFILE_INVALID: "The Kraftfile is missing, doubled, not YAML, or says something it may not.",
  RUNTIME_UNAVAILABLE: "The Kraftfile's runtime could be neither found nor fetched nor made.",
  BUILD_FAILED: "The image could not be packed.",
  NO_SPACE: "The disk is full.",
  API_UNREACHABLE: "The metro did not answer.",
  API_UNAUTHORIZED: "The metro refused the token.",
  API_SHAPE: "The answer is not one of this API: another service answers at this address, or a newer one.",
  API_REJECTED: "The metro refused the request as malformed or not allowed.",
  NOT_FOUND: "No object with this uuid or name exists.",
  ALREADY_EXISTS: "The name is taken.",
  IN_USE: "The object is attached or used elsewhere.",
  STATE_CONFLICT: "The instance is in the wrong state for this.",
  QUOTA_EXCEEDED: "A quota of the account is used up.",
  NOT_SUPPORTED: "This metro cannot do this.",
  NOT_ALLOWED:
    "The object is locked against deletion, or the token lacks the permission; the metro's code is the same for both.",
  CERTIFICATE_MISMATCH: "The certificate is for another domain, or its key is another one's.",
  OPERATION_FAILED: "The metro tried and failed.",
  WAIT_TIMEOUT: "What was waited for did not happen in time.",
  GUEST_STOPPED: "The guest exited or crashed when it should have been running.",
  IMAGE_MISMATCH: "What runs is not the image that was asked for.",
  ROLLOUT_FAILED: "A rolling update was given up; the old instances go on serving.",
  DAEMON_FAILED: "The local platform could not be started.",
  QEMU_MISSING: "No QEMU was found on this machine.",
  VMM_FAILED: "QEMU could not start or control a VM.",
  BUG: "A fault of this package; please report it.",
} as const;

/** One of the codes of {@link ERRORS}. */
export type ErrorCode = keyof typeof ERRORS;

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
