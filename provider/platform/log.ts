/** The daemon's log: one JSON object per line. Callers never pass environment values, tokens or file contents. */
import * as fs from "node:fs";

/** Details of one event. No secrets. */
export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>;

/** A destination of events. */
export interface Log {
  /** Appends an event with the current time. Never throws: a full disk must not stop the daemon. */
  write(event: string, fields?: LogFields): void;
  /** Ends the log; later events are dropped. */
  close(): void;
}

/** A log that is larger than this is rotated. */
export const MAX_LOG_BYTES = 8 * 1024 * 1024;

/** Path of the previous log after a rotation. */
export const rotatedLogPath = (file: string): string => `${file}.1`;

/**
 * A log that appends to a file (0600). Beyond {@link MAX_LOG_BYTES} the content is copied to {@link rotatedLogPath} and the
 * file is truncated, not replaced, because the daemon's own output is appended to it as well. Throws file system errors.
 */
export function openFileLog(file: string): Log {
  const descriptor = fs.openSync(file, "a", 0o600);
  let size = fs.fstatSync(descriptor).size;
  let open = true;
  const rotate = (): void => {
    // Reset first, so that a failed rotation is not retried with every event.
    size = 0;
    fs.copyFileSync(file, rotatedLogPath(file));
    fs.ftruncateSync(descriptor);
  };
  return {
    write(event, fields = {}) {
      if (!open) return;
      try {
        if (size > MAX_LOG_BYTES) rotate();
      } catch {
        // the event itself may still be written
      }
      try {
        size += fs.writeSync(descriptor, `${JSON.stringify({ time: new Date().toISOString(), event, ...fields })}\n`);
      } catch {
        // there is nowhere left to report it
      }
    },
    close() {
      if (open) fs.closeSync(descriptor);
      open = false;
    },
  };
}

/** A log that drops every event. */
export const silentLog: Log = { write: () => undefined, close: () => undefined };
