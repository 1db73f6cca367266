/**
 * `npm run soak`: kills the real engine at every boundary of every operation and checks that nothing is lost, duplicated or left over.
 *
 * npm run soak -- --platform 500 [--seed n]: instead kills the local platform's daemon and VMs, so many times.
 * npm run soak -- [--fake 180] [--qemu 20] [--seed n] [--kills 0-89] [--operation create] [--moment "after a request"]
 *
 * Ctrl-C ends it after the current kill and prints what was counted. `--kills` runs a part of a seed's plan, also a single kill again.
 * Logs of kills that did harm are in `.cache/soak/`.
 */
import * as path from "node:path";
import { parseArgs } from "node:util";
import { LocalPlatform } from "../support/localPlatform";
import { BOUNDARIES, type Kill, MOMENTS } from "./killPlan";
import type { KillResult } from "./killRun";
import { describeTotals, formatTable, isFlawless } from "./report";
import { runPlatformKills } from "./platformKills";
import { runSoak } from "./soak";

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      fake: { type: "string", default: "180" },
      qemu: { type: "string", default: "20" },
      platform: { type: "string" },
      seed: { type: "string", default: String(Math.floor(Math.random() * 1_000_000)) },
      kills: { type: "string" },
      operation: { type: "string" },
      moment: { type: "string" },
    },
  });
  const seed = Number(values.seed);
  console.log(`seed ${seed}`);
  const interruption = new AbortController();
  process.once("SIGINT", () => interruption.abort());
  if (values.platform !== undefined) {
    process.exitCode = await soakPlatform(Number(values.platform), seed, interruption.signal);
    return;
  }
  const [first = 0, last = first] = values.kills?.split("-").map(Number) ?? [0, Infinity];
  const isWanted = ({ index, operation, moment }: Kill): boolean =>
    index >= first &&
    index <= last &&
    (values.operation === undefined || values.operation === operation) &&
    (values.moment === undefined || values.moment === moment);
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

/** Returns the exit code. */
async function soakPlatform(kills: number, seed: number, signal: AbortSignal): Promise<number> {
  const platform = await LocalPlatform.open();
  try {
    const outcomes = await runPlatformKills(platform, { kills, seed, print: (line) => console.log(line), signal });
    const harmful = outcomes.filter(({ harm }) => harm.length > 0).length;
    console.log(`${outcomes.length} kills of the platform, ${harmful} of them did harm; nothing is left`);
    return harmful === 0 ? 0 : 1;
  } finally {
    await platform.close();
  }
}

void main();
