/**
 * The preview of an image of 10,000 files of which none changed, against `git status` on them. Ours is the first preview of a process that
 * has loaded the package, and the one after it; git's time includes its start. The bare calls of Node that list the files are the lower bound
 * of ours. The processor time depends less on what else the machine does: git uses several threads.
 */
import * as childProcess from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { type Ratio, least } from "./ratios";
import { writeSmallFiles } from "./smallFiles";

const PLAN = path.resolve(__dirname, "../../dist/provider/resources/image/plan");

/** A duration, and the processor time of all threads. */
interface Cost {
  readonly wallMs: number;
  readonly cpuMs: number;
}

/** Defines `measure`, which gives the {@link Cost} of a function and its result. */
const MEASURE = `
const measure = async (work) => {
  const [cpu, startedAt] = [process.cpuUsage(), performance.now()];
  const result = await work();
  const [{ user, system }, wallMs] = [process.cpuUsage(cpu), performance.now() - startedAt];
  return [{ wallMs, cpuMs: (user + system) / 1000 }, result];
};
`;

/** Previews `large` twice after `small`, which loads everything. Prints the costs, and the hash of `large`. */
const PREVIEWS = `${MEASURE}
const [plan, small, large, contextHash] = process.argv.slice(1);
const { computeInputs } = require(plan);
const preview = async (context) => {
  const { inputs, failures } = await computeInputs({ context }, undefined, { context, contextHash });
  if (failures.length > 0) throw new Error(JSON.stringify(failures));
  return inputs.contextHash;
};
(async () => {
  await preview(small);
  const [first, hash] = await measure(() => preview(large));
  const [next] = await measure(() => preview(large));
  console.log(JSON.stringify({ first, next, contextHash: hash }));
})();
`;

/** Lists a folder with nothing but the calls of Node that it takes, and prints the cost. */
const BARE_CALLS = `${MEASURE}
const fs = require("node:fs");
const list = () => {
  const folders = [process.argv[1]];
  for (const folder of folders)
    for (const name of fs.readdirSync(folder)) {
      const file = folder + "/" + name;
      if (fs.lstatSync(file).isDirectory()) folders.push(file);
    }
};
measure(list).then(([cost]) => console.log(JSON.stringify(cost)));
`;

function run(command: string, args: readonly string[], cwd: string, env: NodeJS.ProcessEnv = {}): string {
  const options = { cwd, encoding: "utf8", env: { ...process.env, ...env } } as const;
  const { status, stdout, stderr } = childProcess.spawnSync(command, args, options);
  if (status !== 0) throw new Error(`${command} ${args.join(" ")}: ${stderr}`);
  return stdout;
}

function gitStatus(folder: string): Cost {
  const startedAt = performance.now();
  const printed = run("bash", ["-c", 'TIMEFORMAT="%3U %3S"; { time git status --short; } 2>&1'], folder);
  const wallMs = performance.now() - startedAt;
  const [, user, system] = /^(\d+\.\d+) (\d+\.\d+)\n$/.exec(printed) ?? [];
  if (system === undefined) throw new Error(`git found a change: ${printed}`);
  return { wallMs, cpuMs: 1000 * (Number(user) + Number(system)) };
}

/** What the 10,000 files are to the image. */
const SOURCES = { directory: "./rootfs", Dockerfile: "./Dockerfile" } as const;

/** @param folder an empty one */
export async function benchUnchangedFiles(folder: string, rounds: number): Promise<readonly Ratio[]> {
  const ratios: Ratio[] = [];
  for (const source of ["directory", "Dockerfile"] as const)
    ratios.push(...(await benchSource(path.join(folder, source), source, rounds)));
  return ratios;
}

async function benchSource(folder: string, source: keyof typeof SOURCES, rounds: number): Promise<readonly Ratio[]> {
  const at = (name: string): string => path.join(folder, name);
  for (const [name, count] of Object.entries({ small: 1, large: 10_000 })) {
    writeSmallFiles(at(`${name}/rootfs`), count);
    fs.writeFileSync(at(`${name}/Dockerfile`), "FROM scratch\nCOPY rootfs /\n");
    fs.writeFileSync(at(`${name}/.dockerignore`), ".git\n");
    fs.writeFileSync(at(`${name}/Kraftfile`), `spec: v0.7\nruntime: base:latest\nrootfs: ${SOURCES[source]}\n`);
  }
  const author = "-c user.name=bench -c user.email=bench@example.com";
  run("sh", ["-c", `git init -q . && git add -A && git ${author} commit -qm all`], at("large"));
  await new Promise((resolve) => setTimeout(resolve, 2_500)); // files this new are hashed again, by git too
  const env = { UNIKERNEL_CACHE_DIR: at("cache"), UNIKERNEL_STATE_DIR: at("state") };
  const preview = (hash: string): { first: Cost; next: Cost; contextHash: string } =>
    JSON.parse(run(process.execPath, ["-e", PREVIEWS, PLAN, at("small"), at("large"), hash], folder, env));
  const { contextHash } = preview("");
  const costs: Record<"first preview" | "next preview" | "bare calls of Node" | "git status", Cost[]> = {
    ...{ "first preview": [], "next preview": [], "bare calls of Node": [], "git status": [] },
  };
  for (let round = 0; round < rounds; round++) {
    costs["git status"].push(gitStatus(at("large")));
    const previewed = preview(contextHash);
    if (previewed.contextHash !== contextHash) throw new Error("the context hash changed");
    costs["first preview"].push(previewed.first);
    costs["next preview"].push(previewed.next);
    costs["bare calls of Node"].push(JSON.parse(run(process.execPath, ["-e", BARE_CALLS, at("large/rootfs")], folder)));
  }
  const name = `10,000 unchanged files, ${source}`;
  const leastOf = (what: keyof typeof costs, unit: keyof Cost): number => least(costs[what].map((cost) => cost[unit]));
  const describe = (what: keyof typeof costs): string =>
    `${what} ${leastOf(what, "wallMs").toFixed(0)} ms (processor ${leastOf(what, "cpuMs").toFixed(0)} ms)`;
  console.log(`${name}: ${(Object.keys(costs) as (keyof typeof costs)[]).map(describe).join(", ")}`);
  return (["first preview", "next preview", "bare calls of Node"] as const).flatMap((what): Ratio[] => {
    const wall = leastOf(what, "wallMs") / leastOf("git status", "wallMs");
    const cpu = leastOf(what, "cpuMs") / leastOf("git status", "cpuMs");
    return [
      { name: `${name}: ${what}/git status`, value: wall, ...(what === "bare calls of Node" ? {} : { target: 3 }) },
      { name: `${name}: ${what}/git status, processor time`, value: cpu },
    ];
  });
}
