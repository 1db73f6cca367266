/**
 * Numeric codes in the `error` field of an item. Source: the vendor's Go SDK, `client/errors.go` (an enumeration
 * that starts at 0); the Python and JavaScript SDKs agree on 8 and 23.
 */
export const ITEM_CODES = {
  UnknownError: 0,
  NotSupported: 1,
  WrongMethod: 2,
  NoApiEndpoint: 3,
  FailNotAll: 4,
  TooMany: 5,
  Unknown: 6,
  Invalid: 7,
  NotFound: 8,
  NoFree: 9,
  FailedOperation: 10,
  FailedWrongVmState: 11,
  TimedOut: 12,
  MissingId: 13,
  NotAllowed: 14,
  Attached: 15,
  MalformedRequest: 16,
  NotBoth: 17,
  AddService: 18,
  Quota: 19,
  GuestMemoryTooSmall: 20,
  NotAttached: 21,
  TooLong: 22,
  AlreadyExists: 23,
  CannotBeUsed: 24,
  AutoscaleInstance: 25,
  AutoscaleConfigured: 26,
  AutoscaleNotConfigured: 27,
  AutoscaleDisabled: 28,
  AutoscaleSizeOutOfRange: 29,
  CertCnMismatch: 30,
} as const;

/** Name of an item code, such as `NotFound`. */
export type ItemCodeName = keyof typeof ITEM_CODES;

/** One of the numbers of {@link ITEM_CODES}. */
export type ItemCode = (typeof ITEM_CODES)[ItemCodeName];

const UP_STATES: readonly unknown[] = ["starting", "running", "standby"];

/** True for the state of an instance that needs no start. */
export const isUp = (state: unknown): boolean => UP_STATES.includes(state);

/** Bits of an instance's `stop_reason`. Source: the platform's documentation. */
export const STOP_REASON = {
  Kernel: 1,
  Application: 2,
  Platform: 4,
  User: 8,
  Forced: 16,
  ScaleToZero: 32,
} as const;

/** The fields that tell how an instance stopped. */
export interface StopDetails {
  readonly stop_reason?: number | undefined;
  readonly stop_code?: number | undefined;
  readonly exit_code?: number | undefined;
  /** In words; only on the local platform. */
  readonly stop_notice?: string | undefined;
}

/**
 * True when the program ended by itself and reported success: it was not stopped by a user or the platform, did not crash, and its exit
 * code is 0. A guest that reports no exit code (Unikraft) succeeded if it shut down in order.
 */
export function isCleanExit({
  stop_reason: reason = 0,
  stop_code: code = 0,
  exit_code: exitCode = 0,
}: StopDetails): boolean {
  const fromOutside = STOP_REASON.User | STOP_REASON.Platform | STOP_REASON.Forced | STOP_REASON.ScaleToZero;
  return (
    (reason & fromOutside) === 0 && (reason & STOP_REASON.Application) !== 0 && exitCode === 0 && (code & 0xff) === 0
  );
}
