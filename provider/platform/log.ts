/** The daemon's log: one JSON object per line. Callers pass facts, never env values, tokens or file contents. */
import * as fs from "node:fs";

/** Facts of one event. */
export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>;

/** Where events go. */
export interface Log {
  /** Appends one event with its time. Never throws: a full disk must not stop the platform. */
  write(event: string, facts?: LogFields): void;
  close(): void;
}

/** A log that has grown beyond this begins anew. */
export const MAX_LOG_BYTES = 8 * 1024 * 1024;

/** Where the log before the present one is. */
export const rotatedLogPath = (file: string): string => `${file}.1`;

/**
 * Appends to a file (0600), created when absent. What has grown beyond {@link MAX_LOG_BYTES} goes to {@link rotatedLogPath}; the file itself
 * stays, since the daemon's own output is appended to it as well.
 */
export function openFileLog(file: string): Log {
  const descriptor = fs.openSync(file, "a", 0o600);
  let size = fs.fstatSync(descriptor).size;
  let open = true;
  const rotate = (): void => {
    // Where that fails it is not tried again at once: the log goes on in the file.
    size = 0;
    fs.copyFileSync(file, rotatedLogPath(file));
    fs.ftruncateSync(descriptor);
  };
  return {
    write(event, facts = {}) {
      if (!open) return;
      try {
        if (size > MAX_LOG_BYTES) rotate();
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
