/**
 * Mutated archives that a standard tool and our reader both accept must mean the same to both. Nothing is extracted through a tool that
 * follows links: tar and cpio only list.
 */
import assert from "node:assert/strict";
import * as childProcess from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { fromCpio } from "../../../provider/image/cpio/read";
import { fromErofs } from "../../../provider/image/erofs/read";
import { describeFile } from "../../../provider/image/pack/contentReader";
import { parentOf } from "../../../provider/image/rootfs/completeTree";
import { type FileTree, type TreeEntry, sizeOf } from "../../../provider/image/rootfs/tree";
import { fromTar } from "../../../provider/image/tar/read";
import { anyTree, scratchFolder } from "../../fuzz/archives";
import { mutateCpio } from "../../fuzz/cpio";
import { mutateErofs } from "../../fuzz/erofs";
import { mutateTar, tarOf } from "../../fuzz/tar";
import { type RandomSource, seededRandom } from "../../support/seededRandom";

const CASES = 400;

/** What a tool says about an entry. `sizeBytes` is that of a file; the name is as in a tree. */
interface Row {
  readonly name: string;
  readonly type: string;
  readonly sizeBytes?: number;
  readonly target?: string;
}

interface Format {
  readonly mutate: (random: RandomSource) => Buffer | Promise<Buffer>;
  readonly read: (file: string) => Promise<FileTree>;
  /** `undefined` if the tool has anything to complain about. */
  readonly list: (file: string, bytes: Buffer) => readonly Row[] | undefined;
}

/** Runs a tool; returns its output if it succeeds and prints no error. */
function run(tool: string, args: readonly string[], input?: Buffer): string | undefined {
  const { error, status, stdout, stderr } = childProcess.spawnSync(tool, args, {
    ...(input === undefined ? {} : { input }),
    timeout: 10_000,
    env: { ...process.env, LC_ALL: "C", TZ: "UTC" },
  });
  if (error !== undefined)
    assert.fail(`'${tool}' could not be run (${error.message}); the set-up of the lane installs it`);
  return status === 0 && stderr.length === 0 ? stdout.toString() : undefined;
}

const toName = (name: string): string =>
  name
    .split("/")
    .filter((part) => part !== "" && part !== ".")
    .join("/");

/** Parses lines such as `-rw-r--r-- 1 0 0 12 Jan  1  1970 name`, with a pattern whose groups are type, size and name. */
function parseLines(output: string, pattern: RegExp): Row[] | undefined {
  const rows: Row[] = [];
  for (const line of output.split("\n").filter((text) => text !== "")) {
    const [, type, size, rest] = pattern.exec(line) ?? [];
    if (type === undefined || rest === undefined || /[\0-\x1f\x7f\uFFFD]/.test(rest)) return undefined; // not comparable
    const [name = "", target] = type === "l" ? rest.split(" -> ") : rest.split(" link to ");
    rows.push({
      name: toName(name),
      type,
      ...(type === "-" ? { sizeBytes: Number(size) } : {}),
      ...(type === "l" ? { target: target ?? "" } : {}),
    });
  }
  return rows;
}

/** Lists a folder without following links. */
function listFolder(folder: string, prefix = ""): Row[] {
  return fs.readdirSync(folder, { withFileTypes: true }).flatMap((child): Row[] => {
    const [name, file] = [prefix + child.name, path.join(folder, child.name)];
    if (child.isSymbolicLink()) return [{ name, type: "l", target: fs.readlinkSync(file) }];
    if (child.isDirectory()) return [{ name, type: "d" }, ...listFolder(file, `${name}/`)];
    return [{ name, type: "-", sizeBytes: fs.lstatSync(file).size }];
  });
}

/** `fsck.erofs` writes only below the folder: it creates every directory itself, and stops at a name that exists. */
function extractErofs(image: string): Row[] | undefined {
  const folder = path.join(scratchFolder(), "extracted");
  fs.rmSync(folder, { recursive: true, force: true });
  return run("fsck.erofs", [`--extract=${folder}`, image]) === "" && fs.existsSync(folder)
    ? listFolder(folder)
    : undefined;
}

const FORMATS: Readonly<Record<string, Format>> = {
  tar: {
    mutate: async (random) => mutateTar(random, await tarOf(anyTree(random))),
    read: (file) => fromTar(describeFile(file), file, { scratch: scratchFolder() }),
    list: (file) => {
      const output = run("tar", ["-tvf", file, "--numeric-owner", "--quoting-style=literal"]);
      return output === undefined ? undefined : parseLines(output, /^(.)\S+ +\d+\/\d+ +(\S+) +\S+ +\S+ (.*)$/);
    },
  },
  cpio: {
    mutate: (random) => mutateCpio(random, anyTree(random)),
    read: (file) => fromCpio(describeFile(file), file),
    list: (_file, bytes) => {
      const output = run("cpio", ["-itv", "--quiet", "--numeric-uid-gid"], bytes);
      return output === undefined
        ? undefined
        : parseLines(output, /^(.)\S+ +\d+ +\d+ +\d+ +(\d+|\d+, *\d+) +\S+ +\d+ +\S+ (.*)$/);
    },
  },
  erofs: {
    mutate: (random) => mutateErofs(random, anyTree(random)),
    read: (file) => fromErofs(describeFile(file), file),
    list: extractErofs,
  },
};

/** False for archives with an entry twice, or below a link or a file: there the tool's protection against links decides. */
function isSimple(rows: readonly Row[]): boolean {
  const types = new Map(rows.map(({ name, type }) => [name, type]));
  const isBelowOther = (name: string): boolean => {
    for (let parent = parentOf(name); parent !== ""; parent = parentOf(parent)) {
      if ((types.get(parent) ?? "d") !== "d") return true;
    }
    return false;
  };
  return types.size === rows.length && !rows.some(({ name }) => isBelowOther(name));
}

/** The row of an entry; `sizeBytes` is left out for a hard link, of which tar and cpio list no size. */
function toRow(name: string, entry: TreeEntry, { type, sizeBytes }: Row): Row {
  if (entry.type === "symlink") return { name, type: "l", target: entry.target };
  if (entry.type === "directory") return { name, type: "d" };
  if (type === "h" || (type === "-" && sizeBytes === 0))
    return { name, type, ...(sizeBytes === 0 ? { sizeBytes } : {}) };
  return { name, type: "-", sizeBytes: sizeOf(entry.content) };
}

describe("mutated archives", () => {
  for (const [formatName, format] of Object.entries(FORMATS)) {
    it(`mean to our reader what they mean to the standard tool: ${formatName}`, async () => {
      let compared = 0;
      for (let number = 0; number < CASES; number++) {
        const bytes = await format.mutate(seededRandom(number));
        const file = path.join(scratchFolder(), `mutated.${formatName}`);
        fs.writeFileSync(file, bytes);
        const tree = await format.read(file).catch(() => undefined);
        // The tools print a line break as it is, which would look like the end of a name.
        if (tree === undefined || [...tree.keys()].some((name) => name.includes("\n"))) continue;
        const rows = format.list(file, bytes)?.filter(({ name }) => name !== "");
        if (rows === undefined || !isSimple(rows)) continue;
        compared += 1;
        for (const row of rows) {
          const entry = tree.get(row.name);
          assert.ok(entry, `case ${number}: '${row.name}' is missing`);
          assert.deepEqual(toRow(row.name, entry, row), row, `case ${number}`);
        }
        const listed = rows.map(({ name }) => name);
        for (const name of tree.keys())
          assert.ok(
            listed.some((one) => one === name || one.startsWith(`${name}/`)),
            `case ${number}: '${name}' is not listed`,
          );
      }
      console.log(`      ${formatName}: both accepted ${compared} of ${CASES}`);
      assert.ok(compared > CASES / 20, `both accepted only ${compared} of ${CASES}`);
    }).timeout(300_000);
  }
});
