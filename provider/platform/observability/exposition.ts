/**
 * Metrics as text, in the two formats that Prometheus reads. Pure. Sources: OpenMetrics 1.0.0; Prometheus, "Text-based format",
 * version 0.0.4. They differ in the names of counters, the end mark and the content type.
 */
import type { HistogramCounts } from "./histogram";

/** A text format. */
export type MetricsFormat = "openmetrics" | "prometheus";

/** The content type of each format. */
export const METRICS_CONTENT_TYPES: Readonly<Record<MetricsFormat, string>> = {
  openmetrics: "application/openmetrics-text; version=1.0.0; charset=utf-8",
  prometheus: "text/plain; version=0.0.4; charset=utf-8",
};

/** The format that an `Accept` header asks for; the older one unless it names the newer one. */
export const chooseFormat = (accept: string): MetricsFormat =>
  accept.includes("application/openmetrics-text") ? "openmetrics" : "prometheus";

/** Labels of a sample. */
export type Labels = Readonly<Record<string, string>>;

/** One metric with its samples. Names have base units and, for counters, no `_total`, which is added. */
export type MetricFamily = { readonly name: string; readonly help: string } & (
  | { readonly type: "gauge" | "counter"; readonly samples: readonly (readonly [Labels, number])[] }
  | { readonly type: "histogram"; readonly counts: HistogramCounts }
);

/** All metrics as text. */
export function formatMetrics(families: readonly MetricFamily[], format: MetricsFormat): string {
  const lines = families.flatMap((family) => [...header(family, format), ...samplesOf(family)]);
  return [...lines, ...(format === "openmetrics" ? ["# EOF"] : []), ""].join("\n");
}

function header({ name, help, type }: MetricFamily, format: MetricsFormat): readonly string[] {
  const family = type === "counter" && format === "prometheus" ? `${name}_total` : name;
  return [`# HELP ${family} ${help}`, `# TYPE ${family} ${type}`];
}

function samplesOf(family: MetricFamily): readonly string[] {
  const { name } = family;
  if (family.type === "histogram") {
    const { buckets, count, sumMs } = family.counts;
    return [
      ...buckets.map((bucket) => `${name}_bucket{le="${formatBound(bucket.boundMs)}"} ${bucket.count}`),
      `${name}_sum ${sumMs / 1000}`,
      `${name}_count ${count}`,
    ];
  }
  const sampleName = family.type === "counter" ? `${name}_total` : name;
  return family.samples.map(([labels, value]) => `${sampleName}${formatLabels(labels)} ${value}`);
}

/** A bound in seconds. OpenMetrics asks for the form of a floating-point number: `1.0`. */
function formatBound(boundMs: number | undefined): string {
  if (boundMs === undefined) return "+Inf";
  const seconds = boundMs / 1000;
  return Number.isInteger(seconds) ? seconds.toFixed(1) : String(seconds);
}

function formatLabels(labels: Labels): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escapeValue(value)}"`);
  return pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
}

const escapeValue = (value: string): string =>
  value.replaceAll("\\", "\\\\").replaceAll("\n", "\\n").replaceAll('"', '\\"');
