/** What the API answered, as errors of this package. Codes decide; the server's text is only quoted. */
import { type ErrorCode, UnikernelError } from "../base/errors";
import { ITEM_CODES } from "./codes";

const BY_ITEM_CODE: Readonly<Record<number, ErrorCode>> = {
  [ITEM_CODES.NotSupported]: "NOT_SUPPORTED",
  [ITEM_CODES.NotFound]: "NOT_FOUND",
  [ITEM_CODES.NoFree]: "IN_USE",
  [ITEM_CODES.FailedOperation]: "OPERATION_FAILED",
  [ITEM_CODES.FailedWrongVmState]: "STATE_CONFLICT",
  [ITEM_CODES.TimedOut]: "WAIT_TIMEOUT",
  [ITEM_CODES.Attached]: "IN_USE",
  [ITEM_CODES.Quota]: "QUOTA_EXCEEDED",
  [ITEM_CODES.GuestMemoryTooSmall]: "INPUT_INVALID",
  [ITEM_CODES.AlreadyExists]: "ALREADY_EXISTS",
  [ITEM_CODES.CannotBeUsed]: "IN_USE",
  [ITEM_CODES.AutoscaleInstance]: "STATE_CONFLICT",
  [ITEM_CODES.AutoscaleConfigured]: "STATE_CONFLICT",
  [ITEM_CODES.AutoscaleNotConfigured]: "STATE_CONFLICT",
  [ITEM_CODES.AutoscaleDisabled]: "NOT_SUPPORTED",
};

const HINTS: Readonly<Partial<Record<ErrorCode, string>>> = {
  ALREADY_EXISTS: "Choose another name, or leave the name out to have a unique one made.",
  QUOTA_EXCEEDED: "Delete what is no longer used, or ask for a larger quota.",
};

/** The part of an item that says how it fared. */
export interface ItemStatus {
  readonly status?: string | undefined;
  readonly message?: string | undefined;
  readonly error?: number | undefined;
}

/** The error of one failed item. `attempted` completes the sentence, such as `Creating volume 'data' in metro 'fra'`. */
export function itemFailure(attempted: string, item: ItemStatus, envelopeMessage: string | undefined): UnikernelError {
  const code = item.error === undefined ? "API_REJECTED" : (BY_ITEM_CODE[item.error] ?? "API_REJECTED");
  const hint = HINTS[code];
  return new UnikernelError(
    code,
    `${attempted} failed: ${item.message ?? envelopeMessage ?? "no reason given"}.`.replace(/\.\.$/, "."),
    {
      ...(hint === undefined ? {} : { hint }),
      details: { itemCode: item.error },
    },
  );
}

/** The error of a request that was refused as a whole. */
export function httpFailure(attempted: string, status: number, message: string | undefined): UnikernelError {
  const said = message === undefined ? "" : `: ${message.replace(/\.$/, "")}`;
  if (status === 401 || status === 403) {
    return new UnikernelError("API_UNAUTHORIZED", `${attempted} was refused with HTTP ${status}${said}.`, {
      hint: "Check the token (unikernel:token or UKC_TOKEN) and that it belongs to this metro.",
      details: { status },
    });
  }
  const code = status === 429 || status >= 500 ? "API_UNREACHABLE" : "API_REJECTED";
  return new UnikernelError(code, `${attempted} was refused with HTTP ${status}${said}.`, { details: { status } });
}
