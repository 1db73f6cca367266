/** Many kills on one platform. */
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { type Kill, type Moment, planKills } from "./killPlan";
import { type KillResult, type SoakSetup, profileOperations, runKill } from "./killRun";
import { describeHarm } from "./report";
import { SoakPlatform, type VmmKind } from "./soakPlatform";
import { SoakProject } from "./soakProject";

/** What to kill. */
export interface SoakOptions {
  readonly vmm: VmmKind;
  readonly count: number;
  readonly moments: readonly Moment[];
  readonly seed: number;
  /** Runs only the kills that it accepts; all by default. */
  readonly isWanted?: (kill: Kill) => boolean;
  /** Folder for the log of each kill that did harm; no logs by default. */
  readonly logs?: string;
  /** Ends the soak after the current kill. */
  readonly signal?: AbortSignal;
  /** Receives a line per kill. */
  readonly print: (line: string) => void;
}

/** How often a kill whose moment did not come is tried again, each time at another request. */
const MAX_ATTEMPTS = 6;

/** How long an instance must run to count as started: short, since the fake guests do not fail. */
const STABLE_FOR_MS = 200;

/** Runs the plan of a seed. */
export async function runSoak(options: SoakOptions): Promise<readonly KillResult[]> {
  const { vmm, seed, print } = options;
  await using platform = await SoakPlatform.open(vmm);
  await using project = await SoakProject.create(platform.stateDir);
  const setup: SoakSetup = { platform, project, waiting: await waitingInputs() };
  const profiles = await profileOperations(setup);
  for (const [operation, forms] of Object.entries(profiles)) {
    const figures = forms.map(
      ({ counts, spanMs }) => `${counts.any} (${counts.write} writes, ${counts.wait} waits) in ${spanMs} ms`,
    );
    print(`${operation}: requests ${figures.join("; ")}`);
  }
  const results: KillResult[] = [];
  for (const kill of planKills(seed, options.count, options.moments).filter(options.isWanted ?? (() => true))) {
    if (options.signal?.aborted === true) break;
    const result = await runUntilKilled(setup, kill, profiles);
    results.push(result);
    const harm = describeHarm(result);
    const { operation, moment, victims, index } = kill;
    const named = result.leftovers.length === 0 ? "" : ` (named: ${result.leftovers.join(", ")})`;
    const late = result.lateRequests.length === 0 ? "" : ` (${result.lateRequests.length} late requests)`;
    const refresh = result.neededRefresh ? " (needed a refresh before up)" : "";
    const what = `${operation}, ${moment}, ${victims}`;
    print(
      `${vmm} ${index}: ${what}, ${(result.durationMs / 1000).toFixed(1)} s: ${harm === "" ? "ok" : harm}${named}${late}${refresh}`,
    );
    if (options.logs !== undefined && harm !== "") {
      await fs.mkdir(options.logs, { recursive: true });
      await fs.writeFile(path.join(options.logs, `${vmm}-${seed}-${index}.log`), result.log);
    }
  }
  return results;
}

/** The moment of a kill may not come: the number of looks at an instance differs from run to run. */
async function runUntilKilled(
  setup: SoakSetup,
  kill: Kill,
  profiles: Parameters<typeof runKill>[2],
): Promise<KillResult> {
  for (let attempt = 1; ; attempt++) {
    const result = await runKill(setup, { ...kill, seed: kill.seed + attempt - 1 }, profiles);
    if (result.killed || attempt === MAX_ATTEMPTS) return { ...result, kill };
  }
}

/** `stableForMs`, if the Instance of this release has it: it came with `waitFor`. */
async function waitingInputs(): Promise<object> {
  const schema = await fs.readFile(path.resolve(__dirname, "../../schema.json"), "utf8");
  return schema.includes('"waitFor"') ? { stableForMs: STABLE_FOR_MS } : {};
}
