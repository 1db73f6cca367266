/** The members of a service at the start of a rollout, which a rollback restores. */
import type { CreateInstanceRequest, InstanceItem } from "../../contract/models";

/** One member as it was. */
export interface CapturedMember {
  readonly uuid: string;
  /** It neither served nor was about to. */
  readonly isBroken: boolean;
  /** Equal for members that were made from the same template. */
  readonly templateKey: string;
  /** True for the instance if it still is as it was captured. */
  readonly isUnchanged: (instance: InstanceItem) => boolean;
  /** The request that creates a member like it, with a unique name. */
  readonly createRequest: () => CreateInstanceRequest;
  /** Gives a stopped instance the template, the gate and the tags of the member. Throws if it cannot be changed to them. */
  readonly restore: (instance: InstanceItem) => Promise<void>;
}

/**
 * The members to restore: those that were not broken, and broken ones of the same templates, such as a crashed replica of a fleet. A
 * broken one of another template was left by an earlier rollout that failed.
 */
export function restorable(captured: readonly CapturedMember[]): readonly CapturedMember[] {
  const proven = new Set(captured.filter(({ isBroken }) => !isBroken).map(({ templateKey }) => templateKey));
  return captured.filter(({ templateKey }) => proven.has(templateKey));
}

/** Tells which member a new or changed instance takes the place of. */
export interface Replacements {
  /** The next member that is gone or changed; once all have a replacement, the first one again. */
  readonly next: () => CapturedMember;
  /** The member that this instance was, or else the next one. */
  readonly of: (instance: InstanceItem) => CapturedMember;
}

/**
 * The members that are gone or changed, each to be replaced once, those that are gone first.
 *
 * @param members those to restore, at least one
 */
export function replacementsFor(members: readonly CapturedMember[], instances: readonly InstanceItem[]): Replacements {
  const missing = members
    .filter((member) => !instances.some((one) => isMember(member, one)))
    .map((member) => ({ member, isThere: instances.some(({ uuid }) => uuid === member.uuid) }))
    .sort((a, b) => Number(a.isThere) - Number(b.isThere))
    .map(({ member }) => member);
  const next = (): CapturedMember => {
    const member = missing.shift() ?? members[0];
    if (member === undefined) throw new Error("no member to restore");
    return member;
  };
  const of = ({ uuid }: InstanceItem): CapturedMember => {
    const own = members.find((member) => member.uuid === uuid);
    if (own === undefined) return next();
    const index = missing.indexOf(own);
    if (index !== -1) missing.splice(index, 1);
    return own;
  };
  return { next, of };
}

const isMember = (member: CapturedMember, instance: InstanceItem): boolean =>
  member.uuid === instance.uuid && member.isUnchanged(instance);

/** True for an instance that is one of these members, as it was captured. */
export const isAmong = (members: readonly CapturedMember[], instance: InstanceItem): boolean =>
  members.some((member) => isMember(member, instance));
