/** Parses a response into its items or its error. Every item is parsed by its model. */
import type { UnikernelError } from "../../base/errors";
import {
  type RequestContext,
  type ErrorResponse,
  errorResponseError,
  responseShapeError,
  foreignResponseError,
} from "../errors/apiErrors";
import type { HttpResponse } from "./httpExchange";
import * as models from "../../contract/models";
import { parseRetryAfter } from "./retryPolicy";
import type { Route } from "../../contract/routes";

/** Items of a response, failed ones included. */
export interface ResponseItems {
  readonly items: readonly unknown[];
  /** Envelope message. */
  readonly message: string | undefined;
}

const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

/** True for a JSON response, by its content type, whose text is incomplete. */
export const isTruncated = ({ contentType, text }: HttpResponse): boolean =>
  contentType.includes("json") && parseJson(text) === undefined;

/** Status, message, request id and `Retry-After` of an error response. */
export function parseErrorResponse(
  { status, text, requestId, retryAfter }: HttpResponse,
  nowMs: number,
): ErrorResponse {
  const envelope = models.envelope.safeParse(parseJson(text)).data;
  const message = envelope?.message ?? envelope?.errors?.[0]?.message;
  return { status, message, requestId, retryAfterMs: parseRetryAfter(retryAfter, nowMs) };
}

/** Statuses that mean the same from any sender, including a proxy. */
const AUTH_STATUSES: readonly number[] = [401, 403, 407];

/**
 * The items of a complete response.
 *
 * Throws the error of the whole request, or `API_SHAPE` if no model accepts the response. `note` is a sentence about the address
 * for the latter.
 */
export function parseItems(
  route: Route,
  response: HttpResponse,
  context: RequestContext,
  nowMs: number,
  note?: string,
): ResponseItems {
  const envelope = models.envelope.safeParse(parseJson(response.text)).data;
  const errorResponse = parseErrorResponse(response, nowMs);
  if (envelope === undefined) {
    if (AUTH_STATUSES.includes(response.status)) throw errorResponseError(context, errorResponse);
    throw foreignResponseError(context, response, note);
  }
  if (response.status >= 300) throw errorResponseError(context, errorResponse);

  const { status, message, data, errors } = envelope;
  const content = route.dataKey === undefined ? [data] : data?.[route.dataKey];
  if (content === undefined && status !== "error")
    throw responseShapeError(context, `data.${route.dataKey ?? ""} is missing`, response.requestId);
  const shapeError = (paths: string) => responseShapeError(context, paths, response.requestId);
  const items = (Array.isArray(content) ? content : []).map((item: unknown) => parseItem(route, item, shapeError));
  if (status === "error" && items.length === 0) {
    throw errorResponseError(context, { ...errorResponse, status: errors?.[0]?.status ?? 400 });
  }
  return { items, message };
}

function parseItem(route: Route, item: unknown, shapeError: (paths: string) => UnikernelError): unknown {
  const parsed = route.item.safeParse(item);
  if (parsed.success) return parsed.data;
  // A failed item may have nothing but its selector and error. No code reads its other fields.
  const failed = models.failedItem.safeParse(item);
  if (failed.success) return failed.data;
  const paths = parsed.error.issues.map((issue) => issue.path.map(String).join(".")).join(", ");
  throw shapeError(paths);
}
