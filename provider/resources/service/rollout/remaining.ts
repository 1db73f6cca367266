/** What is left of an unfinished rollout, in words. Pure. */
import { digestIn } from "../../workload/request";

/** A member as the `instances` output has it. */
export interface KnownMember {
  /** Digest of its image; empty if it is not reported. */
  readonly digest: string;
  /** Hash of its template; `undefined` if it is not known. */
  readonly template: string | undefined;
}

/** What the members are to be. */
export interface RequestedTemplate {
  readonly image: string;
  /** Hash of the template, by the same key as those of the members; `undefined` without the key. */
  readonly hash: string | undefined;
}

/** `sha256:` and 12 digits, as container tools print them. */
const SHORT_DIGEST_LENGTH = 19;

const textOr = <T>(value: unknown, other: T): string | T => (typeof value === "string" && value !== "" ? value : other);

/** The members in the `instances` output; those of an earlier release have neither digest nor template. */
export function knownMembers(instances: unknown): readonly KnownMember[] {
  if (!Array.isArray(instances)) return [];
  return instances.map(({ digest, template }: { readonly digest?: unknown; readonly template?: unknown }) => ({
    digest: textOr(digest, ""),
    template: textOr(template, undefined),
  }));
}

/**
 * The members that were made from another template than the requested one, or were changed by hand since; `undefined` if it is not
 * known of each.
 */
export function findOldMembers(
  { hash }: RequestedTemplate,
  members: readonly KnownMember[],
): readonly KnownMember[] | undefined {
  if (hash === undefined || members.length === 0) return undefined;
  if (members.some(({ template }) => template === undefined)) return undefined;
  return members.filter(({ template }) => template !== hash);
}

const namesOf = (members: readonly KnownMember[]): string =>
  [...new Set(members.map(({ digest }) => digest).filter((digest) => digest !== ""))]
    .map((digest) => `${digest.slice(0, SHORT_DIGEST_LENGTH)}…`)
    .sort()
    .join(" and ");

/**
 * How many members are not as requested, such as `3 of 5 still on sha256:0123456789ab…`; `undefined` if none is, or if that is not
 * known. Without the templates of the members, it is known by an image with another digest, or if no member is new.
 *
 * @param areAllOld true if every member was made from the template in state, which is not the requested one
 */
export function describeRemaining(
  requested: RequestedTemplate,
  members: readonly KnownMember[],
  areAllOld: boolean,
): { readonly isPartial: boolean; readonly text: string } | undefined {
  const wanted = digestIn(requested.image);
  const otherImage = wanted === undefined ? [] : members.filter(({ digest }) => digest !== "" && digest !== wanted);
  const old = findOldMembers(requested, members) ?? (areAllOld && otherImage.length === 0 ? members : otherImage);
  if (old.length === 0) return undefined;
  const isPartial = old.length < members.length;
  const counted = `${old.length} of ${members.length} still`;
  const names = namesOf(old);
  if (old.every((one) => otherImage.includes(one))) return { isPartial, text: `${counted} on ${names}` };
  const template = isPartial ? "another template" : "the old template";
  return { isPartial, text: `${counted} with ${template}${names === "" ? "" : `, on ${names}`}` };
}
