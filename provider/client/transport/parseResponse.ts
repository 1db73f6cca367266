/** From the bytes of an answer to its items, or to the failure that it tells of. Every item is parsed by its model. */
import type { UnikernelError } from "../../base/errors";
import { type Attempt, type Refusal, httpFailure, shapeFailure, strangerFailure } from "../errors/apiErrors";
import type { HttpAnswer } from "./httpExchange";
import * as models from "../../contract/models";
import { parseRetryAfter } from "./retryPolicy";
import type { Route } from "../../contract/routes";

/** Items of an answer, failed ones included. */
export interface Items {
  readonly items: readonly unknown[];
  readonly message: string | undefined;
}

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

/** True for an answer of this API, by its type, that ends before its JSON does. */
export const isTruncated = ({ type, text }: HttpAnswer): boolean => type.includes("json") && parse(text) === undefined;

/** What an answer that refuses the request as a whole says about it. */
export function refusalOf({ status, text, requestId, retryAfter }: HttpAnswer, nowMs: number): Refusal {
  const said = models.envelope.safeParse(parse(text)).data;
  const message = said?.message ?? said?.errors?.[0]?.message;
  return { status, message, requestId, retryAfterMs: parseRetryAfter(retryAfter, nowMs) };
}

/** Statuses whose meaning does not depend on who answers, a proxy included. */
const SPEAK_FOR_THEMSELVES: readonly number[] = [401, 403, 407];

/**
 * The items of an answer that is complete.
 *
 * Throws the refusal of the request as a whole, or `API_SHAPE`. `note`: what is to be known about the address.
 */
export function readItems(route: Route, answer: HttpAnswer, attempt: Attempt, nowMs: number, note?: string): Items {
  const envelope = models.envelope.safeParse(parse(answer.text)).data;
  const refusal = refusalOf(answer, nowMs);
  if (envelope === undefined) {
    if (SPEAK_FOR_THEMSELVES.includes(answer.status)) throw httpFailure(attempt, refusal);
    throw strangerFailure(attempt, answer, note);
  }
  if (answer.status >= 300) throw httpFailure(attempt, refusal);

  const { status, message, data, errors } = envelope;
  const content = route.dataKey === undefined ? [data] : data?.[route.dataKey];
  if (content === undefined && status !== "error")
    throw shapeFailure(attempt, `data.${route.dataKey ?? ""} is missing`, answer.requestId);
  const misfit = (paths: string) => shapeFailure(attempt, paths, answer.requestId);
  const items = (Array.isArray(content) ? content : []).map((item: unknown) => readItem(route, item, misfit));
  if (status === "error" && items.length === 0) {
    throw httpFailure(attempt, { ...refusal, status: errors?.[0]?.status ?? 400 });
  }
  return { items, message };
}

function readItem(route: Route, item: unknown, misfit: (paths: string) => UnikernelError): unknown {
  const parsed = route.item.safeParse(item);
  if (parsed.success) return parsed.data;
  // A failed item may hold nothing but its selector and its error; it never reaches code that reads its fields.
  const failed = models.failedItem.safeParse(item);
  if (failed.success) return failed.data;
  const paths = parsed.error.issues.map((issue) => issue.path.map(String).join(".")).join(", ");
  throw misfit(paths);
}
