/** Whether arguments of components have the form of their types: a compiler checks neither JavaScript nor what comes from a file. */
import type { Fail } from "./argumentError";
import { suggestName } from "./unknownSettings";

/** The members of an object by name. */
export type Members = Readonly<Record<string, unknown>>;

/**
 * The members of an object that has no others than the known ones.
 *
 * @param at where the object is in the arguments, such as `rules[0]`; empty for the arguments themselves
 */
export function checkNames(value: unknown, at: string, known: readonly string[], fail: Fail): Members {
  const start = at === "" ? "" : `${at}: `;
  if (typeof value !== "object" || value === null) return fail(`${start}must be an object.`);
  const [name] = Object.keys(value).filter((key) => !known.includes(key));
  if (name === undefined) return value as Members;
  const similar = suggestName(name, known);
  return fail(
    `${start}has no argument '${name}'; ${similar === undefined ? `known are ${known.join(", ")}.` : `did you mean '${similar}'?`}`,
  );
}

/** A list that the program knows when it runs. */
export function listAt(value: unknown, at: string, fail: Fail): readonly unknown[] {
  return Array.isArray(value) ? value : fail(`${at}: must be a list that is known at preview, not an output.`);
}
