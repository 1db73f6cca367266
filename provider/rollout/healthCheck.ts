/** Judges a health answer. Pure. */
import { isDeepStrictEqual } from "node:util";
import type { ProbeResponse } from "../client/httpProbe";
import type { HealthCheck } from "./policy";

/** Splits `$.checks[0].ok` into keys; `undefined` when it is not such a path. */
export function parseJsonPath(path: string): readonly string[] | undefined {
  if (!/^\$(\.[A-Za-z_][A-Za-z0-9_-]*|\[\d+\])*$/.test(path)) return undefined;
  return [...path.matchAll(/\.([A-Za-z_][A-Za-z0-9_-]*)|\[(\d+)\]/g)].map((part) => part[1] ?? part[2] ?? "");
}

/** What is wrong with the answer, or `undefined` when it is healthy. Quotes no body: it may hold secrets. */
export function findHealthProblem(response: ProbeResponse | undefined, health: HealthCheck): string | undefined {
  if (response === undefined) return `${health.path} did not answer`;
  if (response.status >= 400) return `${health.path} answered with HTTP ${response.status}`;
  const rules = Object.entries(health.match);
  if (rules.length === 0) return undefined;
  let body: unknown;
  try {
    body = JSON.parse(response.body);
  } catch {
    return `${health.path} did not answer with JSON`;
  }
  for (const [path, expected] of rules) {
    const actual = (parseJsonPath(path) ?? []).reduce<unknown>(
      (value, key) => (value as Record<string, unknown> | null | undefined)?.[key],
      body,
    );
    if (!isDeepStrictEqual(actual, expected))
      return `${health.path} answered without ${JSON.stringify(expected)} at ${path}`;
  }
  return undefined;
}
