/** `daemon.json`: written by the daemon of a local platform, read by its clients to find it. */
import * as z from "zod";

const daemonSettings = z.looseObject({
  /** Keeps running when idle. */
  stay: z.boolean(),
  /** Every quota, by the API's name; `_mb` is MiB. */
  quotas: z.record(z.string(), z.number()),
  /** Port of the API that was asked for; absent: the kernel chose one. */
  port: z.int().optional(),
});

/** Schema of the file. */
export const daemonFile = z.looseObject({
  /** Such as `http://127.0.0.1:40123`. */
  url: z.string(),
  pid: z.int(),
  version: z.string().optional(),
  /** RFC 3339. */
  startedAt: z.string().optional(),
  // Daemons of older versions do not write it.
  settings: daemonSettings.default({ stay: false, quotas: {} }),
});
/** Content of the file. */
export type DaemonFile = z.infer<typeof daemonFile>;
/** Settings that a daemon was started with. */
export type DaemonSettings = z.infer<typeof daemonSettings>;
