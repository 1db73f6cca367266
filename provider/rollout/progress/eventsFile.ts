/** Appends the events of rollouts to a file that the user chose, one JSON object per line. */
import * as fs from "node:fs";
import { toRfc3339 } from "../../base/clock";
import { errorMessage } from "../../base/errors";
import { omitUndefined } from "../../base/objects";
import type { RolloutEvent } from "../events";

/** What every line says of the rollout. */
export interface RolloutOrigin {
  /** Name of the service. */
  readonly service: string;
  /** The metro as configured. */
  readonly metro: string;
  /** URN of the resource; `undefined` where none is known. */
  readonly urn?: string | undefined;
}

const URN_PREFIX = "urn:pulumi:";

/** One line: a JSON object and a line feed. Stack and project are those of the URN. Pure. */
export function toRecord({ service, metro, urn }: RolloutOrigin, event: RolloutEvent, nowMs: number): string {
  const [stack, project] = urn?.startsWith(URN_PREFIX) === true ? urn.slice(URN_PREFIX.length).split("::") : [];
  const { phase, member, digest, detail, elapsedMs } = event;
  const record = { time: toRfc3339(nowMs), stack, project, urn, metro, service, phase, member, digest, detail };
  return `${JSON.stringify(omitUndefined({ ...record, elapsedMs: Math.round(elapsedMs) }))}\n`;
}

const { O_WRONLY, O_APPEND, O_CREAT } = fs.constants;
/** A named pipe without a reader fails instead of blocking the rollout. Windows has no such flag, and no such pipe. */
const FLAGS = O_WRONLY | O_APPEND | O_CREAT | ((fs.constants.O_NONBLOCK as number | undefined) ?? 0);
/** Readable by its owner only, where the file is new. */
const MODE = 0o600;

/**
 * Returns a function that appends a line. Each line is one write in append mode, so that several processes may share the file. A
 * failure never reaches the rollout: the first one is passed to `warn`.
 *
 * @param file path; a relative one is relative to the program's folder
 */
export function createEventsFile(file: string, warn: (sentence: string) => void): (line: string) => void {
  let hasWarned = false;
  return (line) => {
    try {
      appendLine(file, line);
    } catch (error) {
      if (hasWarned) return;
      hasWarned = true;
      warn(`The events of the rollout could not be written to '${file}': ${errorMessage(error)}`);
    }
  };
}

function appendLine(file: string, line: string): void {
  const descriptor = fs.openSync(file, FLAGS, MODE);
  try {
    const bytes = Buffer.from(line);
    const written = fs.writeSync(descriptor, bytes);
    if (written < bytes.length) throw new Error(`${written} of ${bytes.length} bytes were written`);
  } finally {
    fs.closeSync(descriptor);
  }
}
