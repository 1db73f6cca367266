/**
 * Ratios of benchmarks: each compares two things measured in turn in one run, so that it means the same on any machine. The last
 * recorded ones are in ratios.json; `npm run bench -- --update-ratios` records those of this run.
 */
import * as fs from "node:fs";
import * as path from "node:path";

/** Something measured, in units of something else. Smaller is better. */
export interface Ratio {
  /** What is divided by what, such as `create: library/shared`. */
  readonly name: string;
  readonly value: number;
  /** The value should not exceed this. `undefined`: printed to explain others. */
  readonly target?: number;
}

/** Ratios by name. */
export type RecordedRatios = Readonly<Record<string, number>>;

const FILE = path.join(__dirname, "ratios.json");
/** A ratio that is worse by more than this is reported. */
const TOLERANCE = 0.15;

/** One line for each ratio: its value, target and recorded value, and what is wrong with it. Pure. */
export function describeRatios(ratios: readonly Ratio[], recorded: RecordedRatios): readonly string[] {
  const width = Math.max(...ratios.map(({ name }) => name.length));
  return ratios.map(({ name, value, target }) => {
    const before = recorded[name];
    const notes = [
      target === undefined ? "" : `target ${target.toFixed(2)}${value > target ? ", MISSED" : ""}`,
      before === undefined ? "not recorded" : `recorded ${before.toFixed(2)}`,
      before !== undefined && value > before * (1 + TOLERANCE)
        ? `WORSE by ${((value / before - 1) * 100).toFixed(0)} %`
        : "",
    ].filter((note) => note !== "");
    return `${name.padEnd(width)}  ${value.toFixed(2)}  (${notes.join("; ")})`;
  });
}

export const readRecordedRatios = (): RecordedRatios => JSON.parse(fs.readFileSync(FILE, "utf8")) as RecordedRatios;

/** Records ratios; those of benchmarks that did not run stay as they are. */
export function recordRatios(ratios: readonly Ratio[]): void {
  const values = ratios.map(({ name, value }) => [name, Math.round(value * 100) / 100] as const);
  const all = { ...readRecordedRatios(), ...Object.fromEntries(values) };
  fs.writeFileSync(FILE, `${JSON.stringify(all, undefined, 2)}\n`);
}

/** The least of several measurements: whatever else runs on a machine can only add to a time. */
export const least = (values: readonly number[]): number => Math.min(...values);
