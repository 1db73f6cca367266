/**
 * The mark of ownership: one tag of the provider's own on instances (replicas of services included) and volumes. It tells whose object
 * it is, and whether the create that made it has finished. Looked at only where an object might be adopted: aliases, renamed stacks and
 * moved state lock nobody out. Pure.
 */
import type { Identity } from "../../definition/identity";
import type { NameHolder } from "../../definition/resource";
import type { PlannedOperation } from "./patchOperation";

const MARK_PATTERN = /^pulumi:([0-9a-f]{12}):([0-9a-f]{16})(?::(?:(unfinished|growing)|restarting-(\d+)))?$/;

/** What a mark says. */
export interface OwnershipMark extends Identity {
  /** The create that made the object has not finished, or was killed. */
  readonly unfinished: boolean;
  /** An update stopped the instances that use the volume in order to grow it, and has not started them again. */
  readonly growing: boolean;
  /** An update that starts the instance has begun, and has not ended: how often the instance had been started before. */
  readonly restartingFrom: number | undefined;
}

/** The mark of an object whose create has finished. */
export const finishedMark = ({ stackHash, resourceHash }: Identity): string => `pulumi:${stackHash}:${resourceHash}`;

/** The mark of an object that is being created: the last request of its create replaces it by {@link finishedMark}. */
export const unfinishedMark = (identity: Identity): string => `${finishedMark(identity)}:unfinished`;

/** The mark of a volume whose users are stopped so that it can grow: if that update is killed, the next one starts them. */
export const growingMark = (identity: Identity): string => `${finishedMark(identity)}:growing`;

/** The mark of an instance that an update starts after `starts` others: if that update is killed, the next one starts it. */
export const restartingMark = (identity: Identity, starts: number): string =>
  `${finishedMark(identity)}:restarting-${starts}`;

/** Is it a mark? Such tags are hidden from programs, and no program can give one. */
export const isOwnershipMark = (tag: string): boolean => MARK_PATTERN.test(tag);

/** The tags without marks: what a program sees. */
export const withoutMarks = (tags: readonly string[]): string[] => tags.filter((tag) => !isOwnershipMark(tag));

/**
 * What the mark among the tags says; `undefined` for an object without one, which another program or an earlier release made, and for
 * one with the marks of several resources.
 */
export function findMark(tags: readonly string[] | null | undefined): OwnershipMark | undefined {
  const marks = (tags ?? []).flatMap(parseMark);
  const [first] = marks;
  if (first === undefined || marks.some((mark) => !isOwn(mark, first))) return undefined;
  return {
    ...first,
    unfinished: marks.every(({ unfinished }) => unfinished),
    growing: marks.some(({ growing }) => growing),
    restartingFrom: marks.find(({ restartingFrom }) => restartingFrom !== undefined)?.restartingFrom,
  };
}

function parseMark(tag: string): readonly OwnershipMark[] {
  const [, stackHash, resourceHash, phase, starts] = MARK_PATTERN.exec(tag) ?? [];
  if (stackHash === undefined || resourceHash === undefined) return [];
  const restartingFrom = starts === undefined ? undefined : Number(starts);
  return [
    { stackHash, resourceHash, unfinished: phase === "unfinished", growing: phase === "growing", restartingFrom },
  ];
}

/** Is it the mark of this resource? */
export const isOwn = (mark: OwnershipMark | undefined, identity: Identity | undefined): mark is OwnershipMark =>
  mark !== undefined && mark.resourceHash === identity?.resourceHash && mark.stackHash === identity.stackHash;

/** Did a create of this resource make the object, and not finish? */
export function isOwnUnfinished(tags: readonly string[] | null | undefined, identity: Identity | undefined): boolean {
  const mark = findMark(tags);
  return isOwn(mark, identity) && mark.unfinished;
}

/**
 * The tags to write when a program's tags are set, which replaces all of them: its own and the mark. An object keeps the mark that it
 * has where no identity is known.
 *
 * @param restartingFrom as in the mark; default: no update that starts the instance is under way
 */
export function withMark(
  tags: readonly string[],
  current: readonly string[] | null | undefined,
  identity: Identity | undefined,
  restartingFrom?: number,
): readonly string[] {
  const mark = identity ?? findMark(current);
  if (mark === undefined) return tags;
  return [...tags, restartingFrom === undefined ? finishedMark(mark) : restartingMark(mark, restartingFrom)];
}

/** A change that would write or clear the tags of a program writes the mark with them; others are as they were. */
export function withMarkKept<P extends PlannedOperation<string>>(
  patch: P,
  current: readonly string[] | null | undefined,
  identity: Identity | undefined,
): P {
  if (patch.prop !== "tags" || (patch.op !== "set" && patch.op !== "clear")) return patch;
  const tags = patch.op === "set" && Array.isArray(patch.value) ? (patch.value as string[]) : [];
  const marked = withMark(tags, current, identity, findMark(current)?.restartingFrom);
  return marked.length === tags.length ? patch : { ...patch, op: "set", value: marked };
}

/** The tags of an object once its create, or its restart, has finished; `undefined` if they say so already, or the node keeps no tags. */
export const finishingTags = (
  current: readonly string[] | null | undefined,
  identity: Identity | undefined,
): string[] | undefined => {
  const mark = findMark(current);
  return mark?.unfinished === true || mark?.restartingFrom !== undefined
    ? [...withMark(withoutMarks(current ?? []), current, identity)]
    : undefined;
};

/** Whose an object with these tags is. */
export function holderByMark(tags: readonly string[] | null | undefined, identity: Identity | undefined): NameHolder {
  const mark = findMark(tags);
  if (mark === undefined) return "foreign";
  if (!isOwn(mark, identity)) return "managed";
  return mark.unfinished ? "unfinished" : "finished";
}
