/** `unikernel local ps` */
import { parseOptions } from "../../../base/commandLineOptions";
import { omitUndefined } from "../../../base/objects";
import { describeStop } from "../../../client/errors/stopReason";
import { stripPlatformPrefix } from "../../../contract/imageUrl";
import type { InstanceItem, InstanceMetricsItem, InstanceState } from "../../../contract/models";
import { type Cell, formatTable, type Style } from "../../terminal/table";
import { formatBytes, formatDuration, shortUuid } from "../../terminal/units";
import { findLocal } from "../client";

/** Characters of a digest that people read. */
const SHORT_DIGEST_LENGTH = 8;

const STATE_STYLES: Readonly<Partial<Record<InstanceState, Style>>> = {
  running: "green",
  starting: "yellow",
  draining: "yellow",
  stopping: "yellow",
  standby: "dim",
  stopped: "dim",
};

/** Lists the instances; starts no daemon. With `--json` an array of objects with units in their names. */
export async function ps(args: readonly string[]): Promise<string> {
  const { json } = parseOptions(args, { json: "switch" });
  const found = await findLocal();
  if (found === undefined) return json ? "[]" : "The local platform is not running.";
  const [{ items }, metrics] = await Promise.all([found.client.getInstances({}), found.client.getInstanceMetrics({})]);
  const usageOf = new Map(metrics.items.map((item) => [item.uuid, item]));
  const rows = items.map((item) => toRow(item, usageOf.get(item.uuid)));
  if (json) return JSON.stringify(rows, undefined, 2);
  return rows.length === 0 ? "No instances." : formatRows(rows);
}

/** An instance as `--json` prints it. Variables are left out: they may hold secrets. */
export interface InstanceRow {
  readonly name: string;
  readonly uuid: string;
  readonly state: string;
  /** Why it stopped; only while it is stopped. */
  readonly stopReason?: string | undefined;
  /** Why it sleeps in memory, or booted anew when it was woken. */
  readonly memoryNotice?: string | undefined;
  readonly image: string;
  readonly service?: string | undefined;
  /** Published ports, such as `tcp:443`. */
  readonly ports: readonly string[];
  readonly memoryMb?: number | undefined;
  /** Resident memory of its VM on this machine. */
  readonly residentBytes: number;
  readonly vcpus?: number | undefined;
  readonly uptimeMs: number;
  /** From the start of the VM until its program ran; absent before. */
  readonly bootTimeMs?: number | undefined;
  /** From the start of the VM until its ports accepted connections; absent before, and without a service. */
  readonly netTimeMs?: number | undefined;
  readonly restarts: number;
  readonly privateFqdn?: string | undefined;
}

/** What is shown of an instance. Pure. */
export function toRow(item: InstanceItem, metrics: InstanceMetricsItem | undefined): InstanceRow {
  const toMs = (us: number | undefined): number | undefined => (us === undefined || us === 0 ? undefined : us / 1000);
  const hasStopped = item.state === "stopped" && item.stop_reason !== undefined;
  return omitUndefined({
    name: item.name,
    uuid: item.uuid,
    state: item.state ?? "unknown",
    stopReason: hasStopped ? describeStop(item) : undefined,
    memoryNotice: item.memory_notice,
    image: stripPlatformPrefix(item.image ?? ""),
    service: item.service_group?.name,
    ports: item.services ?? [],
    memoryMb: item.memory_mb,
    residentBytes: metrics?.rss_bytes ?? 0,
    vcpus: item.vcpus,
    uptimeMs: item.uptime_ms ?? 0,
    bootTimeMs: toMs(item.boot_time_us),
    netTimeMs: toMs(item.net_time_us),
    restarts: item.restart_count ?? 0,
    privateFqdn: item.private_fqdn,
  });
}

/** The table for people. Pure, but for the styles of the terminal. */
export function formatRows(rows: readonly InstanceRow[]): string {
  const header = ["NAME", "UUID", "STATE", "UPTIME", "BOOT", "MEMORY", "RESTARTS", "SERVICE", "IMAGE"];
  return formatTable(
    header,
    rows.map((row): Cell[] => {
      const style = STATE_STYLES[row.state as InstanceState]; // an unknown state of a newer daemon has no style
      const detail = row.stopReason ?? row.memoryNotice;
      const state = detail === undefined ? row.state : `${row.state}: ${detail}`;
      const limit = row.memoryMb === undefined ? "?" : formatBytes(row.memoryMb * 1024 * 1024);
      return [
        row.name,
        shortUuid(row.uuid),
        style === undefined ? state : { text: state, style },
        row.uptimeMs === 0 ? "-" : formatDuration(row.uptimeMs),
        row.bootTimeMs === undefined ? "-" : formatDuration(row.bootTimeMs),
        row.residentBytes === 0 ? `- / ${limit}` : `${formatBytes(row.residentBytes)} / ${limit}`,
        String(row.restarts),
        row.service === undefined ? "-" : `${row.service} ${row.ports.join(",")}`.trim(),
        shortImage(row.image),
      ];
    }),
  );
}

/** A reference with the start of its digest, such as `web@1a2b3c4d`. */
export const shortImage = (image: string): string =>
  image.replace(/@sha256:([0-9a-f]+)$/, (_, digest: string) => `@${digest.slice(0, SHORT_DIGEST_LENGTH)}`);
