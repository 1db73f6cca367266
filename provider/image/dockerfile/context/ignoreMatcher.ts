/**
 * Decides which paths of a build context are ignored, as BuildKit's walk of the context does: `MatchesUsingParentResults` of
 * github.com/moby/patternmatcher 0.6.1.
 */
import type { IgnorePattern } from "./ignoreFile";

/** Which patterns match a folder, in the patterns' order; passed on to what the folder contains. */
export type FolderMatches = readonly boolean[];

/** Result for one path. */
export interface IgnoreDecision {
  readonly isIgnored: boolean;
  /** For the entries of this path, if it is a folder. */
  readonly matches: FolderMatches;
}

/**
 * Decides about a path whose folder has been decided about. A pattern that matches a folder matches everything below it; the last
 * pattern that matches wins.
 *
 * @param path relative to the context, with `/`
 * @param folder matches of the folder; `undefined` for entries of the context itself
 */
export function decideIgnored(
  patterns: readonly IgnorePattern[],
  path: string,
  folder: FolderMatches | undefined,
): IgnoreDecision {
  let isIgnored = false;
  const matches = patterns.map((pattern, index) => {
    // A pattern that could not change the result is not evaluated, so entries below the folder evaluate it again.
    const isMatch = folder?.[index] === true || (pattern.isException === isIgnored && pattern.matches(path));
    if (isMatch) isIgnored = !pattern.isException;
    return isMatch;
  });
  return { isIgnored, matches };
}

/**
 * True if nothing below an ignored folder can be included again, so that the walk may leave it out. A pattern with wildcards,
 * other than a last `/*` or `/**`, may match anything.
 */
export function maySkipFolder(patterns: readonly IgnorePattern[], path: string): boolean {
  return patterns.every(({ isException, text }) => {
    if (!isException) return true;
    const prefix = text.replace(/\/\*{1,2}$/, "");
    return !/[*?[\]\\{}|^]/.test(prefix) && !`${prefix}/`.startsWith(`${path}/`);
  });
}
