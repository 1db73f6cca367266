/** Evaluates the response of a health check. Pure. */
import { isDeepStrictEqual } from "node:util";
import type { ProbeResponse } from "../client/httpProbe";

/** An HTTP health check. */
export interface HealthCheck {
  /** Path and query to request from the service, such as `/hello`. */
  readonly path: string;
  /** JSON paths (`$.status`, `$.checks[0].ok`) and the values they must have in the response body; empty for any body. */
  readonly match: Readonly<Record<string, unknown>>;
}

/** Splits a JSON path such as `$.checks[0].ok` into keys; `undefined` for an invalid path. */
export function parseJsonPath(path: string): readonly string[] | undefined {
  if (!/^\$(\.[A-Za-z_][A-Za-z0-9_-]*|\[\d+\])*$/.test(path)) return undefined;
  return [...path.matchAll(/\.([A-Za-z_][A-Za-z0-9_-]*)|\[(\d+)\]/g)].map((part) => part[1] ?? part[2] ?? "");
}

/** Why a response is unhealthy; `undefined` when it is healthy. Never quotes the body, which may contain secrets. */
export function findHealthProblem(response: ProbeResponse | undefined, health: HealthCheck): string | undefined {
  if (response === undefined) return `${health.path} did not respond`;
  if (response.status >= 400) return `${health.path} returned HTTP ${response.status}`;
  const rules = Object.entries(health.match);
  if (rules.length === 0) return undefined;
  let body: unknown;
  try {
    body = JSON.parse(response.body);
  } catch {
    return `${health.path} did not return JSON`;
  }
  for (const [path, expected] of rules) {
    const actual = (parseJsonPath(path) ?? []).reduce<unknown>(
      (value, key) => (value as Record<string, unknown> | null | undefined)?.[key],
      body,
    );
    if (!isDeepStrictEqual(actual, expected))
      return `${health.path} did not return ${JSON.stringify(expected)} at ${path}`;
  }
  return undefined;
}
