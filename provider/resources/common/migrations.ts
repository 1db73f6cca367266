/** Steps that bring state of an earlier shape up to date. Pure. */
import type { Migration, Properties } from "../../definition/resource";

/**
 * Renames durations within one input from seconds to milliseconds. State that has the new names already is left as it is.
 *
 * @param input the input that holds them, such as `rollout`
 * @param names old name → new name
 */
export const secondsToMs =
  (input: string, names: Readonly<Record<string, string>>): Migration =>
  (state) => {
    const value = state[input];
    if (value === null || typeof value !== "object") return state;
    const members = Object.entries(value as Properties).map(([name, member]): [string, unknown] => {
      const renamed = names[name];
      if (renamed === undefined) return [name, member];
      // Rounded: 1.005 s is 1004.9999999999999 ms in binary fractions.
      return [renamed, typeof member === "number" ? Math.round(member * 1000) : member];
    });
    return { ...state, [input]: Object.fromEntries(members) };
  };
