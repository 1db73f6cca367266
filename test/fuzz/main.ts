/**
 * npm run fuzz [-- targets…] [--cases 1000000] [--seed 1] [--first 0]: feeds random input to the readers of foreign files, and ends
 * with 1 at the first crash, hang or wrong result. The printed command repeats a failing case.
 */
import { parseArgs } from "node:util";
import { runTarget } from "./runTarget";
import { FUZZ_TARGETS } from "./targets";

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      cases: { type: "string", default: "1000000" },
      seed: { type: "string", default: "1" },
      first: { type: "string", default: "0" },
    },
  });
  const names = FUZZ_TARGETS.map(({ name }) => name);
  const unknown = positionals.find((name) => !names.includes(name));
  if (unknown !== undefined) throw new Error(`Unknown target '${unknown}'. Use ${names.join(", ")}.`);
  const [cases, seed, first] = [values.cases, values.seed, values.first].map(toCount) as [number, number, number];
  for (const target of FUZZ_TARGETS.filter(({ name }) => positionals.length === 0 || positionals.includes(name))) {
    const onProgress = (done: number): void => console.log(`${target.name}: ${done} of ${cases} cases`);
    const result = await runTarget(target, { cases, seed, first, onProgress });
    const { elapsedMs, slowestMs, peakMb } = result;
    console.log(
      `${target.name}: ${cases} cases of seed ${seed} passed in ${Math.round(elapsedMs / 1000)} s; slowest ${Math.round(slowestMs)} ms, peak memory ${Math.round(peakMb)} MiB`,
    );
  }
}

function toCount(text: string): number {
  if (!/^[0-9]{1,12}$/.test(text)) throw new Error(`'${text}' is not a whole number.`);
  return Number(text);
}

void main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
