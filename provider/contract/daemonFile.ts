/** `daemon.json`: what the daemon of a local platform says of itself, and its clients read. */
import * as z from "zod";

const daemonSettings = z.looseObject({
  /** Never ends by itself. */
  stay: z.boolean(),
  /** Every quota, by the API's name; `_mb` is MiB. */
  quotas: z.record(z.string(), z.number()),
});

/** Model of the file. */
export const daemonFile = z.looseObject({
  /** Such as `http://127.0.0.1:40123`. */
  url: z.string(),
  pid: z.int(),
  version: z.string().optional(),
  /** RFC 3339. */
  startedAt: z.string().optional(),
  // A daemon of an older version says nothing of them.
  settings: daemonSettings.default({ stay: false, quotas: {} }),
});
/** The file's content. */
export type DaemonFile = z.infer<typeof daemonFile>;
/** What a daemon was started with. */
export type DaemonSettings = z.infer<typeof daemonSettings>;
