/**
 * Ratios of benchmarks: each compares two measurements that alternate in one run, so that it is comparable between machines. The last
 * recorded ratios are in ratios.json; `npm run bench -- --update-ratios` records those of this run.
 */
import * as fs from "node:fs";
import * as path from "node:path";

/** One measurement divided by another. Smaller is better. */
export interface Ratio {
  /** Dividend and divisor, such as `create: library/shared`. */
  readonly name: string;
  readonly value: number;
  /** Upper bound of the value; `undefined` for a ratio that only explains others. */
  readonly target?: number;
}

/** Ratios by name. */
export type RecordedRatios = Readonly<Record<string, number>>;

const FILE = path.join(__dirname, "ratios.json");
/** A ratio that exceeds the recorded one by more than this share is marked. */
const TOLERANCE = 0.15;

/** One line per ratio: its value, target and recorded value, marked if it misses the target or got worse. Pure. */
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

/** Reads ratios.json. */
export const readRecordedRatios = (): RecordedRatios => JSON.parse(fs.readFileSync(FILE, "utf8")) as RecordedRatios;

/** Records ratios in ratios.json; those of benchmarks that did not run are kept. */
export function recordRatios(ratios: readonly Ratio[]): void {
  const values = ratios.map(({ name, value }) => [name, Math.round(value * 100) / 100] as const);
  const all = { ...readRecordedRatios(), ...Object.fromEntries(values) };
  fs.writeFileSync(FILE, `${JSON.stringify(all, undefined, 2)}\n`);
}

/** The minimum of several measurements: other load on the machine can only increase a time. */
export const least = (values: readonly number[]): number => Math.min(...values);
