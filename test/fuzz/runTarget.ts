/** Runs the cases of a target and measures them. */
import { seededRandom } from "../support/seededRandom";
import type { FuzzTarget } from "./target";

/** A case that takes longer hangs: normal ones take milliseconds, and the machine may be busy. */
const CASE_LIMIT_MS = 5_000;
/** Growth of the process beyond what it had after the first cases; a leak or one huge value exceeds it. */
const GROWTH_LIMIT_MB = 400;
const WARM_UP_CASES = 2_000;

/** Which cases to run: `cases` of them from number `first` on. */
export interface FuzzOptions {
  readonly cases: number;
  readonly seed: number;
  readonly first?: number;
  /** Called after every 50,000 cases. */
  readonly onProgress?: (done: number) => void;
}

/** Measured over all cases. */
export interface FuzzResult {
  readonly cases: number;
  readonly elapsedMs: number;
  readonly slowestMs: number;
  /** Resident memory at its highest, in MiB. */
  readonly peakMb: number;
}

/** The random numbers of one case depend on the seed and its number alone. */
const seedOfCase = (seed: number, number: number): number =>
  Math.imul(number + 1, 0x9e3779b1) ^ Math.imul(seed, 0x85ebca6b);

/** Runs the cases; throws on the first that fails, with the command that repeats it. */
export async function runTarget(target: FuzzTarget, options: FuzzOptions): Promise<FuzzResult> {
  const { cases, seed, first = 0 } = options;
  const startedAt = performance.now();
  let [slowestMs, peakMb, baseMb] = [0, 0, Number.POSITIVE_INFINITY];
  for (let number = first; number < first + cases; number++) {
    const caseStartedAt = performance.now();
    try {
      await target.run(seededRandom(seedOfCase(seed, number)));
    } catch (cause) {
      throw new Error(`${describeCase(target, seed, number)} failed: ${String(cause)}`, { cause });
    }
    const tookMs = performance.now() - caseStartedAt;
    slowestMs = Math.max(slowestMs, tookMs);
    if (tookMs > CASE_LIMIT_MS) throw new Error(`${describeCase(target, seed, number)} took ${Math.round(tookMs)} ms`);
    const done = number - first + 1;
    if (done % 1_000 === 0) {
      const rssMb = process.memoryUsage.rss() / 2 ** 20;
      peakMb = Math.max(peakMb, rssMb);
      if (done === WARM_UP_CASES) baseMb = rssMb;
      if (rssMb - baseMb > GROWTH_LIMIT_MB) {
        throw new Error(`${describeCase(target, seed, number)}: the process grew to ${Math.round(rssMb)} MiB`);
      }
    }
    if (done % 50_000 === 0) options.onProgress?.(done);
  }
  return { cases, elapsedMs: performance.now() - startedAt, slowestMs, peakMb };
}

const describeCase = ({ name }: FuzzTarget, seed: number, number: number): string =>
  `Case ${number} (npm run fuzz -- ${name} --seed ${seed} --first ${number} --cases 1)`;
