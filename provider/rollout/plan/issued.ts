/**
 * What a rollout has asked for and an observation may not show yet. A listing can be older than the last request; without this, a
 * member that was just told to stop would count as available, and another one would follow it. Losing it is safe once listings are
 * up to date again.
 */
import { type Member, type RolloutStep, isReady } from "./member";

/** A member as observed. */
export interface ObservedMember extends Member {
  /** How often it was started; `undefined` if the metro does not report it. */
  readonly starts: number | undefined;
  /** How often it was restarted after it stopped by itself. */
  readonly restarts: number;
}

/** The requests of one rollout, by uuid. */
export interface IssuedRequests {
  /** New members that were launched. */
  readonly launched: Set<string>;
  /** Those of `launched` that were observed. */
  readonly listed: Set<string>;
  /** Members that were told to stop. */
  readonly stopped: Set<string>;
  /** Members that were deleted, or left to the platform. */
  readonly gone: Set<string>;
  readonly rotation: Map<string, boolean>;
  /** Members that were changed in place: the starts observed before. */
  readonly restarted: Map<string, number | undefined>;
  /** Members that were ready once: their restarts then. With as many restarts, one that starts is only waking. */
  readonly passed: Map<string, number>;
}

/** None. */
export const noRequests = (): IssuedRequests => ({
  launched: new Set(),
  listed: new Set(),
  stopped: new Set(),
  gone: new Set(),
  rotation: new Map(),
  restarted: new Map(),
  passed: new Map(),
});

/** True if this rollout started the member, so that it fails the rollout if it fails. */
export const isStartedHere = ({ launched, restarted }: IssuedRequests, uuid: string): boolean =>
  launched.has(uuid) || restarted.has(uuid);

/** Records a step whose requests were accepted. Launches are added to `launched` one by one, as their uuids are known. */
export function record(issued: IssuedRequests, step: RolloutStep, observed: readonly ObservedMember[]): void {
  switch (step.action) {
    case "switch":
      for (const uuid of step.admit) issued.rotation.set(uuid, true);
      for (const uuid of step.withdraw) issued.rotation.set(uuid, false);
      return;
    case "drain":
    case "forceStop":
      for (const uuid of step.uuids) issued.stopped.add(uuid);
      return;
    case "retire":
    case "remove":
      for (const uuid of step.uuids) issued.gone.add(uuid);
      return;
    case "restart":
      for (const uuid of step.uuids) {
        issued.stopped.delete(uuid);
        issued.passed.delete(uuid);
        issued.restarted.set(uuid, observed.find((one) => one.uuid === uuid)?.starts);
      }
      return;
    default:
      return;
  }
}

const isEnding = ({ phase }: Member): boolean => phase === "draining" || phase === "stuck" || phase === "down";

/** The members as they are after the requests. */
export function withIssued(observed: readonly ObservedMember[], issued: IssuedRequests): readonly Member[] {
  const uuids = new Set(observed.map(({ uuid }) => uuid));
  for (const uuid of issued.launched) if (uuids.has(uuid)) issued.listed.add(uuid);
  const unlisted = [...issued.launched]
    .filter((uuid) => !issued.listed.has(uuid) && !issued.gone.has(uuid))
    .map((uuid): Member => ({ uuid, generation: "new", phase: "starting", inRotation: false }));
  const known = observed.filter(({ uuid }) => !issued.gone.has(uuid)).map((member) => afterRequests(member, issued));
  return [...known, ...unlisted];
}

function afterRequests(observed: ObservedMember, issued: IssuedRequests): Member {
  const { uuid, starts, restarts } = observed;
  const inRotation = issued.rotation.get(uuid) ?? observed.inRotation;
  const member: Member = { uuid, generation: observed.generation, phase: observed.phase, inRotation };
  if (issued.stopped.has(uuid)) return isEnding(observed) ? member : { ...member, phase: "draining" };
  const before = issued.restarted.get(uuid);
  if (starts !== undefined && before !== undefined && starts <= before)
    return { ...member, generation: "new", phase: "starting" };
  if (observed.phase === "down" && isStartedHere(issued, uuid)) return { ...member, phase: "failed" };
  if (isReady(observed)) issued.passed.set(uuid, restarts);
  const isWaking = observed.phase === "starting" && issued.passed.get(uuid) === restarts;
  return isWaking ? { ...member, phase: "asleep" } : member;
}
