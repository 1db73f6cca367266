/** The outputs of a Service about each of its replicas. */
import * as z from "zod";
import { UnikernelError } from "../../base/errors";
import { omitUndefined } from "../../base/objects";
import { describeStop } from "../../client/errors/stopReason";
import type { InstanceItem, InstanceMetricsItem } from "../../contract/models";
import { field, objectType } from "../../definition/resource";
import type { ProviderContext } from "../context";
import { digestIn, fingerprint } from "../workload/request";
import { keyedHash } from "./hashKey";
import type { ServiceInputs } from "./inputs";
import { configurationIn } from "./reload/configuration";
import { taggedTemplate } from "./replicaTags";
import { matchesTemplate } from "./replicaTemplate";

/** A replica. All but uuid, name and digest change by themselves; a refresh updates them without showing a change. */
export const memberOutput = objectType(
  "ServiceInstance",
  "A replica, as it was at the last create, update or refresh.",
  z.object({
    uuid: field(z.string(), { description: "UUID of the instance." }),
    name: field(z.string(), { description: "Name of the instance." }),
    digest: field(z.string(), { description: "Digest of the running image; empty if the API does not report it." }),
    template: field(z.string().optional(), {
      description: "Hash of the `template` that it was made from; absent if that is not known.",
    }),
    configuration: field(z.string().optional(), {
      description: "Hash of the `reloadOn` whose configuration it has loaded; absent if none is known.",
    }),
    state: field(z.string(), { description: "State, such as `running` or `standby`." }),
    bootTimeUs: field(z.number(), { description: "Time from the last start until the program ran, in microseconds." }),
    netTimeUs: field(z.number(), {
      description: "Time from the last start until the program listened on a port, in microseconds.",
    }),
    wakeLatencyMs: field(z.number().optional(), {
      description:
        "Mean time for which the first connection waited when the replica woke from standby, in milliseconds; absent if it has never woken.",
    }),
    stopReason: field(z.string(), {
      description: "Reason of the last stop, such as `it was scaled to zero`; empty before the first stop.",
    }),
    restartCount: field(z.int(), { description: "Number of restarts by the restart policy." }),
  }),
);

/** Mean wake latency by uuid. Milliseconds. */
export type WakeLatencies = ReadonlyMap<string, number>;

/** What is known of the replicas besides what the metro reports of each. */
export interface ReplicaFacts {
  /** Those that {@link readWakeLatencies} reads. Default: none. */
  readonly latencies?: WakeLatencies;
  /** The key of their marks; `undefined` if it is not known. */
  readonly hashKey: string | undefined;
  /** The template that they were compared with; `undefined` if there is none. */
  readonly template: ServiceInputs["template"];
}

/** Hash of the template of a replica. One that was changed by hand since has no template that a program could ask for. */
function templateHashOf(item: InstanceItem, { hashKey, template }: ReplicaFacts): string | undefined {
  const tagged = taggedTemplate(item);
  if (hashKey === undefined || tagged === undefined) return undefined;
  const isOfTemplate = template !== undefined && tagged === fingerprint(template);
  return keyedHash(hashKey, isOfTemplate && !matchesTemplate(template, item) ? `changed ${tagged}` : tagged);
}

/** The output of one replica. */
export const toMemberOutput = (item: InstanceItem, facts: ReplicaFacts): z.output<typeof memberOutput> =>
  omitUndefined({
    uuid: item.uuid,
    name: item.name,
    digest: digestIn(item.image ?? "") ?? "",
    template: templateHashOf(item, facts),
    configuration: configurationIn(item),
    state: item.state ?? "",
    bootTimeUs: item.boot_time_us ?? 0,
    netTimeUs: item.net_time_us ?? 0,
    wakeLatencyMs: facts.latencies?.get(item.uuid),
    stopReason: (item.stop_reason ?? 0) === 0 ? "" : describeStop(item),
    restartCount: item.restart_count ?? 0,
  });

/** Mean latency of the wakes of an instance, to a tenth of a millisecond; `undefined` without one. Pure. */
export function wakeLatencyOf({
  wakeup_latency: buckets,
  wakeup_latency_sum: sumMs,
}: InstanceMetricsItem): number | undefined {
  const wakes = (buckets ?? []).reduce((count, bucket) => count + bucket.count, 0);
  return wakes === 0 || sumMs === undefined ? undefined : Math.round((sumMs / wakes) * 10) / 10;
}

/** Reads the wake latencies of those replicas that may sleep. Sends no request for none; a metro without metrics has no latencies. */
export async function readWakeLatencies(
  { client, signal }: Pick<ProviderContext, "client" | "signal">,
  instances: readonly InstanceItem[],
): Promise<WakeLatencies> {
  const sleepers = instances.filter(
    ({ scale_to_zero: policy }) => policy?.enabled === true || (policy?.policy ?? "off") !== "off",
  );
  if (sleepers.length === 0) return new Map();
  try {
    const { items } = await client.getInstanceMetrics(
      { query: { uuid: sleepers.map(({ uuid }) => uuid) } },
      { signal },
    );
    return new Map(
      items.flatMap((item) => {
        const latencyMs = item.status === "error" ? undefined : wakeLatencyOf(item);
        return latencyMs === undefined ? [] : [[item.uuid, latencyMs] as const];
      }),
    );
  } catch (error) {
    if (!UnikernelError.is(error) || signal.aborted) throw error;
    return new Map();
  }
}
