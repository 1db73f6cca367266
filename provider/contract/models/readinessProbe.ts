/**
 * When an instance may get connections. An extension of the local platform: metros list it as the feature `readiness-probe` in
 * `GET /v1/healthz`, and others reject the field.
 */
import * as z from "zod";
import { mapOf } from "../../base/mapSchema";
import { checkedText } from "../readiness/checkedText";
import { headerProblem, jsonPathProblem, pathProblem, patternProblem } from "../readiness/syntax";
import { port } from "./common";

/** Longest duration in a probe, in milliseconds. */
export const MAX_PROBE_MS = 3_600_000;
/** How long a connection waits for an instance that is not ready, unless its probe says otherwise. Milliseconds. */
export const DEFAULT_HOLD_TIMEOUT_MS = 60_000;
const durationMs = z.int().min(0).max(MAX_PROBE_MS);

/** A map without the problem that `problemOf` finds in one of its entries. */
const checkedMap = <V extends z.ZodType>(
  value: V,
  problemOf: (name: string, value: z.infer<V>) => string | undefined,
) =>
  mapOf(z.string(), value).superRefine((map, context) => {
    for (const [name, one] of Object.entries(map)) {
      const message = problemOf(name, one as z.infer<V>);
      if (message !== undefined) context.addIssue({ code: "custom", message, path: [name] });
    }
  });

/** A request to the instance itself, and what its response must be. All conditions must hold. */
export const httpReadiness = z.strictObject({
  /** Port inside the instance. */
  port,
  /** Path and query. */
  path: checkedText(pathProblem),
  /** Default `GET`. */
  method: z.enum(["GET", "HEAD", "POST"]).optional(),
  /** Values are secret. */
  headers: checkedMap(z.string(), headerProblem).optional(),
  /** Accepted status codes. Default: 200 to 399. */
  statuses: z.array(z.int().min(100).max(599)).min(1).optional(),
  /** JSONPath queries and the values that they must find in the body. */
  match: checkedMap(z.union([z.string(), z.number(), z.boolean(), z.null()]), jsonPathProblem).optional(),
  /** Text that the body must contain. */
  contains: z.string().min(1).optional(),
  /** Regular expression that the body must match. */
  pattern: checkedText(patternProblem).optional(),
});
/** True if a condition needs the body of the response. */
export const needsBody = ({ match = {}, contains, pattern }: Partial<HttpReadiness>): boolean =>
  Object.keys(match).length > 0 || contains !== undefined || pattern !== undefined;
/** One {@link httpReadiness}. */
export type HttpReadiness = z.infer<typeof httpReadiness>;

/** The probe of an instance. Without `http` and `tcp`, every destination port of its service must accept a connection. */
export const readinessProbe = z
  .strictObject({
    http: httpReadiness.optional(),
    tcp: z.strictObject({ port }).optional(),
    /** Pause between two attempts. Default 1,000. */
    interval_ms: durationMs.min(10).optional(),
    /** Time limit of one attempt. Default 5,000. */
    timeout_ms: durationMs.min(10).optional(),
    /** Successes in a row that make the instance ready. Default 1. */
    success_threshold: z.int().min(1).max(100).optional(),
    /** Failures in a row, after the start period, that make it `failed`; it is probed on. Default 0: never. */
    failure_threshold: z.int().min(0).max(1000).optional(),
    /** Time after the start in which failures do not count. Default 0. */
    start_period_ms: durationMs.optional(),
    /** How long a connection waits for an instance that is not ready. Default: {@link DEFAULT_HOLD_TIMEOUT_MS}. */
    hold_timeout_ms: durationMs.optional(),
  })
  .superRefine(({ http, tcp }, context) => {
    if (http !== undefined && tcp !== undefined)
      context.addIssue({ code: "custom", message: "has both 'http' and 'tcp'" });
    if (http?.method === "HEAD" && needsBody(http))
      context.addIssue({
        code: "custom",
        message: "needs a body, which a response to HEAD does not have",
        path: ["http"],
      });
  });
/** One {@link readinessProbe}. */
export type ReadinessProbe = z.infer<typeof readinessProbe>;

/** Result of the probe in a response. */
export const readinessItem = z.looseObject({
  /** `waiting`: not passed yet since the last start. `failed`: `failure_threshold` was reached; a later success still passes. */
  state: z.enum(["waiting", "passed", "failed"]),
  /** Why the last attempt failed, as a clause without the response's body. */
  reason: z.string().optional(),
  /** Attempts since the last start. */
  attempts: z.int().optional(),
  /** When it passed, since the last start, RFC 3339; absent until then. After a restart of the daemon, the time when it passed again. */
  passed_at: z.string().optional(),
});

/** Whether a service sends connections to its member: `out` members run, and are probed, but get none. An extension as well. */
export const rotation = z.enum(["in", "out"]);
