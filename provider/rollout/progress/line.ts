/** One event of a rollout as a line for people. Pure. */
import type { RolloutEvent, RolloutPhase } from "../events";

/** What a line says of a member, or of the whole rollout. */
const PHASE_TEXT: Readonly<Record<RolloutPhase, string>> = {
  started: "rollout started",
  gate: "waiting",
  launched: "launched",
  ready: "ready",
  admitted: "admitted",
  draining: "draining",
  drained: "drained",
  restarting: "restarting",
  reloading: "reloading",
  reloaded: "reloaded",
  removed: "removed",
  paused: "paused",
  rollingBack: "rolling back",
  failed: "failed",
  done: "rollout done",
};

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
export function formatEvent(service: string, { phase, member, digest, detail, elapsedMs }: RolloutEvent): string {
  const subject = member === undefined ? "" : `${member}${digest === undefined ? "" : ` (${shortDigest(digest)})`} `;
  const clause = detail === undefined || detail === "" ? "" : `: ${detail.replace(/\s*[\r\n]+\s*/g, " ")}`;
  return `Service '${service}': ${subject}${PHASE_TEXT[phase]}${clause} (${formatElapsed(elapsedMs)})`;
}
