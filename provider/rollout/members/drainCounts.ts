/** What became of the connections of a member that drained. Pure. */
import type { InstanceItem, InstanceMetricsItem } from "../../contract/models";

/** Connections that were open when a drain began, by what became of them. */
export interface DrainCounts {
  /** Closed by a side, or idle after a complete exchange. */
  readonly finished: number;
  /** Continued with another member. */
  readonly moved: number;
  /** One side had closed, and the other did not within the limit. */
  readonly halfClosed: number;
  /** Still open when the drain ended. */
  readonly cut: number;
  /** How long the drain took. Milliseconds. */
  readonly elapsedMs: number;
  /** True if they derive from samples: `finished` then includes what moved, and `cut` is what the last sample saw. */
  readonly isSampled: boolean;
}

/** How many connections a draining member had at a time. */
export interface ConnectionSample {
  /** Milliseconds since the drain began. */
  readonly atMs: number;
  readonly open: number;
}

/** The counts that the metro reports; `undefined` if it reports none, or the drain is not over. */
export function reportedCounts({ drain }: Pick<InstanceItem, "drain">): DrainCounts | undefined {
  if (drain == null || drain.open > 0) return undefined;
  const { finished, moved, half_closed: halfClosed, cut, elapsed_ms: elapsedMs } = drain;
  return { finished, moved, halfClosed, cut, elapsedMs, isSampled: false };
}

/** Connections of an instance: those that are not HTTP, and HTTP requests in flight. `undefined` if the metro does not count them. */
export const openConnections = ({ nconns, nreqs }: InstanceMetricsItem): number | undefined =>
  nconns === undefined && nreqs === undefined ? undefined : (nconns ?? 0) + (nreqs ?? 0);

/**
 * The counts that samples of a drain allow. A draining member gets no new connections, so what is gone has finished; a drain that
 * ended before its timeout has cut none. `undefined` without samples.
 *
 * @param drain how long the drain took and was allowed to take, in milliseconds
 */
export function sampledCounts(
  samples: readonly ConnectionSample[],
  drain: { readonly elapsedMs: number; readonly drainTimeoutMs: number },
): DrainCounts | undefined {
  const last = samples.at(-1);
  if (last === undefined) return undefined;
  const open = Math.max(...samples.map((sample) => sample.open));
  const cut = drain.elapsedMs < drain.drainTimeoutMs ? 0 : last.open;
  return { finished: open - cut, moved: 0, halfClosed: 0, cut, elapsedMs: drain.elapsedMs, isSampled: true };
}

/** The time in seconds, with a decimal place below 10. */
const toSeconds = (ms: number): string =>
  `${ms < 9_950 ? (ms / 1000).toFixed(1).replace(/\.0$/, "") : Math.round(ms / 1000)} s`;

/** The counts as a clause: `12 connections finished, 1 still open after 60 s and closed`; `no open connections` if there were none. */
export function describeDrain({ finished, moved, halfClosed, cut, elapsedMs, isSampled }: DrainCounts): string {
  const parts = [
    [finished, "finished"],
    [moved, "moved to other replicas"],
    [halfClosed, "half-closed and given up"],
    [cut, `still open after ${toSeconds(elapsedMs)} and closed`],
  ] as const;
  const [first, ...others] = parts.flatMap(([count, verb]) => (count === 0 ? [] : [{ count, verb }]));
  if (first === undefined) return "no open connections";
  const about = isSampled ? "about " : "";
  const noun = first.count === 1 ? "connection" : "connections";
  return [`${about}${first.count} ${noun} ${first.verb}`, ...others.map(({ count, verb }) => `${count} ${verb}`)].join(
    ", ",
  );
}
