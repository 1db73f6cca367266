/** Appends the events of rollouts to a file that the user chose, one JSON object per line. */
import * as fs from "node:fs";
import { toRfc3339 } from "../../base/clock";
import { errorMessage } from "../../base/errors";
import { omitUndefined } from "../../base/objects";
import type { RolloutEvent } from "../events";

/** What the members of a line mean, for users. A line has those that are known. */
export const RECORD_FIELDS = {
  time: "When it happened: UTC, as of RFC 3339.",
  rollout: "UUID of the rollout: the same in all of its events.",
  stack: "Name of the stack.",
  project: "Name of the project.",
  urn: "URN of the Service.",
  metro: "The metro, as configured.",
  service: "Name of the service in the metro.",
  phase: "See [Phases](#phases).",
  replica: "Name of the replica. Absent in events of the rollout as a whole.",
  digest: "Digest of the replica's image.",
  operation:
    "In events of the rollout as a whole: `rollout` replaces replicas, `scaling` only changes their number, `reload` lets them load their configuration.",
  strategy: "In `started`: the strategy.",
  replicas: "In `started`, `ready`, `rollingBack` and `done`: the number of replicas to reach.",
  ready: "In `ready` and `done`: how many new replicas are ready.",
  step: "In `paused` and `resumed`: the step of `canary`, from 1. In `resumed`, one more than `steps` stands for the rest of the replicas.",
  steps: "In `paused` and `resumed`: the number of steps.",
  attempts: "In `waiting`: attempts of the gate so far, if one has failed.",
  detail: "Text for people; it may change.",
  elapsedMs: "Milliseconds since the start of the rollout.",
} as const;

/** What every line says of the rollout. */
export interface RolloutOrigin {
  /** A unique id. */
  readonly rollout: string;
  /** Name of the service. */
  readonly service: string;
  /** The metro as configured. */
  readonly metro: string;
  /** URN of the resource; `undefined` where none is known. */
  readonly urn?: string | undefined;
}

const URN_PREFIX = "urn:pulumi:";

/** One line: a JSON object and a line feed. Stack and project are those of the URN. Pure. */
export function toRecord({ rollout, service, metro, urn }: RolloutOrigin, event: RolloutEvent, nowMs: number): string {
  const [stack, project] = urn?.startsWith(URN_PREFIX) === true ? urn.slice(URN_PREFIX.length).split("::") : [];
  const { phase, member: replica, digest, detail, elapsedMs, ...facts } = event;
  const origin = { time: toRfc3339(nowMs), rollout, stack, project, urn, metro, service };
  const record: Partial<Record<keyof typeof RECORD_FIELDS, unknown>> = {
    ...{ ...origin, phase, replica, digest },
    ...{ ...facts, detail, elapsedMs: Math.round(elapsedMs) },
  };
  return `${JSON.stringify(omitUndefined(record))}\n`;
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
