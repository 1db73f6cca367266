/** Maps error responses and transport failures to errors of this package, by code and status. The server's text is only quoted. */
import { similarMetro } from "../../base/config/metroConfig";
import { omitUndefined } from "../../base/objects";
import { UnikernelError } from "../../base/errors";
import type { ItemCodeName } from "../../contract/codes";
import type { HttpResponse, TransportFailure } from "../transport/httpExchange";
import { ITEM_ERRORS, itemCodeName } from "./itemErrors";
import { MAX_RETRY_AFTER_MS } from "../transport/retryPolicy";

/** The request that an error is about: as text, and as details for programs. */
export interface RequestContext {
  /** Such as `GET /v1/volumes in metro 'fra'`. */
  readonly description: string;
  /** The metro as configured: `local`, a code, or a URL. */
  readonly metro: string;
  /** Uuid or name of the object that the request is about; `undefined` if it names none. */
  readonly resource: string | undefined;
}

/** The fields of an item that tell whether its operation succeeded. */
export interface ItemStatus {
  readonly status?: string | undefined;
  readonly message?: string | undefined;
  /** One of `ITEM_CODES`. */
  readonly error?: number | undefined;
}

/** The response that contains an item. */
export interface ResponseMetadata {
  /** Envelope message. */
  readonly message: string | undefined;
  /** The metro as configured: `local`, a code, or a URL. */
  readonly metro: string;
  readonly requestId: string | undefined;
}

const formatSentence = (
  attempted: string,
  serverMessage: string | undefined,
  requestId: string | undefined,
): string => {
  const reason = serverMessage === undefined ? "" : `: ${serverMessage.replace(/\.$/, "")}`;
  return `${attempted}${reason}${requestId === undefined ? "" : ` (request ${requestId})`}.`;
};

/** An item of a wait that timed out has no code, only the current state. Source: the platform's responses to waits. */
const resolveItemCodeName = ({ error, state }: ItemStatus & { readonly state?: unknown }): ItemCodeName | undefined => {
  if (error !== undefined) return itemCodeName(error);
  return state === undefined ? undefined : "TimedOut";
};

/** The error of a failed item. `attempted` starts its sentence, such as `Creating volume 'data'`. */
export function failedItemError(
  attempted: string,
  item: ItemStatus & { uuid?: string; name?: string },
  response: ResponseMetadata,
) {
  const name = resolveItemCodeName(item);
  const { code, hint } = name === undefined ? ({ code: "API_REJECTED", hint: undefined } as const) : ITEM_ERRORS[name];
  const serverMessage = item.message ?? response.message ?? "no reason given";
  return new UnikernelError(code, formatSentence(`${attempted} failed`, serverMessage, response.requestId), {
    // If the server's message has several sentences, it already says what to do.
    ...(hint === undefined || serverMessage.includes(". ") ? {} : { hint }),
    details: omitUndefined({
      metro: response.metro,
      requestId: response.requestId,
      resource: item.uuid ?? item.name,
      itemCode: item.error,
      itemCodeName: name,
    }),
  });
}

/** An error response to a whole request. */
export interface ErrorResponse {
  /** HTTP status. */
  readonly status: number;
  readonly message: string | undefined;
  readonly requestId: string | undefined;
  /** Milliseconds from `Retry-After`; `undefined` without that header. */
  readonly retryAfterMs: number | undefined;
}

/** The error of a whole request: `API_UNAUTHORIZED` (401, 403), `API_UNREACHABLE` (407, 429, 5xx), otherwise `API_REJECTED`. */
export function errorResponseError(
  { description, metro, resource }: RequestContext,
  response: ErrorResponse,
): UnikernelError {
  const { status, message, requestId, retryAfterMs } = response;
  const details = omitUndefined({ metro, resource, requestId, status, retryAfterMs, mayHaveActed: status >= 500 });
  const text = formatSentence(`${description} failed with HTTP ${status}`, message, requestId);
  if (status === 401 || status === 403) {
    const hint = "Check the token (unikernel:token or UKC_TOKEN) and that it belongs to this metro.";
    return new UnikernelError("API_UNAUTHORIZED", text, { property: "unikernel:token", hint, details });
  }
  const hint = hintFor(status, retryAfterMs);
  const code = status === 429 || status >= 500 || status === 407 ? "API_UNREACHABLE" : "API_REJECTED";
  return new UnikernelError(code, text, { ...(hint === undefined ? {} : { hint }), details });
}

function hintFor(status: number, retryAfterMs: number | undefined): string | undefined {
  if (retryAfterMs !== undefined && retryAfterMs > MAX_RETRY_AFTER_MS) {
    return `Rate limited; retry in ${Math.ceil(retryAfterMs / 1000)} s.`;
  }
  if (status === 429) return "Too many requests at once; retry later, or lower unikernel:maxConcurrency.";
  if (status >= 500) return "Retry; if it persists, contact the metro's operator.";
  if (status === 407) return "The proxy requires a user and a password; set them in unikernel:proxy or HTTPS_PROXY.";
  if (status === 404 || status === 405) {
    return "This metro's release lacks this operation, or its URL is not the URL of an API.";
  }
  return undefined;
}

/** `API_UNREACHABLE` for a request without a usable response. `url` is the address it was sent to. */
export function transportError(
  { description, metro, resource }: RequestContext,
  url: string,
  { reason, mayHaveActed, proxy }: Omit<TransportFailure, "kind">,
  note?: string,
): UnikernelError {
  const viaProxy = proxy === undefined ? "" : ` through ${proxy}`;
  const similar = metro === undefined ? undefined : similarMetro(metro);
  const advice =
    proxy === undefined
      ? "Check the metro's name, the network, and HTTPS_PROXY if one is needed."
      : "Check unikernel:proxy, the metro's name, and the network.";
  return new UnikernelError("API_UNREACHABLE", `${description} got no response from ${url}${viaProxy} (${reason}).`, {
    hint: appendNote(similar === undefined ? advice : `Did you mean the metro '${similar}'? ${advice}`, note),
    details: omitUndefined({ metro, resource, mayHaveActed }),
  });
}

/** `API_SHAPE` for a response of another service. A web page means that the API has not acted. */
export function foreignResponseError(
  { description, metro, resource }: RequestContext,
  response: Pick<HttpResponse, "status" | "contentType" | "requestId">,
  note?: string,
): UnikernelError {
  const { status, contentType, requestId } = response;
  return new UnikernelError(
    "API_SHAPE",
    `${description} returned HTTP ${status} with ${contentType === "" ? "no content type" : contentType}, not this API's JSON.`,
    {
      hint: appendNote(
        `Another service responds at this address. Set unikernel:metro (now '${metro}') to 'local', a code such as 'fra', or the URL of an API.`,
        note,
      ),
      details: omitUndefined({ metro, resource, status, requestId, mayHaveActed: !contentType.includes("html") }),
    },
  );
}

const appendNote = (hint: string, note: string | undefined): string => (note === undefined ? hint : `${hint} ${note}`);

/** `API_SHAPE` for a response that no model accepts. `where` lists the paths of the invalid members, never their values. */
export const responseShapeError = (
  { description, metro, resource }: RequestContext,
  where: string,
  requestId?: string,
): UnikernelError =>
  new UnikernelError(
    "API_SHAPE",
    `${description} returned a response that this version does not understand (${where}).`,
    {
      hint: "Look for a newer version of this package.",
      details: omitUndefined({ metro, resource, requestId }),
    },
  );
