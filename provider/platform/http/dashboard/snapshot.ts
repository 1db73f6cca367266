/** What the dashboard shows: the platform at one moment, with what happened before. Holds no variables and no secrets. */
import { VERSION } from "../../../base/version";
import { stripPlatformPrefix } from "../../../contract/imageUrl";
import type { Instance } from "../../instances/instance";
import { isTemplateOrCheckpoint } from "../../instances/update/templates";
import { visibleInstances } from "../../lookup";
import type { MeasuredTime, Timeline } from "../../observability/history";
import type { Registry } from "../../registry";

/** How far back the page shows states and times: the first that holds all that happened, or the last. */
const WINDOWS_MS = [1, 2, 5, 10].map((minutes) => minutes * 60_000);
const LONGEST_WINDOW_MS = 10 * 60_000;

/** An instance on the dashboard. Absent numbers have not been measured yet. */
export interface DashboardInstance {
  readonly uuid: string;
  readonly name: string;
  readonly state: string;
  /** Name of its service. */
  readonly service: string | undefined;
  readonly image: string;
  readonly memoryMb: number;
  readonly rssBytes: number;
  readonly bootMs: number | undefined;
  readonly netMs: number | undefined;
  readonly restarts: number;
  /** Open connections and requests in flight. */
  readonly connections: number;
  readonly exitCode: number | undefined;
}

/** A service on the dashboard. */
export interface DashboardService {
  readonly name: string;
  readonly ports: readonly { readonly port: number; readonly destinationPort: number }[];
  readonly domains: readonly string[];
  readonly members: readonly { readonly name: string; readonly state: string }[];
}

/** All that the page needs. Times are Unix times in milliseconds. */
export interface Snapshot {
  readonly version: string;
  readonly now: number;
  /** How far back states and times go. */
  readonly windowMs: number;
  readonly daemonRssBytes: number;
  readonly instances: readonly DashboardInstance[];
  readonly services: readonly DashboardService[];
  readonly timelines: readonly Timeline[];
  readonly times: readonly MeasuredTime[];
}

/** The platform as it is now. */
export async function takeSnapshot(registry: Registry): Promise<Snapshot> {
  const now = registry.parts.clock.now();
  const { timelines, times } = registry.history;
  const windowMs = chooseWindow(timelines, now);
  const instances = visibleInstances(registry).filter(({ state }) => !isTemplateOrCheckpoint(state));
  return {
    version: VERSION,
    now,
    windowMs,
    daemonRssBytes: process.memoryUsage.rss(),
    instances: await Promise.all(instances.map((instance) => describeInstance(registry, instance))),
    services: [...registry.services.values()].map(({ record: { uuid, name, ports, domains } }) => ({
      name,
      ports: ports.map(({ port, destinationPort }) => ({ port, destinationPort })),
      domains: domains.map(({ fqdn }) => fqdn),
      members: instances
        .filter(({ record }) => record.serviceUuid === uuid)
        .map(({ record, state }) => ({ name: record.name, state })),
    })),
    timelines: timelines.flatMap((timeline) => lastChanges(timeline, now - windowMs)),
    times: times.filter(({ at }) => at > now - windowMs),
  };
}

async function describeInstance(registry: Registry, instance: Instance): Promise<DashboardInstance> {
  const { uuid, name, definition, status } = instance.record;
  const { connections, requests } = registry.trafficOf(instance.record);
  const toMs = (us: number | undefined): number | undefined => (us === undefined ? undefined : us / 1000);
  return {
    uuid,
    name,
    state: instance.state,
    service: registry.serviceOf(instance.record)?.record.name,
    image: stripPlatformPrefix(definition.repository),
    memoryMb: definition.memoryMb,
    rssBytes: (await instance.vmUsage()).rssBytes,
    bootMs: toMs(status.bootTimeUs),
    netMs: toMs(status.netTimeUs),
    restarts: status.restartCount,
    connections: connections + requests,
    exitCode: instance.state === "stopped" ? status.exitCode : undefined,
  };
}

/** The window that the page shows now. Pure. */
export function chooseWindow(timelines: readonly Timeline[], now: number): number {
  const earliest = Math.min(now, ...timelines.flatMap(({ changes }) => changes[0]?.at ?? []));
  return WINDOWS_MS.find((windowMs) => now - earliest <= windowMs) ?? LONGEST_WINDOW_MS;
}

/** The changes since a time, and the state at that time; nothing of an instance that was gone before. Pure. */
export function lastChanges(timeline: Timeline, since: number): readonly Timeline[] {
  const { changes } = timeline;
  const last = changes.at(-1);
  if (last === undefined || (last.state === "deleted" && last.at < since)) return [];
  const before = changes.findLastIndex(({ at }) => at <= since);
  return [{ ...timeline, changes: changes.slice(Math.max(0, before)) }];
}
