/** One event of a rollout as a line for people. Pure. */
import type { RolloutEvent, RolloutPhase } from "../events";

/** What a line says of a replica; of the whole rollout, unless {@link WHOLE_TEXT} has another text. */
const PHASE_TEXT: Readonly<Record<RolloutPhase, string>> = {
  started: "started",
  launched: "launched",
  restarting: "restarting",
  waiting: "waiting",
  admitted: "gets connections",
  ready: "ready",
  draining: "draining",
  drained: "drained",
  kept: "kept",
  removed: "removed",
  reloading: "reloading",
  reloaded: "reloaded",
  paused: "paused",
  resumed: "resumed",
  rollingBack: "rolling back",
  failed: "failed",
  rolledBack: "rolled back",
  stopped: "stopped",
  done: "done",
};

const WHOLE_TEXT: Readonly<Partial<Record<RolloutPhase, string>>> = { admitted: "connections moved" };

/** Phases that are said of the operation by name: `rollout done`, `scaling done`. */
const NAMED: ReadonlySet<RolloutPhase> = new Set(["started", "failed", "rolledBack", "stopped", "done"]);

/** `ready`, `rollout started`, `scaling done`. */
function textOf({ phase, member, operation = "rollout" }: RolloutEvent): string {
  if (member !== undefined) return PHASE_TEXT[phase];
  return NAMED.has(phase) ? `${operation} ${PHASE_TEXT[phase]}` : (WHOLE_TEXT[phase] ?? PHASE_TEXT[phase]);
}

const DIGEST_LENGTH = 12;

/** A digest as in the output of Docker: `sha256:` and 12 digits. Text of another form is left as it is. */
export const shortDigest = (digest: string): string =>
  /^[a-z0-9]+:[0-9a-f]{13,}$/.test(digest) ? digest.slice(0, digest.indexOf(":") + 1 + DIGEST_LENGTH) : digest;

/** A duration: `0.4 s`, `12.3 s`, `3 min 5 s`. */
export function formatElapsed(ms: number): string {
  const tenths = Math.max(0, Math.round(ms / 100));
  if (tenths < 600) return `${(tenths / 10).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

/** The line, such as `Service 'web': web-4f2a1 (sha256:0123456789ab) ready: 2 of 3 (12.3 s)`. A detail of several lines becomes one. */
export function formatEvent(service: string, event: RolloutEvent): string {
  const { member, digest, detail, elapsedMs } = event;
  const subject = member === undefined ? "" : `${member}${digest === undefined ? "" : ` (${shortDigest(digest)})`} `;
  const clause =
    detail === undefined || detail === "" ? "" : `: ${detail.replace(/\s*[\r\n]+\s*/g, " ").replace(/\.$/, "")}`;
  return `Service '${service}': ${subject}${textOf(event)}${clause} (${formatElapsed(elapsedMs)})`;
}
