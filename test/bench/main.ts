/** npm run bench [-- boot|resources|refresh [options]]: every benchmark or one. Each prints ratios measured in the same run. */
import { benchBoot } from "./boot";
import { benchRefresh } from "./refresh";
import { benchResources } from "./resources";

const benches: Readonly<Record<string, (args: string[]) => Promise<void>>> = {
  boot: benchBoot,
  resources: benchResources,
  refresh: benchRefresh,
};

async function main([name, ...args]: string[]): Promise<void> {
  if (name === undefined) {
    for (const bench of Object.values(benches)) await bench([]);
    return;
  }
  const bench = benches[name];
  if (bench === undefined)
    throw new Error(`There is no benchmark '${name}'. There are: ${Object.keys(benches).join(", ")}.`);
  await bench(args);
}

void main(process.argv.slice(2)).catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
