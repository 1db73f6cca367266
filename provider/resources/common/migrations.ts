/** Migrations of state that an earlier release wrote. Pure. */
import type { Migration, Properties } from "../../definition/resource";

/**
 * Converts durations within one input from seconds to milliseconds and renames them. State that has the new names is unchanged.
 *
 * @param input the input that contains the durations, such as `rollout`
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
      // Rounded because 1.005 * 1000 is 1004.9999999999999.
      return [renamed, typeof member === "number" ? Math.round(member * 1000) : member];
    });
    return { ...state, [input]: Object.fromEntries(members) };
  };
