/** Error responses and transport failures as errors of this package. Codes and statuses decide; the server's text is only quoted. */
import { omitUndefined } from "../../base/objects";
import { UnikernelError } from "../../base/errors";
import type { ItemCodeName } from "../../contract/codes";
import type { HttpResponse, TransportFailure } from "../transport/httpExchange";
import { ITEM_ERRORS, itemCodeName } from "./itemErrors";
import { MAX_RETRY_AFTER_MS } from "../transport/retryPolicy";

/** A request in words, and in facts for programs. */
export interface RequestContext {
  /** Such as `GET /v1/volumes in metro 'fra'`. */
  readonly description: string;
  /** What the user wrote: `local`, a code, or a URL. */
  readonly metro: string;
  /** Uuid or name of the object that the request is about. */
  readonly resource: string | undefined;
}

/** The part of an item that says whether its operation succeeded. */
export interface ItemStatus {
  readonly status?: string | undefined;
  readonly message?: string | undefined;
  readonly error?: number | undefined;
}

/** The response that an item came in. */
export interface ResponseMetadata {
  /** Envelope message. */
  readonly message: string | undefined;
  readonly metro: string;
  readonly requestId: string | undefined;
}

const formatSentence = (attempted: string, said: string | undefined, requestId: string | undefined): string => {
  const reason = said === undefined ? "" : `: ${said.replace(/\.$/, "")}`;
  return `${attempted}${reason}${requestId === undefined ? "" : ` (request ${requestId})`}.`;
};

/** A wait that times out has no code in its item, only the current state. Source: the platform's responses to waits. */
const resolveItemCodeName = ({ error, state }: ItemStatus & { readonly state?: unknown }): ItemCodeName | undefined => {
  if (error !== undefined) return itemCodeName(error);
  return state === undefined ? undefined : "TimedOut";
};

/** The error of one failed item. `attempted` completes the sentence, such as `Creating volume 'data'`. */
export function failedItemError(
  attempted: string,
  item: ItemStatus & { uuid?: string; name?: string },
  reply: ResponseMetadata,
) {
  const name = resolveItemCodeName(item);
  const { code, hint } = name === undefined ? ({ code: "API_REJECTED", hint: undefined } as const) : ITEM_ERRORS[name];
  const serverMessage = item.message ?? reply.message ?? "no reason given";
  return new UnikernelError(code, formatSentence(`${attempted} failed`, serverMessage, reply.requestId), {
    // A server that says more than what failed has said what to do.
    ...(hint === undefined || serverMessage.includes(". ") ? {} : { hint }),
    details: omitUndefined({
      metro: reply.metro,
      requestId: reply.requestId,
      resource: item.uuid ?? item.name,
      itemCode: item.error,
      itemCodeName: name,
    }),
  });
}

/** A response that rejects a request as a whole. */
export interface ErrorResponse {
  readonly status: number;
  readonly message: string | undefined;
  readonly requestId: string | undefined;
  readonly retryAfterMs: number | undefined;
}

/** The error of a request that was rejected as a whole. */
export function errorResponseError(
  { description: words, metro, resource }: RequestContext,
  response: ErrorResponse,
): UnikernelError {
  const { status, message, requestId, retryAfterMs } = response;
  const details = omitUndefined({ metro, resource, requestId, status, retryAfterMs, mayHaveActed: status >= 500 });
  const text = formatSentence(`${words} was refused with HTTP ${status}`, message, requestId);
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

/** The error of a request without a usable response. `url`: where it was sent. */
export function transportError(
  { description: words, metro, resource }: RequestContext,
  url: string,
  { reason, mayHaveActed, proxy }: Omit<TransportFailure, "kind">,
  note?: string,
): UnikernelError {
  const viaProxy = proxy === undefined ? "" : ` by way of ${proxy}`;
  const hint =
    proxy === undefined
      ? "Check the metro's name, the network, and HTTPS_PROXY if one is needed."
      : "Check unikernel:proxy, the metro's name, and the network.";
  return new UnikernelError("API_UNREACHABLE", `${words} got no answer from ${url}${viaProxy} (${reason}).`, {
    hint: appendNote(hint, note),
    details: omitUndefined({ metro, resource, mayHaveActed }),
  });
}

/** The error of a response that did not come from this API. A web page means that the API did nothing. */
export function foreignResponseError(
  { description: words, metro, resource }: RequestContext,
  response: Pick<HttpResponse, "status" | "contentType" | "requestId">,
  note?: string,
): UnikernelError {
  const { status, contentType, requestId } = response;
  return new UnikernelError(
    "API_SHAPE",
    `${words} was answered with HTTP ${status} and ${contentType === "" ? "no content type" : contentType}, not with this API's JSON.`,
    {
      hint: appendNote(
        `Another service answers at this address: unikernel:metro is '${metro}', and may be 'local', a code such as 'fra', or the URL of an API.`,
        note,
      ),
      details: omitUndefined({ metro, resource, status, requestId, mayHaveActed: !contentType.includes("html") }),
    },
  );
}

const appendNote = (hint: string, note: string | undefined): string => (note === undefined ? hint : `${hint} ${note}`);

/** The error of a response of an unknown shape. `where`: paths of the invalid members, never values. */
export const responseShapeError = (
  { description: words, metro, resource }: RequestContext,
  where: string,
  requestId?: string,
): UnikernelError =>
  new UnikernelError("API_SHAPE", `${words} was answered in a form this version does not know (${where}).`, {
    hint: "Look for a newer version of this package.",
    details: omitUndefined({ metro, resource, requestId }),
  });
