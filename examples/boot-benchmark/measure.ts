/**
 * Kills instances of the stack and starts them again, one at a time, and writes results.csv and results.svg. Rows of other counts and kinds
 * in results.csv stay, so that a plot can compare them.
 *
 * npm run measure -- [--rounds 20] [--seed 1] [--timeout-ms 60000] [--pause-ms 1000]
 */
import * as childProcess from "node:child_process";
import * as fs from "node:fs/promises";
import { parseArgs, promisify } from "node:util";
import { containerImageBytes } from "./measuring/containerImage";
import { LocalApi } from "./measuring/localApi";
import { describeMachine, memoryOf } from "./measuring/machine";
import { type Declared, measureRounds } from "./measuring/rounds";
import { plot } from "./report/plot";
import { type Group, type Machine, type Row, fromCsv, mergeRows, toCsv } from "./report/rows";
import type { Start } from "./settings";

const CSV = "results.csv";
const SVG = "results.svg";

/** A group as the program exports it. */
interface DeclaredGroup {
  readonly kind: string;
  readonly start: Start;
  readonly context: string;
  readonly memoryMb: number;
  readonly guestPort: number;
  readonly imageBytes: number;
  readonly template?: string;
  readonly instances: readonly Declared[];
}

interface Options {
  readonly rounds: number;
  readonly seed: number;
  readonly timeoutMs: number;
  readonly pauseMs: number;
  readonly signal: AbortSignal;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      rounds: { type: "string", default: "20" },
      seed: { type: "string", default: "1" },
      "timeout-ms": { type: "string", default: "60000" },
      "pause-ms": { type: "string", default: "1000" },
    },
  });
  const interrupted = new AbortController();
  process.once("SIGINT", () => interrupted.abort());
  const options: Options = {
    rounds: toInteger("rounds", values.rounds, 1),
    seed: toInteger("seed", values.seed),
    timeoutMs: toInteger("timeout-ms", values["timeout-ms"], 1),
    pauseMs: toInteger("pause-ms", values["pause-ms"]),
    signal: interrupted.signal,
  };
  const older = await fs.readFile(CSV, "utf8").then(fromCsv, noResults);
  const groups = await declaredGroups();
  const api = await LocalApi.connect();
  const machine = await describeMachine(api);
  mergeRows(older, [noneSupplied(machine, options.seed)]); // throws before an hour is spent
  console.log(`${machine.accelerator}, ${machine.vmm}, ${machine.cpus} processors, ${machine.hostMemoryMib} MiB`);
  const rows: Row[] = [];
  for (const group of groups) rows.push(...(await measureGroup(api, machine, group, options)));
  if (!groups.some(({ kind }) => kind === "unikraft")) rows.push(noneSupplied(machine, options.seed));
  const all = mergeRows(older, rows);
  await fs.writeFile(CSV, toCsv(all));
  await fs.writeFile(SVG, plot(all));
  console.log(`Wrote ${CSV} and ${SVG}.`);
}

function toInteger(option: string, text: string, min = 0): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= min) return value;
  throw new Error(`INPUT_INVALID: --${option} must be an integer of at least ${min}, got '${text}'.`);
}

/** For a file that is missing; rethrows any other error. */
function noResults(error: NodeJS.ErrnoException): readonly Row[] {
  if (error.code === "ENOENT") return [];
  throw error;
}

/** The output `benchmark` of the selected stack, which has none before the first `pulumi up` and after `pulumi destroy`. */
async function declaredGroups(): Promise<readonly DeclaredGroup[]> {
  const asked = promisify(childProcess.execFile)("pulumi", ["stack", "output", "benchmark", "--json"]);
  const { stdout } = await asked.catch((error: Error & { readonly stderr?: string }) => {
    if (error.stderr?.includes("does not have output property") !== true) throw error;
    throw new Error("INPUT_INVALID: The selected stack declares no instances: run 'pulumi up' first.");
  });
  return JSON.parse(stdout) as readonly DeclaredGroup[];
}

async function measureGroup(
  api: LocalApi,
  machine: Machine,
  { kind, start, context, memoryMb, guestPort, imageBytes, template, instances }: DeclaredGroup,
  options: Options,
): Promise<readonly Row[]> {
  const containerBytes = await containerImageBytes(context);
  const memory = await memoryOf(api, instances.map(({ uuid }) => uuid)); // prettier-ignore
  const group: Group = { kind, start, count: instances.length, memoryMb, imageBytes, containerBytes, ...memory };
  const rows: Row[] = [];
  for await (const round of measureRounds(api, { ...options, instances, template, guestPort })) {
    rows.push({ ...group, ...machine, seed: options.seed, ...round });
    const figure = round.firstByteMs === undefined ? round.outcome : `${round.firstByteMs.toFixed(0)} ms`;
    console.log(`${kind}, ${start}, ${instances.length}: round ${round.round}, ${round.instance}: ${figure}`);
  }
  return rows;
}

/** The row that says that no Unikraft kernel was measured. */
const noneSupplied = (machine: Machine, seed: number): Row => ({
  ...{ kind: "unikraft", start: "boot", count: 0, round: 0, seed, instance: "", outcome: "none supplied", ...machine },
  ...{ memoryMb: 0, imageBytes: 0, containerBytes: undefined, rssMib: undefined, pssMib: undefined },
  ...{ bootMs: undefined, reachableMs: undefined, firstByteMs: undefined },
});

void main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
});
