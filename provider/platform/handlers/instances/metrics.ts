/** Metrics of instances: resource usage of their VMs, and traffic through the proxy. */
import { toRfc3339 } from "../../../base/clock";
import { findInstance, visibleInstances } from "../../lookup";
import type { InstanceMetricsItem } from "../../../contract/models";
import type { Instance } from "../../instances/instance";
import { isTemplateOrCheckpoint } from "../../instances/update/templates";
import type { Registry } from "../../registry";

import { prometheusText, PROMETHEUS_CONTENT_TYPE } from "./prometheus";
import type { Handlers } from "../handler";
import { mapItems } from "../items";

/** Handler of `/v1/instances/metrics`. JSON for clients that accept it, otherwise the Prometheus text format. */
export function metricsHandlers(registry: Registry): Pick<Handlers, "getInstanceMetrics"> {
  return {
    getInstanceMetrics: async ({ selectors, accept }) => {
      const { log } = registry.parts;
      const items =
        selectors.length === 0
          ? await Promise.all(
              visibleInstances(registry)
                .filter(({ state }) => !isTemplateOrCheckpoint(state))
                .map((instance) => metricsItem(registry, instance)),
            )
          : await mapItems(selectors, log, (selector) => metricsItem(registry, findInstance(registry, selector)));
      if (/\bapplication\/json\b/i.test(accept)) return { items };
      return { items, text: { contentType: PROMETHEUS_CONTENT_TYPE, body: prometheusText(items) } };
    },
  };
}

async function metricsItem(registry: Registry, instance: Instance): Promise<InstanceMetricsItem> {
  const { uuid, name, status } = instance.record;
  const traffic = registry.trafficOf(instance.record);
  const { rssBytes, cpuTimeMs } = await instance.vmUsage();
  const { buckets, sumMs } = instance.wakeups;
  return {
    status: "success",
    uuid,
    name,
    state: instance.state,
    start_count: status.startCount,
    restart_count: status.restartCount,
    ...(status.startedAt === undefined ? {} : { started_at: toRfc3339(status.startedAt) }),
    ...(status.stoppedAt === undefined ? {} : { stopped_at: toRfc3339(status.stoppedAt) }),
    uptime_ms: instance.uptimeMs,
    rss_bytes: rssBytes,
    cpu_time_ms: cpuTimeMs,
    boot_time_us: status.bootTimeUs ?? 0,
    net_time_us: status.netTimeUs ?? 0,
    rx_bytes: traffic.rxBytes,
    tx_bytes: traffic.txBytes,
    rx_packets: traffic.rxPackets,
    tx_packets: traffic.txPackets,
    nconns: traffic.connections,
    nreqs: traffic.requests,
    nqueued: traffic.queued,
    ntotal: traffic.total,
    wakeup_latency: buckets.map(({ boundMs, count }) => ({
      ...(boundMs === undefined ? {} : { bucket_ms: boundMs }),
      count,
    })),
    wakeup_latency_sum: sumMs,
  };
}
