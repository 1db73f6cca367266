/** Errors of requests to a registry. */
import { UnikernelError, isError, systemErrorCode } from "../../base/errors";

/** One request to a registry, for messages. */
export interface RegistryRequest {
  /** Host with port if any. */
  readonly registry: string;
  /** Such as `manifest 'official/base:latest'`. */
  readonly subject: string;
}

/** The HTTP request that was answered, for messages. */
export interface AnsweredCall {
  readonly method: string;
  /** URL that responded. Its query may be a signature, so that it is never shown. */
  readonly url: URL;
  /** The statuses that the request expects; `undefined` if the status is not what is wrong. */
  readonly expected?: readonly number[] | undefined;
}

/** What a registry said about a request that failed. */
export interface RegistryFailure {
  /** `undefined` if no request was sent. */
  readonly call?: AnsweredCall | undefined;
  readonly status: number;
  /** The registry's own message, cleaned by `describeFailureBody`; empty if it sent none. */
  readonly reason: string;
  /** Whether the request carried the credentials of a user; an anonymous token does not count. */
  readonly wasAuthenticated: boolean;
  /** Delay that the registry asked for; `undefined` if it named none. */
  readonly retryAfterMs?: number | undefined;
}

/** The call after a sentence about it: ` (GET /v2/app/manifests/latest, expected HTTP 200)`. */
function formatCall({ registry }: RegistryRequest, call: AnsweredCall | undefined): string {
  if (call === undefined) return "";
  const { method, url, expected = [] } = call;
  const place = url.host === registry ? url.pathname : `${url.origin}${url.pathname}`;
  return ` (${method} ${place}${expected.length === 0 ? "" : `, expected HTTP ${expected.join(" or ")}`})`;
}

/** The error for an invalid response. `found` describes it, such as `a document larger than 4 MiB`. */
export const malformedError = (request: RegistryRequest, found: string, call?: AnsweredCall): UnikernelError =>
  new UnikernelError(
    "API_SHAPE",
    `The registry '${request.registry}' sent ${found} for ${request.subject}${formatCall(request, call)}.`,
    {
      hint: "Check that the host is an OCI registry.",
    },
  );

/** The error for a status that the request does not expect. */
export function statusError(request: RegistryRequest, failure: RegistryFailure): UnikernelError {
  const { status, reason, wasAuthenticated, retryAfterMs, call } = failure;
  const { registry, subject } = request;
  const said = reason === "" ? "." : `: ${reason}${/[.!?…]$/.test(reason) ? "" : "."}`;
  // A registry may refuse, or lack what is asked for; any other status is a fault of the registry or of what is in front of it.
  const asked = [401, 403, 404, 429].includes(status) ? "" : formatCall(request, call);
  const message = `The registry '${registry}' returned HTTP ${status} for ${subject}${asked}${said}`;
  const details = { status, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
  const error = (code: UnikernelError["code"], hint: string) => new UnikernelError(code, message, { hint, details });
  if (status === 401 || status === 403) {
    return error(
      "API_UNAUTHORIZED",
      wasAuthenticated
        ? `Check the name, and whether these credentials may access it on '${registry}'.`
        : `Check the name. If the image is private, log in with 'docker login ${registry}', or set credentials for the registry.`,
    );
  }
  if (status === 404) return error("NOT_FOUND", "Check the name and the tag.");
  if (status === 429) {
    const delay = retryAfterMs === undefined ? "later" : `in ${Math.ceil(retryAfterMs / 1000)} s`;
    return error("API_UNREACHABLE", `Rate limited; retry ${delay}.`);
  }
  if (status >= 500) return error("API_UNREACHABLE", "Retry later.");
  if (status < 400) return malformedError(request, `HTTP ${status}`, call);
  return error("API_REJECTED", "Correct what the registry names.");
}

/** The error for a request without a response. Quotes the error's code only: an axios error contains the token. */
export function unreachableError({ registry, subject }: RegistryRequest, error: unknown): UnikernelError {
  if (UnikernelError.is(error)) return error;
  const systemCode = systemErrorCode(error);
  const reason = systemCode ?? (isError(error) && error.name !== "AxiosError" ? error.message : "no response");
  return new UnikernelError(
    "API_UNREACHABLE",
    `The request for ${subject} to registry '${registry}' failed (${reason}).`,
    {
      hint: "Check the network and the registry's host.",
      ...(systemCode === undefined ? {} : { details: { systemCode } }),
    },
  );
}

/** Longest message that is quoted, in characters. */
const MAX_REASON_LENGTH = 300;

/**
 * The registry's own message in the body of a failed request: the code and message of each error, or else the body's text unless it is
 * HTML. Without control characters and without `secrets`, at most 300 characters. Pure.
 *
 * Source: OCI distribution-spec 1.1, "Error Codes".
 */
export function describeFailureBody(body: string, secrets: readonly string[] = []): string {
  const text = parseErrors(body) ?? (/^\s*</.test(body) ? "" : body);
  const redacted = secrets
    .filter((secret) => secret !== "")
    .reduce((all, secret) => all.replaceAll(secret, "***"), text);
  const clean = redacted.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\s]+/gu, " ").trim();
  return clean.length <= MAX_REASON_LENGTH ? clean : `${clean.slice(0, MAX_REASON_LENGTH)}…`;
}

function parseErrors(body: string): string | undefined {
  let json: unknown;
  try {
    json = JSON.parse(body);
  } catch {
    return undefined;
  }
  const errors: unknown = typeof json === "object" && json !== null && "errors" in json ? json.errors : undefined;
  if (!Array.isArray(errors)) return "";
  return errors
    .slice(0, 5)
    .map(describeError)
    .filter((text) => text !== "")
    .join("; ");
}

function describeError(error: unknown): string {
  if (typeof error !== "object" || error === null) return "";
  const code = "code" in error && typeof error.code === "string" ? error.code : "";
  const message = "message" in error && typeof error.message === "string" ? error.message : "";
  return [code, message].filter((text) => text !== "").join(": ");
}
