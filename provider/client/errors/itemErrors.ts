/** The error code and the hint for each numeric code of an item. */
import type { ErrorCode } from "../../base/errors";
import { ITEM_CODES, type ItemCodeName } from "../../contract/codes";

/** Error code and hint for an item code. */
export interface ItemErrorMapping {
  readonly code: ErrorCode;
  /** A full sentence. */
  readonly hint: string;
}

/** How to get a larger quota, as the end of a sentence about what to do. */
export const LARGER_QUOTA =
  "or get a larger quota: from the metro's operator, or in metro 'local' with 'npx unikernel local up --quota'.";

/**
 * The mapping for each item code. A rejected value is `API_REJECTED`, since only the caller knows its property. Only code 8 is
 * `NOT_FOUND`, because callers treat that as deleted.
 */
export const ITEM_ERRORS: Readonly<Record<ItemCodeName, ItemErrorMapping>> = {
  UnknownError: {
    code: "OPERATION_FAILED",
    hint: "Retry; if it persists, contact the metro's operator.",
  },
  NotSupported: {
    code: "NOT_SUPPORTED",
    hint: "Remove what this metro or your plan does not support, or use another metro.",
  },
  WrongMethod: { code: "NOT_SUPPORTED", hint: "This metro runs a release without this operation; use another metro." },
  NoApiEndpoint: {
    code: "NOT_SUPPORTED",
    hint: "This metro runs a release without this operation; use another metro.",
  },
  FailNotAll: {
    code: "OPERATION_FAILED",
    hint: "Some items succeeded; run 'pulumi refresh' to see which, then retry.",
  },
  TooMany: { code: "API_REJECTED", hint: "Request fewer items at once." },
  Unknown: {
    code: "API_REJECTED",
    hint: "This metro's release does not know one of the properties; remove it, or use another metro.",
  },
  Invalid: {
    code: "API_REJECTED",
    hint: "Change the value that the metro names; getQuotas() returns the ranges of the account.",
  },
  NotFound: {
    code: "NOT_FOUND",
    hint: "Check its name or uuid, and that it belongs to this metro and this account.",
  },
  NoFree: { code: "IN_USE", hint: "None is free in this metro; release one, or use another metro." },
  FailedOperation: { code: "OPERATION_FAILED", hint: "Retry; the metro's message says what went wrong." },
  FailedWrongVmState: {
    code: "STATE_CONFLICT",
    hint: "Wait until the instance has settled, or start or stop it, then retry.",
  },
  TimedOut: { code: "WAIT_TIMEOUT", hint: "It may still complete; run 'pulumi refresh' to see." },
  MissingId: { code: "BUG", hint: "A request named no object; please report this bug." },
  NotAllowed: {
    code: "NOT_ALLOWED",
    hint: "Remove its delete lock if it has one; otherwise the token lacks a permission.",
  },
  Attached: { code: "IN_USE", hint: "Stop, detach or delete what uses it first." },
  MalformedRequest: {
    code: "API_REJECTED",
    hint: "This metro runs another release of the API; look for a newer version of this package.",
  },
  NotBoth: { code: "API_REJECTED", hint: "Give only one of the two that the metro names." },
  AddService: {
    code: "OPERATION_FAILED",
    hint: "Check the service's ports and handlers, and that no other service has them.",
  },
  Quota: {
    code: "QUOTA_EXCEEDED",
    hint: `Delete unused objects, ${LARGER_QUOTA}`,
  },
  GuestMemoryTooSmall: { code: "INPUT_INVALID", hint: "Give the instance more memory; the image does not fit." },
  NotAttached: { code: "STATE_CONFLICT", hint: "It is already detached; run 'pulumi refresh'." },
  TooLong: { code: "API_REJECTED", hint: "Choose a shorter name or value." },
  AlreadyExists: {
    code: "ALREADY_EXISTS",
    hint: "Choose another name, or leave the name out.",
  },
  CannotBeUsed: {
    code: "IN_USE",
    hint: "It exists but cannot be used here: another object uses it, or it is in the wrong state.",
  },
  AutoscaleInstance: {
    code: "STATE_CONFLICT",
    hint: "Autoscaling created this instance and manages it; change the service's autoscaling instead.",
  },
  AutoscaleConfigured: { code: "ALREADY_EXISTS", hint: "The service already has autoscaling; remove it first." },
  AutoscaleNotConfigured: { code: "STATE_CONFLICT", hint: "Configure autoscaling of the service first." },
  AutoscaleDisabled: {
    code: "NOT_SUPPORTED",
    hint: "Your account has no autoscaling; request it, or remove autoscale.",
  },
  AutoscaleSizeOutOfRange: {
    code: "API_REJECTED",
    hint: "Change the sizes; getQuotas() returns the range of the account.",
  },
  CertCnMismatch: {
    code: "CERTIFICATE_MISMATCH",
    hint: "Use a certificate for this domain, and the key that matches it.",
  },
};

/** Name of an item code; `undefined` for a code of a newer API. */
export const itemCodeName = (code: number): ItemCodeName | undefined =>
  (Object.keys(ITEM_CODES) as ItemCodeName[]).find((name) => ITEM_CODES[name] === code);
