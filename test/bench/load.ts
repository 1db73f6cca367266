/**
 * Load time of the provider's module, against an idle Node process, and its share in the process of @pulumi/pulumi that loads it. Each
 * measurement is a separate process, in turn. Measures CPU time, which other load on the machine hardly affects: loading does not wait
 * for anything.
 *
 * npm run bench -- load [--rounds 15]
 */
import { execFileSync } from "node:child_process";
import * as path from "node:path";
import { parseArgs } from "node:util";
import { type Ratio, least } from "./ratios";

const root = path.resolve(__dirname, "../..");

const LOAD = 'const dynamic = require("pulumi-unikernel/dynamic");';

/** Check and diff of an unchanged resource, as the first calls of a process. */
const firstCalls = `${LOAD}
const inputs = { name: "data", sizeMb: 64, tags: [], deleteLock: false, allowDataLoss: false, allowRestart: false, adopt: false };
(async () => {
  const settings = { "unikernel:metro": "http://127.0.0.1:9", "unikernel:token": "t" };
  await dynamic.Volume.configure({ config: { get: (key) => settings[key] } });
  const { inputs: news } = await dynamic.Volume.check(inputs, { name: "data", sizeMb: 64 });
  if (Object.keys(news).join() !== Object.keys(inputs).join()) throw new Error("the inputs in state have other defaults: " + Object.keys(news));
  if ((await dynamic.Volume.diff("id", inputs, news)).changes) throw new Error("an unchanged resource shows a change");
})();`;

const SCRIPTS = {
  node: "0",
  load: LOAD,
  calls: firstCalls,
  sdk: 'require("@pulumi/pulumi");',
  sdkAndCalls: `require("@pulumi/pulumi");${firstCalls}`,
} as const;

/** CPU time in milliseconds of a process that runs a script, including its start. */
function timeOf(script: string): number {
  const report = "process.once('exit', () => require('node:fs').writeSync(1, JSON.stringify(process.cpuUsage())));";
  const output = execFileSync(process.execPath, ["-e", `${report}${script}`], { cwd: root, encoding: "utf8" });
  const { user, system } = JSON.parse(output) as NodeJS.CpuUsage;
  return (user + system) / 1000;
}

const modulesAfter = (script: string): number =>
  Number(execFileSync(process.execPath, ["-p", `${script};Object.keys(require.cache).length`], { cwd: root }));

export function benchLoad(args: string[]): Promise<readonly Ratio[]> {
  const { values } = parseArgs({ args, options: { rounds: { type: "string", default: "15" } } });
  const times: Record<keyof typeof SCRIPTS, number[]> = { node: [], load: [], calls: [], sdk: [], sdkAndCalls: [] };
  for (let i = 0; i < Number(values.rounds); i++) {
    for (const name of Object.keys(times) as (keyof typeof SCRIPTS)[]) times[name].push(timeOf(SCRIPTS[name]));
  }
  const ms = (name: keyof typeof SCRIPTS) => least(times[name]);
  console.log(`Loading the provider's module, minimum of ${values.rounds} processes each:`);
  console.log(`  node -e 0                               ${ms("node").toFixed(0)} ms`);
  console.log(`  require("pulumi-unikernel/dynamic")     ${ms("load").toFixed(0)} ms, ${modulesAfter(LOAD)} modules`);
  console.log(`  the same, and a first check and diff    ${ms("calls").toFixed(0)} ms`);
  console.log(`  require("@pulumi/pulumi")               ${ms("sdk").toFixed(0)} ms`);
  console.log(`  the same, and a first check and diff    ${ms("sdkAndCalls").toFixed(0)} ms`);
  return Promise.resolve([
    { name: "load: module/node", value: ms("load") / ms("node"), target: 3 },
    { name: "load: module and first calls/node", value: ms("calls") / ms("node") },
    { name: "load: SDK, module and first calls/SDK", value: ms("sdkAndCalls") / ms("sdk") },
  ]);
}
