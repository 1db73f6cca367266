/** The table of a soak. Pure. */
import { MOMENTS, OPERATIONS } from "./killPlan";
import type { KillResult } from "./killRun";

/** Totals of a soak; all but the first three are 0 when nothing is wrong. */
export interface Totals {
  readonly runs: number;
  readonly leftovers: number;
  readonly lateRequests: number;
  readonly duplicates: number;
  readonly lost: number;
  readonly failures: number;
  readonly leaks: number;
  readonly outlived: number;
  /** Kills whose moment never came. */
  readonly missed: number;
}

const sum = (results: readonly KillResult[], count: (result: KillResult) => number): number =>
  results.reduce((total, result) => total + count(result), 0);

/** Adds up results. */
export function totalsOf(results: readonly KillResult[]): Totals {
  return {
    runs: results.filter(({ killed }) => killed).length,
    leftovers: sum(results, ({ leftovers }) => leftovers.length),
    lateRequests: sum(results, ({ lateRequests }) => lateRequests.length),
    duplicates: sum(results, ({ duplicates }) => duplicates.length),
    lost: sum(results, ({ lost }) => lost.length),
    failures: results.filter(({ failures }) => failures.length > 0).length,
    leaks: sum(results, ({ leaks }) => leaks.length),
    outlived: sum(results, ({ outlived }) => outlived),
    missed: results.filter(({ killed }) => !killed).length,
  };
}

/** True if no kill did any harm, and every kill happened. */
export function isFlawless(results: readonly KillResult[]): boolean {
  const { duplicates, lost, failures, leaks, outlived, missed } = totalsOf(results);
  return results.length > 0 && duplicates + lost + failures + leaks + outlived + missed === 0;
}

/** One sentence with all counts. */
export function describeTotals(results: readonly KillResult[]): string {
  const { runs, leftovers, lateRequests, duplicates, lost, failures, leaks, outlived, missed } = totalsOf(results);
  const neededRefresh = results.filter((result) => result.neededRefresh).length;
  return (
    `${runs} kills: ${duplicates} duplicates, ${lost} lost objects, ${failures} failing up, ${leaks} leaks, ` +
    `${leftovers} leftovers named and removed; ${neededRefresh} ups after a killed delete needed a refresh first, ${missed} kills missed, ${outlived} providers outlived their engine, ` +
    `${lateRequests} requests later than 1 s after the kill`
  );
}

const HEADINGS = [
  "operation",
  "moment",
  "runs",
  "duplicates",
  "lost",
  "failing up",
  "leaks",
  "named leftovers",
] as const;

/** One line per operation and moment, then the totals. */
export function formatTable(results: readonly KillResult[]): string {
  const rows: (readonly string[])[] = [HEADINGS];
  for (const operation of OPERATIONS) {
    for (const moment of MOMENTS) {
      const here = results.filter(({ kill }) => kill.operation === operation && kill.moment === moment);
      if (here.length > 0) rows.push([operation, moment, ...figuresOf(here)]);
    }
  }
  rows.push(["all", "", ...figuresOf(results)]);
  const widths = HEADINGS.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const format = (row: readonly string[]): string =>
    row
      .map((cell, column) => (column < 2 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join("  ");
  return rows.map((row) => format(row).trimEnd()).join("\n");
}

function figuresOf(results: readonly KillResult[]): readonly string[] {
  const { runs, duplicates, lost, failures, leaks, leftovers } = totalsOf(results);
  return [runs, duplicates, lost, failures, leaks, leftovers].map(String);
}

/** What one kill did wrong, in one line; empty if nothing. */
export function describeHarm({ killed, duplicates, lost, failures, leaks, outlived }: KillResult): string {
  const parts = [
    ...(killed ? [] : ["the operation ended before the kill"]),
    ...duplicates.map((one) => `duplicate ${one}`),
    ...lost.map((one) => `lost ${one}`),
    ...failures,
    ...leaks.map((one) => `leak ${one}`),
    ...(outlived === 0 ? [] : [`${outlived} providers outlived their engine`]),
  ];
  return parts.join("; ");
}
