/**
 * `npm run soak`: kills the real engine at every boundary of every operation and checks that nothing is lost, duplicated or left over.
 *
 * npm run soak -- [--fake 180] [--qemu 20] [--seed n] [--kills 0-89] [--operation create] [--moment "after a request"]
 *
 * Ctrl-C ends it after the current kill and prints what was counted. `--kills` runs a part of a seed's plan, also a single kill again.
 * Logs of kills that did harm are in `.cache/soak/`.
 */
import * as path from "node:path";
import { parseArgs } from "node:util";
import { BOUNDARIES, type Kill, MOMENTS } from "./killPlan";
import type { KillResult } from "./killRun";
import { describeTotals, formatTable, isFlawless } from "./report";
import { runSoak } from "./soak";

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      fake: { type: "string", default: "180" },
      qemu: { type: "string", default: "20" },
      seed: { type: "string", default: String(Math.floor(Math.random() * 1_000_000)) },
      kills: { type: "string" },
      operation: { type: "string" },
      moment: { type: "string" },
    },
  });
  const seed = Number(values.seed);
  console.log(`seed ${seed}`);
  const [first = 0, last = first] = values.kills?.split("-").map(Number) ?? [0, Infinity];
  const isWanted = ({ index, operation, moment }: Kill): boolean =>
    index >= first &&
    index <= last &&
    (values.operation === undefined || values.operation === operation) &&
    (values.moment === undefined || values.moment === moment);
  const interruption = new AbortController();
  process.once("SIGINT", () => interruption.abort());
  const { signal } = interruption;
  const logs = path.resolve(__dirname, "../../.cache/soak");
  const results: KillResult[] = [];
  for (const [vmm, count, moments] of [
    ["fake", Number(values.fake), MOMENTS],
    ["QEMU", Number(values.qemu), BOUNDARIES],
  ] as const) {
    if (count === 0 || signal.aborted) continue;
    const found = await runSoak({
      vmm,
      count,
      moments,
      seed,
      isWanted,
      logs,
      signal,
      print: (line) => console.log(line),
    });
    console.log(`\n${vmm} VMM\n${formatTable(found)}\n${describeTotals(found)}\n`);
    results.push(...found);
  }
  process.exitCode = isFlawless(results) && !signal.aborted ? 0 : 1;
}

void main();
