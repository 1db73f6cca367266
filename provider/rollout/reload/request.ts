/** What a reload sends, and what becomes of the response. Pure. */
import type { HttpReadiness, ReadinessProbe } from "../../contract/models";
import { type ReadinessResponse, readinessProblem } from "../../contract/readiness/evaluate";

/** The request that makes a member load its configuration again, and what the response must be. */
export interface ReloadRequest extends Omit<HttpReadiness, "method"> {
  readonly method: "GET" | "POST" | "PUT";
}

/** How the members of a service are reloaded. */
export interface ReloadPolicy {
  readonly request: ReloadRequest;
  /** `member`: each gets its own request, past the service. `group`: one request through the service. */
  readonly scope: "member" | "group";
  /** `member`: how many get theirs at a time, at least 1. */
  readonly batchSize: number;
  /** How long failed connections and statuses from 500 on are tried again, and how long the gate may take. Milliseconds. */
  readonly healthyWithinMs: number;
  /** How long a member must then stay ready without a restart. Milliseconds. */
  readonly stableForMs: number;
  /** What a member must pass afterwards; `undefined`: its ports accept connections. */
  readonly gate: ReadinessProbe | undefined;
  /** It is enough that a member runs; there is no gate then. */
  readonly readyOnceRunning: boolean;
}

/** The response to one attempt, or why there was none, as a clause. */
export type Answer = ReadinessResponse | { readonly problem: string };

/** What an answer means; `reason` is a clause. */
export type Verdict =
  | { readonly outcome: "accepted" }
  /** It may be accepted later. */
  | { readonly outcome: "retry"; readonly reason: string }
  | { readonly outcome: "refused"; readonly reason: string };

/** Judges an answer. Only a failed connection and a status from 500 on may have another outcome later. */
export function judge(answer: Answer, request: ReloadRequest): Verdict {
  if ("problem" in answer) return { outcome: "retry", reason: answer.problem };
  const problem = readinessProblem(answer, request);
  if (problem === undefined) return { outcome: "accepted" };
  return { outcome: answer.status >= 500 ? "retry" : "refused", reason: problem };
}

const MIN_PAUSE_MS = 250;
const MAX_PAUSE_MS = 5_000;

/** The pause before another attempt, 1 after the first. Milliseconds. */
export const pauseAfter = (attempts: number): number => Math.min(MIN_PAUSE_MS * 2 ** (attempts - 1), MAX_PAUSE_MS);
