/** Processes below one that this harness started. Linux only. */
import * as fs from "node:fs";

/** Position of the start time among the fields after the name. Source: proc(5), field 22 of `stat`. */
const START_TIME = 19;

/** A process: its id may belong to another one later, but not with the same start time. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Clock ticks since the machine's start, as text. */
  readonly startTime: string;
}

/** All descendants, parents first. */
export function findDescendants(pid: number): readonly ProcessIdentity[] {
  const children = new Map<number, number[]>();
  for (const entry of fs.readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    const parent = parentOf(Number(entry));
    if (parent !== undefined) children.set(parent, [...(children.get(parent) ?? []), Number(entry)]);
  }
  const found: number[] = [];
  for (let queue = [pid], next = queue.shift(); next !== undefined; next = queue.shift()) {
    const below = children.get(next) ?? [];
    found.push(...below);
    queue.push(...below);
  }
  return found.flatMap((one) => identify(one) ?? []);
}

/** The process that has this id now; `undefined` if none. */
export function identify(pid: number): ProcessIdentity | undefined {
  const startTime = statusOf(pid)?.[START_TIME];
  return startTime === undefined ? undefined : { pid, startTime };
}

/** Everything of `/proc/<pid>/stat` after the name, which may itself contain blanks and parentheses. */
function statusOf(pid: number): readonly string[] | undefined {
  try {
    const text = fs.readFileSync(`/proc/${pid}/stat`, "latin1");
    return text.slice(text.lastIndexOf(")") + 2).split(" ");
  } catch {
    return undefined; // it has ended
  }
}

function parentOf(pid: number): number | undefined {
  const [, parent] = statusOf(pid) ?? [];
  return parent === undefined ? undefined : Number(parent);
}

/** True if the process runs; a zombie does not. */
export function isRunning({ pid, startTime }: ProcessIdentity): boolean {
  const status = statusOf(pid) ?? [];
  const [state] = status;
  return status[START_TIME] === startTime && state !== "Z" && state !== "X";
}

/** Sends a signal; a process that has ended gets none. */
export function sendSignal(target: ProcessIdentity, signal: NodeJS.Signals): void {
  if (!isRunning(target)) return;
  try {
    process.kill(target.pid, signal);
  } catch {
    // it has ended by itself
  }
}
