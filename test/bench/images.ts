/**
 * Packing trees: 1 GB into CPIO and EROFS against `cpio` and `mkfs.erofs`, 50,000 files against `tar`; the preview of 10,000 unchanged files
 * against `git status`. When packing, our side runs in a process of its own, as the tools do, and includes its start.
 *
 * npm run bench -- images [--megabytes 1024] [--rounds 3]
 */
import * as childProcess from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { parseArgs } from "node:util";
import { type Ratio, least } from "./ratios";
import { writeSmallFiles } from "./smallFiles";
import { benchUnchangedFiles } from "./unchangedFiles";

const DIST = path.resolve(__dirname, "../../dist/provider/image");

/** Packs a folder with the compiled package and prints the peak memory in MiB. */
const OURS = `
const [dist, format, folder, file] = process.argv.slice(1);
const { fromDirectory } = require(dist + "/rootfs/fromDirectory");
const { packTree } = require(dist + "/pack/packTree");
(async () => {
  await packTree(await fromDirectory(folder), format, { file });
  console.log(Math.round(process.resourceUsage().maxRSS / 1024));
})();
`;
/** Most memory in MiB that packing may take, whatever the size of the tree. */
const MAX_MEMORY_MB = 150;

function run(command: string, args: readonly string[], cwd: string): string {
  const { error, status, stdout, stderr } = childProcess.spawnSync(command, args, { cwd, encoding: "utf8" });
  if (error !== undefined) throw new Error(`'${command}' could not be run: ${error.message}`);
  if (status !== 0) throw new Error(`${command} ${args.join(" ")}: ${stderr}`);
  return stdout;
}

/** A comparison: both sides write `target`, which is removed before each run. */
interface Contest {
  readonly name: string;
  readonly ours: () => string;
  readonly theirs: () => string;
}

export async function benchImages(args: string[]): Promise<readonly Ratio[]> {
  const { values } = parseArgs({
    args,
    options: { megabytes: { type: "string", default: "1024" }, rounds: { type: "string", default: "3" } },
  });
  const folder = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), "unikernel-bench-")));
  const at = (name: string): string => path.join(folder, name);
  const ours = (action: string, source: string, target: string) => (): string =>
    run(process.execPath, ["-e", OURS, DIST, action, at(source), at(target)], folder);
  try {
    const block = Buffer.alloc(2 ** 20);
    fs.mkdirSync(at("large"));
    for (let index = 0; index < Number(values.megabytes); index++) {
      crypto.getRandomValues(block.subarray(0, 65_536));
      fs.appendFileSync(at(`large/${index % 8}`), block.fill(block.subarray(0, 65_536), 65_536));
    }
    writeSmallFiles(at("many"), 50_000);
    const contests: Contest[] = [
      {
        name: `${values.megabytes} MiB to CPIO: library/cpio`,
        ours: ours("cpio", "large", "ours.out"),
        theirs: () => run("sh", ["-c", "cd large && find . | cpio -o -H newc --quiet > ../theirs.out"], folder),
      },
      {
        name: `${values.megabytes} MiB to EROFS: library/mkfs.erofs`,
        ours: ours("erofs", "large", "ours.out"),
        theirs: () => run("mkfs.erofs", ["-d0", "--all-root", "-x-1", at("theirs.out"), at("large")], folder),
      },
      {
        name: "50,000 files to CPIO: library/tar",
        ours: ours("cpio", "many", "ours.out"),
        theirs: () => run("tar", ["-cf", at("theirs.out"), "-C", at("many"), "."], folder),
      },
    ];
    const rounds = Number(values.rounds);
    const packed = contests.flatMap((contest) => compare(contest, rounds, [at("ours.out"), at("theirs.out")]));
    return [...packed, ...(await benchUnchangedFiles(at("unchanged"), 3 * rounds))];
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

function compare({ name, ours, theirs }: Contest, rounds: number, outputs: readonly string[]): readonly Ratio[] {
  const times: { ours: number[]; theirs: number[] } = { ours: [], theirs: [] };
  let peakMb = 0;
  const measure = (work: () => string): number => {
    for (const output of outputs) fs.rmSync(output, { force: true });
    const startedAt = performance.now();
    const printed = work();
    const tookMs = performance.now() - startedAt;
    if (work === ours) peakMb = Math.max(peakMb, Number(printed));
    return tookMs;
  };
  measure(ours); // fills the page cache
  for (let round = 0; round < rounds; round++) {
    times.theirs.push(measure(theirs));
    times.ours.push(measure(ours));
  }
  const [mine, other] = [least(times.ours), least(times.theirs)];
  console.log(`${name}: ${mine.toFixed(0)} ms / ${other.toFixed(0)} ms, peak memory ${peakMb} MiB`);
  return [
    { name, value: mine / other, target: 1 },
    { name: `${name.replace(/:.*/, "")}: peak memory/${MAX_MEMORY_MB} MiB`, value: peakMb / MAX_MEMORY_MB, target: 1 },
  ];
}
