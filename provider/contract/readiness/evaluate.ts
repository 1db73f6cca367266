/** Evaluates the response to a readiness probe. Pure. Used by the local platform and for the candidate of a rollout elsewhere. */
import { errorMessage } from "../../base/errors";
import { needsBody, type HttpReadiness } from "../models/readinessProbe";
import { compileJsonPath, compilePattern } from "./syntax";
import { TimeLimitExceeded, withinTimeLimit } from "./timeLimit";

/** A response to a probe. */
export interface ReadinessResponse {
  readonly status: number;
  /** The decoded body; `undefined` if it has more than {@link MAX_PROBE_BODY_BYTES} bytes. */
  readonly body: string | undefined;
}

/** The conditions on a response. */
export type ReadinessConditions = Pick<HttpReadiness, "path" | "statuses" | "match" | "contains" | "pattern">;

/** Longest body that is evaluated. */
export const MAX_PROBE_BODY_BYTES = 1024 * 1024;

/**
 * How long the evaluation of one body may block the process. A query or expression that backtracks would otherwise block it for
 * longer than anyone waits, whatever the length of the body.
 */
const EVALUATION_LIMIT_MS = 100;

/**
 * Why a response does not pass, as a clause; `undefined` if it passes. Never quotes the body, which may contain secrets.
 *
 * A JSONPath query passes if it finds something and everything that it finds equals the value.
 *
 * @param response `undefined`: there was none
 */
export function readinessProblem(
  response: ReadinessResponse | undefined,
  conditions: ReadinessConditions,
): string | undefined {
  const { path, statuses } = conditions;
  if (response === undefined) return `${path} did not respond`;
  const { status, body } = response;
  const isAccepted = statuses === undefined ? status >= 200 && status <= 399 : statuses.includes(status);
  if (!isAccepted) return `${path} returned HTTP ${status}`;
  if (!needsBody(conditions)) return undefined;
  if (body === undefined) return `${path} returned more than ${MAX_PROBE_BODY_BYTES} bytes`;
  try {
    return withinTimeLimit(EVALUATION_LIMIT_MS, () => bodyProblem(body, conditions));
  } catch (error) {
    const why = error instanceof TimeLimitExceeded ? error.message : `failed: ${errorMessage(error)}`;
    return `checking the response of ${path} ${why}`;
  }
}

function bodyProblem(body: string, { path, match = {}, contains, pattern }: ReadinessConditions): string | undefined {
  if (contains !== undefined && !body.includes(contains))
    return `${path} did not return the text ${JSON.stringify(contains)}`;
  if (pattern !== undefined && !compilePattern(pattern).test(body))
    return `${path} did not return text that matches /${pattern}/`;
  const rules = Object.entries(match);
  if (rules.length === 0) return undefined;
  let json: Parameters<ReturnType<typeof compileJsonPath>["query"]>[0];
  try {
    json = JSON.parse(body) as typeof json; // any JSON value
  } catch {
    return `${path} did not return JSON`;
  }
  const failed = rules.find(([query, expected]) => {
    const found = compileJsonPath(query).query(json).values();
    return found.length === 0 || found.some((value) => value !== expected);
  });
  return failed && `${path} did not return ${JSON.stringify(failed[1])} at ${failed[0]}`;
}
