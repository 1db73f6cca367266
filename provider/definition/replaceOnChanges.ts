/**
 * The option `replaceOnChanges`: which changes become replacements. The engine looks for its paths in a diff that lists properties,
 * which the dynamic protocol cannot express, so they are matched here. Pure.
 */
import { isDeepStrictEqual } from "node:util";
import type * as z from "zod";
import type { PathPart } from "./propertyPath";
import { innerSchema } from "./resource";
import { isUnknown } from "./unknowns";

/** A path of the option; `*` stands for any property, key or index. */
export type PathPattern = readonly PathPart[];

/** Whether a change must, or may, become a replacement. */
export interface RequestedReplacement {
  readonly sure: boolean;
  /** True if it becomes one should an unknown value turn out to differ. */
  readonly possible: boolean;
}

/** A place where two values differ, or may. */
interface Difference {
  readonly path: readonly PathPart[];
  /** False where the new value is not known yet. */
  readonly certain: boolean;
}

const isContainer = (value: unknown): value is object => value !== null && typeof value === "object";

const memberOf = (value: unknown, key: PathPart): unknown =>
  isContainer(value) ? (value as Readonly<Record<PathPart, unknown>>)[key] : undefined;

const keysOf = (value: unknown): readonly PathPart[] => {
  if (Array.isArray(value)) return [...value.keys()];
  return isContainer(value) ? Object.keys(value) : [];
};

/** The innermost places that differ: of a value that appears or disappears, all of its members. */
function differences(before: unknown, after: unknown, path: readonly PathPart[]): readonly Difference[] {
  if (isUnknown(after)) return [{ path, certain: false }];
  if (isDeepStrictEqual(before, after)) return [];
  const isAlike = before == null || after == null || Array.isArray(before) === Array.isArray(after);
  const keys = isAlike ? [...new Set([...keysOf(before), ...keysOf(after)])] : [];
  if (keys.length === 0) return [{ path, certain: true }];
  return keys.flatMap((key) => differences(memberOf(before, key), memberOf(after, key), [...path, key]));
}

/** True if every part of a pattern, up to the length of a path, is that of the path. */
const isPrefixLike = (pattern: PathPattern, path: readonly PathPart[]): boolean =>
  path.every((part, index) => index >= pattern.length || pattern[index] === "*" || pattern[index] === part);

/** What the patterns make of the change of one input. Source of the meaning: the engine's `PropertyPath.Contains`. */
export function requestedReplacement(
  patterns: readonly PathPattern[],
  property: string,
  before: unknown,
  after: unknown,
): RequestedReplacement {
  if (patterns.length === 0) return { sure: false, possible: false };
  const found = differences(before, after, [property]);
  const meets = ({ path, certain }: Difference): boolean =>
    patterns.some((pattern) => isPrefixLike(pattern, path) && (pattern.length <= path.length || !certain));
  return {
    sure: found.some((difference) => difference.certain && meets(difference)),
    possible: found.some((difference) => !difference.certain && meets(difference)),
  };
}

/** How many parts of a path a value of this type can have, counted from `at`; all of them for a type that allows anything. */
export function countReachableParts(schema: z.ZodType, path: readonly PathPart[], at = 0): number {
  const part = path[at];
  if (part === undefined) return at;
  const inner = innerSchema(schema);
  if (inner !== undefined) return countReachableParts(inner, path, at);
  const { def } = schema as z.ZodObject | z.ZodArray | z.ZodRecord | z.ZodUnion | z.ZodPipe;
  const furthest = (members: readonly unknown[], next: number): number =>
    Math.max(at, ...members.map((member) => countReachableParts(member as z.ZodType, path, next)));
  switch (def.type) {
    case "object": {
      const members = part === "*" ? Object.values(def.shape) : Object.hasOwn(def.shape, part) ? [def.shape[part]] : [];
      return furthest(members, at + 1);
    }
    case "array":
      return typeof part === "number" || part === "*" ? furthest([def.element], at + 1) : at;
    case "record":
      return furthest([def.valueType], at + 1);
    case "union":
      return furthest(def.options, at);
    case "pipe":
      return furthest([def.in], at);
    default:
      return hasMembers(schema) ? path.length : at;
  }
}

const WITHOUT_MEMBERS: readonly string[] = [
  "string",
  "number",
  "int",
  "boolean",
  "enum",
  "literal",
  "null",
  "undefined",
];

const hasMembers = ({ def }: z.ZodType): boolean => !WITHOUT_MEMBERS.includes(def.type);
