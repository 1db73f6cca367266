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

/** Appends to a file (0600), created when absent. */
export function fileLog(file: string): Log {
  const descriptor = fs.openSync(file, "a", 0o600);
  let open = true;
  return {
    write(event, facts = {}) {
      if (!open) return;
      try {
        fs.writeSync(descriptor, `${JSON.stringify({ time: new Date().toISOString(), event, ...facts })}\n`);
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
