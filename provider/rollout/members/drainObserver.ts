/** Observes a drain, to tell afterwards what became of the connections. Never fails: without observations there are no counts. */
import type { CallContext } from "../../client/callContext";
import { type InstanceItem, MAX_DRAIN_MS } from "../../contract/models";
import { type ConnectionSample, type DrainCounts, openConnections, reportedCounts, sampledCounts } from "./drainCounts";

/** Interval of samples, in milliseconds. */
const SAMPLE_INTERVAL_MS = 1_000;

/** An instance that has just been told to stop. */
export type DrainingItem = Pick<InstanceItem, "uuid" | "drain"> & { readonly state?: string | undefined };

/** An observer of one drain. */
export interface DrainObserver {
  /** Ends the observation, once the instance has stopped and before it is deleted. `undefined`: the counts are not known. */
  counts(): Promise<DrainCounts | undefined>;
}

/**
 * Observes the drain of an instance that has just been told to stop. A metro that reports the drain is asked once, at the end; the
 * metrics of any other are sampled.
 *
 * @param item the response to the stop request
 * @param drainTimeoutMs how long the drain may take; -1 means as long as the metro allows
 */
export function observeDrain(context: CallContext, item: DrainingItem, drainTimeoutMs: number): DrainObserver {
  const { client, clock } = context;
  const { uuid } = item;
  if (item.drain != null) {
    return {
      counts: async () => {
        const { items } = await client.getInstances({ query: { uuid: [uuid] } }).catch(() => ({ items: [] }));
        return items[0] === undefined ? undefined : reportedCounts(items[0]);
      },
    };
  }
  if (drainTimeoutMs === 0 || item.state !== "draining") return { counts: () => Promise.resolve(undefined) };
  const beganMs = clock.now();
  const ended = new AbortController();
  const samples: ConnectionSample[] = [];
  let drainedMs: number | undefined;
  const sample = async (): Promise<void> => {
    while (!ended.signal.aborted) {
      const { items } = await client.getInstanceMetrics({ query: { uuid: [uuid] } }, { signal: ended.signal });
      const open = items[0] && openConnections(items[0]);
      const atMs = clock.now() - beganMs;
      if (items[0]?.state === "draining" && open !== undefined) samples.push({ atMs, open });
      else if (items[0]?.state !== "draining") drainedMs ??= atMs;
      if (open === undefined || drainedMs !== undefined) return;
      await clock.sleep(SAMPLE_INTERVAL_MS, ended.signal);
    }
  };
  const sampling = sample().catch(() => undefined); // the samples so far count
  return {
    counts: async () => {
      const elapsedMs = drainedMs ?? clock.now() - beganMs;
      ended.abort();
      await sampling;
      const limitMs = drainTimeoutMs === -1 ? MAX_DRAIN_MS : drainTimeoutMs;
      return sampledCounts(samples, { elapsedMs, drainTimeoutMs: limitMs });
    },
  };
}
