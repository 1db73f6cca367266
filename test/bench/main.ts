/**
 * npm run bench [-- boot|clones|images|load|many|preview|proxy|push|resources|refresh|rollout|wake [options]] [--update-ratios]: runs all benchmarks, or one. Prints ratios of times
 * measured in the same run, with their targets, and marks those more than 15 % worse than recorded.
 */
import { benchBoot } from "./boot";
import { benchClones } from "./clones";
import { benchImages } from "./images";
import { benchLoad } from "./load";
import { benchMany } from "./many";
import { benchPreview } from "./preview";
import { benchProxy } from "./proxy";
import { benchPush } from "./push";
import { type Ratio, describeRatios, readRecordedRatios, recordRatios } from "./ratios";
import { benchRefresh } from "./refresh";
import { benchResources } from "./resources";
import { benchRollout } from "./rollout";
import { benchWake } from "./wake";

const benches: Readonly<Record<string, (args: string[]) => Promise<readonly Ratio[]>>> = {
  boot: benchBoot,
  clones: benchClones,
  images: benchImages,
  load: benchLoad,
  many: benchMany,
  preview: benchPreview,
  proxy: benchProxy,
  push: benchPush,
  resources: benchResources,
  refresh: benchRefresh,
  rollout: benchRollout,
  wake: benchWake,
};

const UPDATE = "--update-ratios";

async function measure([name, ...args]: readonly string[]): Promise<readonly Ratio[]> {
  if (name === undefined) {
    const all: Ratio[] = [];
    for (const bench of Object.values(benches)) all.push(...(await bench([])));
    return all;
  }
  const bench = benches[name];
  if (bench === undefined)
    throw new Error(`Unknown benchmark '${name}'. Use one of ${Object.keys(benches).join(", ")}.`);
  return bench(args);
}

async function main(args: readonly string[]): Promise<void> {
  const ratios = await measure(args.filter((arg) => arg !== UPDATE));
  for (const line of describeRatios(ratios, readRecordedRatios())) console.log(line);
  if (args.includes(UPDATE)) recordRatios(ratios);
}

void main(process.argv.slice(2)).catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
