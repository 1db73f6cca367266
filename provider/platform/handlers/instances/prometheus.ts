/** Metrics of instances as Prometheus reads them. Pure. Source: Prometheus, "Text-based format", version 0.0.4. */
import type { InstanceMetricsItem, InstanceState } from "../../../contract/models";
import type { FailedItem } from "../request";

/** Type of the text. */
export const PROMETHEUS_TYPE = "text/plain; version=0.0.4; charset=utf-8";

/** Numbers of the states, as the cloud documents them; a checkpoint, which it leaves out, comes after. */
const STATES: Readonly<Record<InstanceState, number>> = {
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
  readonly of: (item: InstanceMetricsItem) => number | undefined;
}

const seconds = (value: number | undefined, perSecond: number): number => (value ?? 0) / perSecond;
const time = (text: string | undefined): number | undefined =>
  text === undefined ? undefined : Date.parse(text) / 1000;

const METRICS: readonly Metric[] = [
  { name: "instance_state", kind: "gauge", of: ({ state }) => STATES[state ?? "stopped"] },
  { name: "instance_start_count", kind: "counter", of: (item) => item.start_count },
  { name: "instance_restart_count", kind: "counter", of: (item) => item.restart_count },
  { name: "instance_started_at", kind: "gauge", of: (item) => time(item.started_at) },
  { name: "instance_stopped_at", kind: "gauge", of: (item) => time(item.stopped_at) },
  { name: "instance_uptime_s", kind: "gauge", of: (item) => seconds(item.uptime_ms, 1e3) },
  { name: "instance_boot_time_s", kind: "gauge", of: (item) => seconds(item.boot_time_us, 1e6) },
  { name: "instance_net_time_s", kind: "gauge", of: (item) => seconds(item.net_time_us, 1e6) },
  // Nothing is restored from a template's memory here.
  { name: "instance_template_time_s", kind: "gauge", of: () => 0 },
  { name: "instance_rss_bytes", kind: "gauge", of: (item) => item.rss_bytes },
  { name: "instance_cpu_time_s", kind: "counter", of: (item) => seconds(item.cpu_time_ms, 1e3) },
  { name: "instance_rx_bytes", kind: "counter", of: (item) => item.rx_bytes },
  { name: "instance_tx_bytes", kind: "counter", of: (item) => item.tx_bytes },
  { name: "instance_rx_packets", kind: "counter", of: (item) => item.rx_packets },
  { name: "instance_tx_packets", kind: "counter", of: (item) => item.tx_packets },
  { name: "instance_nconns", kind: "gauge", of: (item) => item.nconns },
  { name: "instance_nreqs", kind: "gauge", of: (item) => item.nreqs },
  { name: "instance_nqueued", kind: "gauge", of: (item) => item.nqueued },
  { name: "instance_ntotal", kind: "counter", of: (item) => item.ntotal },
];

const WAKEUPS = "instance_wakeup_latency_seconds";

/** The text; what could not be read is said in comments. */
export function prometheusText(items: readonly (InstanceMetricsItem | FailedItem)[]): string {
  const read = items.filter((item): item is InstanceMetricsItem => item.status !== "error");
  const failures = items.filter((item) => item.status === "error").map(({ message }) => `# ${message ?? "failed"}`);
  const samples = METRICS.flatMap(({ name, kind, of }) => [
    `# TYPE ${name} ${kind}`,
    ...read.flatMap((item) => {
      const value = of(item);
      return value === undefined ? [] : [`${name}{${label(item)}} ${value}`];
    }),
  ]);
  const wakeups = [`# TYPE ${WAKEUPS} histogram`, ...read.flatMap(wakeupSamples)];
  return [...failures, ...samples, ...wakeups, ""].join("\n");
}

const label = ({ uuid }: InstanceMetricsItem): string => `instance_uuid="${uuid}"`;

function wakeupSamples(item: InstanceMetricsItem): string[] {
  const buckets = item.wakeup_latency ?? [];
  const bound = (ms: number | undefined): string => (ms === undefined ? "+Inf" : String(ms / 1000));
  return [
    ...buckets.map(({ bucket_ms, count }) => `${WAKEUPS}_bucket{${label(item)},le="${bound(bucket_ms)}"} ${count}`),
    `${WAKEUPS}_sum{${label(item)}} ${(item.wakeup_latency_sum ?? 0) / 1000}`,
    `${WAKEUPS}_count{${label(item)}} ${buckets.at(-1)?.count ?? 0}`,
  ];
}
