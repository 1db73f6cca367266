/** Load from wrk (Debian: wrk), and what it reports. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";

/** What one run measured. */
export interface WrkResult {
  /** Responses in all. */
  readonly requests: number;
  readonly requestsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Requests without a good response. */
  readonly failures: number;
}

/** The units of its report in one millisecond. */
const PER_MS: Readonly<Record<string, number>> = { us: 1000, ms: 1, s: 1 / 1000, m: 1 / 60_000 };

/** Loads a URL over 16 connections for some seconds; `isNew`: each request has a connection of its own. */
export async function runWrk(url: string, seconds: number, isNew: boolean): Promise<WrkResult> {
  const close = isNew ? ["-H", "Connection: close"] : [];
  const args = ["-t1", "-c16", `-d${seconds}s`, "--latency", "--timeout", "20s", ...close, url];
  return parseWrk((await promisify(execFile)("wrk", args)).stdout);
}

/** Reads its report. Throws for one without a rate. Pure. */
export function parseWrk(report: string): WrkResult {
  const rate = /Requests\/sec:\s+([\d.]+)/.exec(report)?.[1];
  if (rate === undefined) throw new Error(`wrk reports no rate: ${report}`);
  const requests = Number(/(\d+) requests in /.exec(report)?.[1]);
  const percentile = (which: string): number => {
    const [, value, unit = ""] = new RegExp(`${which}%\\s+([\\d.]+)(us|ms|s|m)\\b`).exec(report) ?? [];
    return Number(value) / (PER_MS[unit] ?? NaN);
  };
  const errors = /Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)/.exec(report)?.slice(1) ?? [];
  const bad = /Non-2xx or 3xx responses: (\d+)/.exec(report)?.[1] ?? "0";
  const failures = errors.map(Number).reduce((total, count) => total + count, Number(bad));
  return { requests, requestsPerSecond: Number(rate), p50Ms: percentile("50"), p99Ms: percentile("99"), failures };
}
