/** Metrics of instances in the Prometheus text format. Pure. Source: Prometheus, "Text-based format", version 0.0.4. */
import type { FailedItem } from "../../errors";
import type { InstanceMetricsItem, InstanceState } from "../../../contract/models";

/** Content type of the Prometheus text format. */
export const PROMETHEUS_CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8";

/** Numbers of the states. Source: the cloud's documentation, which has none for checkpoints; they get the next one. */
const STATE_NUMBERS: Readonly<Record<InstanceState, number>> = {
  stopped: 0,
  starting: 1,
  running: 2,
  draining: 3,
  stopping: 4,
  standby: 5,
  template: 6,
  deleted: 7,
  checkpoint: 8,
};

interface Metric {
  readonly name: string;
  readonly kind: "gauge" | "counter";
  /** `undefined` leaves the sample out. */
  readonly value: (item: InstanceMetricsItem) => number | undefined;
}

const toSeconds = (value: number | undefined, perSecond: number): number => (value ?? 0) / perSecond;
const toUnixSeconds = (text: string | undefined): number | undefined =>
  text === undefined ? undefined : Date.parse(text) / 1000;

const METRICS: readonly Metric[] = [
  { name: "instance_state", kind: "gauge", value: ({ state }) => STATE_NUMBERS[state ?? "stopped"] },
  { name: "instance_start_count", kind: "counter", value: (item) => item.start_count },
  { name: "instance_restart_count", kind: "counter", value: (item) => item.restart_count },
  { name: "instance_started_at", kind: "gauge", value: (item) => toUnixSeconds(item.started_at) },
  { name: "instance_stopped_at", kind: "gauge", value: (item) => toUnixSeconds(item.stopped_at) },
  { name: "instance_uptime_s", kind: "gauge", value: (item) => toSeconds(item.uptime_ms, 1e3) },
  { name: "instance_boot_time_s", kind: "gauge", value: (item) => toSeconds(item.boot_time_us, 1e6) },
  { name: "instance_net_time_s", kind: "gauge", value: (item) => toSeconds(item.net_time_us, 1e6) },
  // The local platform never restores a template's memory.
  { name: "instance_template_time_s", kind: "gauge", value: () => 0 },
  { name: "instance_rss_bytes", kind: "gauge", value: (item) => item.rss_bytes },
  { name: "instance_cpu_time_s", kind: "counter", value: (item) => toSeconds(item.cpu_time_ms, 1e3) },
  { name: "instance_rx_bytes", kind: "counter", value: (item) => item.rx_bytes },
  { name: "instance_tx_bytes", kind: "counter", value: (item) => item.tx_bytes },
  { name: "instance_rx_packets", kind: "counter", value: (item) => item.rx_packets },
  { name: "instance_tx_packets", kind: "counter", value: (item) => item.tx_packets },
  { name: "instance_nconns", kind: "gauge", value: (item) => item.nconns },
  { name: "instance_nreqs", kind: "gauge", value: (item) => item.nreqs },
  { name: "instance_nqueued", kind: "gauge", value: (item) => item.nqueued },
  { name: "instance_ntotal", kind: "counter", value: (item) => item.ntotal },
];

const WAKEUP_HISTOGRAM = "instance_wakeup_latency_seconds";

/** The metrics as text. Failed items become comments. */
export function prometheusText(items: readonly (InstanceMetricsItem | FailedItem)[]): string {
  const read = items.filter((item): item is InstanceMetricsItem => item.status !== "error");
  const failures = items.filter((item) => item.status === "error").map(({ message }) => `# ${message ?? "failed"}`);
  const samples = METRICS.flatMap(({ name, kind, value: of }) => [
    `# TYPE ${name} ${kind}`,
    ...read.flatMap((item) => {
      const value = of(item);
      return value === undefined ? [] : [`${name}{${label(item)}} ${value}`];
    }),
  ]);
  const wakeups = [`# TYPE ${WAKEUP_HISTOGRAM} histogram`, ...read.flatMap(wakeupSamples)];
  return [...failures, ...samples, ...wakeups, ""].join("\n");
}

const label = ({ uuid }: InstanceMetricsItem): string => `instance_uuid="${uuid}"`;

function wakeupSamples(item: InstanceMetricsItem): string[] {
  const buckets = item.wakeup_latency ?? [];
  const bound = (ms: number | undefined): string => (ms === undefined ? "+Inf" : String(ms / 1000));
  return [
    ...buckets.map(
      ({ bucket_ms, count }) => `${WAKEUP_HISTOGRAM}_bucket{${label(item)},le="${bound(bucket_ms)}"} ${count}`,
    ),
    `${WAKEUP_HISTOGRAM}_sum{${label(item)}} ${(item.wakeup_latency_sum ?? 0) / 1000}`,
    `${WAKEUP_HISTOGRAM}_count{${label(item)}} ${buckets.at(-1)?.count ?? 0}`,
  ];
}
