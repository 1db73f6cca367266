/** What each numeric code of an item means for the user: a code of ours, and what to do. */
import type { ErrorCode } from "../../base/errors";
import { ITEM_CODES, type ItemCodeName } from "../../contract/codes";

/** What becomes of an item code. */
export interface ItemErrorMapping {
  readonly code: ErrorCode;
  /** A full sentence. */
  readonly hint: string;
}

/**
 * By name of the code. A refused value is `API_REJECTED`: which property it is about, only the caller can tell. `NOT_FOUND` is
 * code 8 and nothing else, since it means "gone".
 */
export const ITEM_ERRORS: Readonly<Record<ItemCodeName, ItemErrorMapping>> = {
  UnknownError: {
    code: "OPERATION_FAILED",
    hint: "The metro itself failed: try again, and report it to its people if it stays.",
  },
  NotSupported: {
    code: "NOT_SUPPORTED",
    hint: "Leave out what this metro or your plan does not have, or use another metro.",
  },
  WrongMethod: { code: "NOT_SUPPORTED", hint: "This metro runs a release without this operation: use another metro." },
  NoApiEndpoint: {
    code: "NOT_SUPPORTED",
    hint: "This metro runs a release without this operation: use another metro.",
  },
  FailNotAll: {
    code: "OPERATION_FAILED",
    hint: "Some of it was done: run 'pulumi refresh' to see what, then try again.",
  },
  TooMany: { code: "API_REJECTED", hint: "Ask for fewer things at once." },
  Unknown: {
    code: "API_REJECTED",
    hint: "This metro's release does not know a property that was sent: leave it out, or use another metro.",
  },
  Invalid: {
    code: "API_REJECTED",
    hint: "Change the value that the metro names; getQuotas() tells the ranges of the account.",
  },
  NotFound: {
    code: "NOT_FOUND",
    hint: "Check its name or uuid, and that it belongs to this metro and this account.",
  },
  NoFree: { code: "IN_USE", hint: "None is free in this metro: release one, or use another metro." },
  FailedOperation: { code: "OPERATION_FAILED", hint: "Try again; the metro's sentence says what went wrong." },
  FailedWrongVmState: {
    code: "STATE_CONFLICT",
    hint: "Wait until the instance has settled, or start or stop it, then try again.",
  },
  TimedOut: { code: "WAIT_TIMEOUT", hint: "It may still happen: run 'pulumi refresh' and look again." },
  MissingId: { code: "BUG", hint: "A request named no object: report it to the authors of this package." },
  NotAllowed: {
    code: "NOT_ALLOWED",
    hint: "Release its delete lock if it has one; otherwise the token lacks a permission for this.",
  },
  Attached: { code: "IN_USE", hint: "Detach or delete what uses it first." },
  MalformedRequest: {
    code: "API_REJECTED",
    hint: "This metro speaks another release of the API: look for a newer version of this package.",
  },
  NotBoth: { code: "API_REJECTED", hint: "Give only one of the two that the metro names." },
  AddService: {
    code: "OPERATION_FAILED",
    hint: "Check the service's ports and handlers, and that no other service has them.",
  },
  Quota: { code: "QUOTA_EXCEEDED", hint: "Delete what is no longer used, or ask for a larger quota." },
  GuestMemoryTooSmall: { code: "INPUT_INVALID", hint: "Give the instance more memory: the image does not fit." },
  NotAttached: { code: "STATE_CONFLICT", hint: "It is detached already: run 'pulumi refresh'." },
  TooLong: { code: "API_REJECTED", hint: "Choose a shorter name or value." },
  AlreadyExists: {
    code: "ALREADY_EXISTS",
    hint: "Choose another name, or leave the name out to have a unique one made.",
  },
  CannotBeUsed: {
    code: "IN_USE",
    hint: "It exists and cannot be used here: another object has it, or it is in the wrong state.",
  },
  AutoscaleInstance: {
    code: "STATE_CONFLICT",
    hint: "Autoscaling made this instance and manages it: change the service's autoscaling instead.",
  },
  AutoscaleConfigured: { code: "ALREADY_EXISTS", hint: "The service has autoscaling already: remove it first." },
  AutoscaleNotConfigured: { code: "STATE_CONFLICT", hint: "Configure autoscaling of the service first." },
  AutoscaleDisabled: {
    code: "NOT_SUPPORTED",
    hint: "Your account has no autoscaling: ask for it, or leave it out.",
  },
  AutoscaleSizeOutOfRange: {
    code: "API_REJECTED",
    hint: "Change the sizes; getQuotas() tells the range of the account.",
  },
  CertCnMismatch: {
    code: "CERTIFICATE_MISMATCH",
    hint: "Use the certificate that is for this domain, or a key that fits the certificate.",
  },
};

/** Name of an item code; `undefined` for one of a newer API. */
export const itemCodeName = (code: number): ItemCodeName | undefined =>
  (Object.keys(ITEM_CODES) as ItemCodeName[]).find((name) => ITEM_CODES[name] === code);
