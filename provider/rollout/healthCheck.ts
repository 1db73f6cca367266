/** Judges a health answer. Pure. */
import { isDeepStrictEqual } from "node:util";
import type { ProbeAnswer } from "../client/httpProbe";
import type { HealthPolicy } from "./policy";

/** Splits `$.checks[0].ok` into keys; `undefined` when it is not such a path. */
export function parseJsonPath(path: string): readonly string[] | undefined {
  if (!/^\$(\.[A-Za-z_][A-Za-z0-9_-]*|\[\d+\])*$/.test(path)) return undefined;
  return [...path.matchAll(/\.([A-Za-z_][A-Za-z0-9_-]*)|\[(\d+)\]/g)].map((part) => part[1] ?? part[2] ?? "");
}

/** What is wrong with the answer, or `undefined` when it is healthy. Quotes no body: it may hold secrets. */
export function unhealthyBecause(answer: ProbeAnswer | undefined, health: HealthPolicy): string | undefined {
  if (answer === undefined) return `${health.path} did not answer`;
  if (answer.status >= 400) return `${health.path} answered with HTTP ${answer.status}`;
  const rules = Object.entries(health.match);
  if (rules.length === 0) return undefined;
  let body: unknown;
  try {
    body = JSON.parse(answer.body);
  } catch {
    return `${health.path} did not answer with JSON`;
  }
  for (const [path, wanted] of rules) {
    const found = (parseJsonPath(path) ?? []).reduce<unknown>(
      (value, key) => (value as Record<string, unknown> | null | undefined)?.[key],
      body,
    );
    if (!isDeepStrictEqual(found, wanted))
      return `${health.path} answered without ${JSON.stringify(wanted)} at ${path}`;
  }
  return undefined;
}
