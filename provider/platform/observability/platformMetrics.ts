/** The metrics of the platform, for `GET /metrics`. */
import { INSTANCE_STATES } from "../../contract/models";
import { VERSION } from "../../base/version";
import type { Instance } from "../instances/instance";
import { isTemplateOrCheckpoint } from "../instances/update/templates";
import { visibleInstances } from "../lookup";
import type { Registry } from "../registry";
import type { Labels, MetricFamily } from "./exposition";

const BYTES_PER_MIB = 1024 * 1024;

/** An instance with what is measured of it. */
interface Measured {
  readonly instance: Instance;
  readonly labels: Labels;
  readonly rssBytes: number;
  readonly cpuTimeMs: number;
  readonly traffic: ReturnType<Registry["trafficOf"]>;
}

async function measure(registry: Registry, instance: Instance): Promise<Measured> {
  const { record } = instance;
  return {
    instance,
    labels: { instance_name: record.name, service: registry.serviceOf(record)?.record.name ?? "" },
    ...(await instance.vmUsage()),
    traffic: registry.trafficOf(record),
  };
}

/** All metrics as they are now. Names follow the conventions of Prometheus: base units, counters that only grow. */
export async function collectMetrics(registry: Registry): Promise<readonly MetricFamily[]> {
  const visible = visibleInstances(registry);
  const measured = await Promise.all(
    visible.filter(({ state }) => !isTemplateOrCheckpoint(state)).map((instance) => measure(registry, instance)),
  );
  const perInstance = (valueOf: (one: Measured) => number) =>
    measured.map((one) => [one.labels, valueOf(one)] as const);
  const perService = (valueOf: (one: Measured) => number) =>
    [...registry.services.values()].map(({ record: { uuid, name } }) => {
      const members = measured.filter(({ instance }) => instance.record.serviceUuid === uuid);
      return [{ service: name }, members.reduce((sum, one) => sum + valueOf(one), 0)] as const;
    });
  const { boot, net, wake } = registry.history.histograms;
  return [
    {
      name: "unikernel_build_info",
      type: "gauge",
      help: "Version of the daemon.",
      samples: [[{ version: VERSION }, 1]],
    },
    {
      name: "unikernel_instances",
      type: "gauge",
      help: "Instances by state.",
      samples: INSTANCE_STATES.filter((state) => state !== "deleted").map((wanted) => [
        { state: wanted },
        visible.filter(({ state }) => state === wanted).length,
      ]),
    },
    {
      name: "unikernel_instance_boot_seconds",
      type: "histogram",
      help: "Time from the start of a VM until the guest's program ran.",
      counts: boot.counts,
    },
    {
      name: "unikernel_instance_net_seconds",
      type: "histogram",
      help: "Time from the start of a VM until its ports accepted connections.",
      counts: net.counts,
    },
    {
      name: "unikernel_instance_wake_seconds",
      type: "histogram",
      help: "Time from the first connection to a sleeping instance until it was ready.",
      counts: wake.counts,
    },
    {
      name: "unikernel_instance_memory_bytes",
      type: "gauge",
      help: "Resident memory of the VM on this machine.",
      samples: perInstance(({ rssBytes }) => rssBytes),
    },
    {
      name: "unikernel_instance_memory_limit_bytes",
      type: "gauge",
      help: "Memory of the guest.",
      samples: perInstance(({ instance }) => instance.record.definition.memoryMb * BYTES_PER_MIB),
    },
    {
      name: "unikernel_instance_cpu_seconds",
      type: "counter",
      help: "CPU time of the VM since it started.",
      samples: perInstance(({ cpuTimeMs }) => cpuTimeMs / 1000),
    },
    {
      name: "unikernel_instance_restarts",
      type: "counter",
      help: "Restarts by the restart policy.",
      samples: perInstance(({ instance }) => instance.record.status.restartCount),
    },
    {
      name: "unikernel_instance_requests",
      type: "counter",
      help: "Connections to the instance, and the second and later requests of HTTP connections.",
      samples: perInstance(({ traffic }) => traffic.total),
    },
    {
      name: "unikernel_instance_receive_bytes",
      type: "counter",
      help: "Bytes that the proxy sent to the instance.",
      samples: perInstance(({ traffic }) => traffic.rxBytes),
    },
    {
      name: "unikernel_instance_transmit_bytes",
      type: "counter",
      help: "Bytes that the proxy received from the instance.",
      samples: perInstance(({ traffic }) => traffic.txBytes),
    },
    {
      name: "unikernel_service_connections",
      type: "gauge",
      help: "Open connections on which no HTTP request was recognised.",
      samples: perService(({ traffic }) => traffic.connections),
    },
    {
      name: "unikernel_service_requests_in_flight",
      type: "gauge",
      help: "HTTP requests without a complete response.",
      samples: perService(({ traffic }) => traffic.requests),
    },
    {
      name: "unikernel_service_members",
      type: "gauge",
      help: "Instances of the service.",
      samples: perService(() => 1),
    },
    {
      name: "process_resident_memory_bytes",
      type: "gauge",
      help: "Resident memory of the daemon, without the VMs.",
      samples: [[{}, process.memoryUsage.rss()]],
    },
    {
      name: "process_cpu_seconds",
      type: "counter",
      help: "CPU time of the daemon.",
      samples: [[{}, process.resourceUsage().userCPUTime / 1e6 + process.resourceUsage().systemCPUTime / 1e6]],
    },
    {
      name: "process_start_time_seconds",
      type: "gauge",
      help: "Unix time at which the daemon started.",
      samples: [[{}, Date.now() / 1000 - process.uptime()]],
    },
  ];
}
