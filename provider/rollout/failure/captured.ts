/** The members of a service at the start of a rollout, which a rollback restores. Pure. */
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
}

/**
 * The members to restore: those that were not broken, and broken ones of the same templates, such as a crashed replica of a fleet. A
 * broken one of another template was left by an earlier rollout that failed.
 */
export function restorable(captured: readonly CapturedMember[]): readonly CapturedMember[] {
  const proven = new Set(captured.filter(({ isBroken }) => !isBroken).map(({ templateKey }) => templateKey));
  return captured.filter(({ templateKey }) => proven.has(templateKey));
}

/**
 * The requests that replace members which are gone or changed: their own, then those of the first member.
 *
 * @param members those to restore, at least one
 */
export function restoringRequests(
  members: readonly CapturedMember[],
  instances: readonly InstanceItem[],
): () => CreateInstanceRequest {
  const missing = members.filter((member) => !instances.some((one) => isMember(member, one)));
  return () => {
    const next = missing.shift() ?? members[0];
    if (next === undefined) throw new Error("no member to restore");
    return next.createRequest();
  };
}

const isMember = (member: CapturedMember, instance: InstanceItem): boolean =>
  member.uuid === instance.uuid && member.isUnchanged(instance);

/** True for an instance that is one of these members, as it was captured. */
export const isAmong = (members: readonly CapturedMember[], instance: InstanceItem): boolean =>
  members.some((member) => isMember(member, instance));
