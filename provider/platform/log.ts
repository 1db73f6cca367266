/** The daemon's log: one JSON object per line. Callers pass facts, never env values, tokens or file contents. */
import * as fs from "node:fs";

/** Facts of one event. */
export type LogFacts = Readonly<Record<string, string | number | boolean | undefined>>;

/** Where events go. */
export interface Log {
  /** Appends one event with its time. Never throws: a full disk must not stop the platform. */
  write(event: string, facts?: LogFacts): void;
  close(): void;
}

/** A log that has grown beyond this begins anew. */
export const LOG_BYTES = 8 * 1024 * 1024;

/** Where the log before the present one is. */
export const olderLog = (file: string): string => `${file}.1`;

/**
 * Appends to a file (0600), created when absent. What has grown beyond {@link LOG_BYTES} goes to {@link olderLog}; the file itself
 * stays, since the daemon's own output is appended to it as well.
 */
export function fileLog(file: string): Log {
  const descriptor = fs.openSync(file, "a", 0o600);
  let size = fs.fstatSync(descriptor).size;
  let open = true;
  const beginAnew = (): void => {
    // Where that fails it is not tried again at once: the log goes on in the file.
    size = 0;
    fs.copyFileSync(file, olderLog(file));
    fs.ftruncateSync(descriptor);
  };
  return {
    write(event, facts = {}) {
      if (!open) return;
      try {
        if (size > LOG_BYTES) beginAnew();
      } catch {
        // the event itself may be written all the same
      }
      try {
        size += fs.writeSync(descriptor, `${JSON.stringify({ time: new Date().toISOString(), event, ...facts })}\n`);
      } catch {
        // nowhere left to say it
      }
    },
    close() {
      if (open) fs.closeSync(descriptor);
      open = false;
    },
  };
}

/** Drops every event. */
export const silentLog: Log = { write: () => undefined, close: () => undefined };
