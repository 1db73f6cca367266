/** Fuzzes the Kraftfile parser with generated files, and with mutated real ones. */
import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import * as yaml from "yaml";
import { UnikernelError } from "../../provider/base/errors";
import type { Kraftfile } from "../../provider/image/kraftfile/model";
import { parseKraftfile } from "../../provider/image/kraftfile/parse";
import { formatReference, parseReference } from "../../provider/image/oci/reference";
import type { RandomSource } from "../support/seededRandom";
import { type FuzzTarget, below, mutateText, pick } from "./target";

/** What YAML and Kraftfiles are made of. */
const TOKENS = [
  ..."spec: |v0.7|'0.6'|0.5|runtime: |base:latest|kernel://k|oci://a/b:1|rootfs: |source: |path: |type: |dockerfile: |format: |erofs|cpio|oci|dir|cmd: |env: |labels: |targets: |roms: |volumes: |unikraft: |template: |libraries: |initrd: |name: |outdir: |kconfig: |plat: |arch: |qemu/x86_64|A=b|$HOME|${A:-b}|x-y: |cloud.unikraft.v1.instances/scale_to_zero.policy: |'on'".split(
    "|",
  ),
  ..."[ ] { } , : - ? ! & * # | > ' \" % @ ` ~ << <<: && && $ \\ ( ; = / // . .. --- ... !!str !!binary !!set &a *a &b *b null true 1e3 0x1f .inf".split(
    " ",
  ),
  ...[
    "\n",
    "\n  ",
    "\n- ",
    "\n\n",
    "\r\n",
    "\t",
    " ",
    "  ",
    "\0",
    "\u0085",
    "\u2028",
    "\uFEFF",
    "é",
    "😀",
    "\uD800",
    ": |\n  ",
    ": >-\n  ",
  ],
];

const FIXTURES = path.resolve(__dirname, "../fixtures/kraftfiles");
const FILES: readonly string[] = fs
  .readdirSync(FIXTURES, { recursive: true, encoding: "utf8" })
  .filter((name) => /kraft(file)?(\.ya?ml)?$/i.test(path.basename(name)))
  .map((name) => fs.readFileSync(path.join(FIXTURES, name), "utf8"));

const KEYS =
  "spec specification name runtime rootfs initrd roms cmd env labels targets volumes unikraft template libraries outdir source path type dockerfile format version kconfig plat platform arch architecture memory x-y rootf comand <<".split(
    " ",
  );
const WORDS =
  "v0.7 v0.6 0.5 base node:21 localhost:5000/a:b oci://a kernel://k ./rootfs ./Dockerfile oci dir file cpio erofs dockerfile kernel qemu kvm fc x86_64 arm64 qemu/x86_64 A=b A on true $X a|b 'a".split(
    " ",
  );

/** A value whose keys and words come from Kraftfiles, in any order. */
function anyValue(random: RandomSource, depth: number): unknown {
  const kind = random();
  if (depth === 0 || kind < 0.5) {
    return random() < 0.8 ? pick(random, WORDS) : pick(random, [null, true, 7, 1.5, "", " ", "a b", "\0", -0]);
  }
  const length = below(random, 4);
  if (kind < 0.75) return Array.from({ length }, () => anyValue(random, depth - 1));
  return Object.fromEntries(Array.from({ length }, () => [pick(random, KEYS), anyValue(random, depth - 1)]));
}

/** A file that is always valid YAML, so that every reader of a key gets its share. */
function anyStructure(random: RandomSource): string {
  const start = random() < 0.9 ? { spec: pick(random, ["v0.7", "v0.6", 0.6]), runtime: "base:latest" } : {};
  const more = Array.from({ length: 1 + below(random, 4) }, () => [pick(random, KEYS), anyValue(random, 3)] as const);
  return yaml.stringify({ ...start, ...Object.fromEntries(more) }, { lineWidth: pick(random, [0, 20, 80]) });
}

/** A file from keys and words, a real file with edits, two of them spliced, a random list of tokens, or one token many times. */
function anyText(random: RandomSource): string {
  if (random() < 0.5) return anyStructure(random);
  const kind = random();
  if (kind < 0.7) return mutateText(random, pick(random, FILES), 4, TOKENS);
  if (kind < 0.85) {
    const [first, second] = [pick(random, FILES), pick(random, FILES)];
    const spliced = first.slice(0, below(random, first.length)) + second.slice(below(random, second.length));
    return mutateText(random, spliced, 3, TOKENS);
  }
  if (kind < 0.99) {
    const head = random() < 0.5 ? "spec: v0.7\nruntime: base\n" : "";
    return head + Array.from({ length: below(random, 60) }, () => pick(random, TOKENS)).join("");
  }
  return `spec: v0.7\n${pick(random, TOKENS)}${(pick(random, TOKENS) + pick(random, TOKENS)).repeat(below(random, 5_000))}`;
}

function assertValid(kraftfile: Kraftfile, text: string): void {
  const { runtime, kernelFile, compiles, rootfs, roms, cmd, env, labels, warnings } = kraftfile;
  assert.ok([runtime, kernelFile, compiles].filter((kernel) => kernel !== undefined).length <= 1);
  if (runtime !== undefined) assert.equal(formatReference(parseReference(runtime)), runtime);
  for (const source of [rootfs ?? [], roms].flat()) assert.ok(source.path !== "" && !source.path.includes("\0"));
  if (cmd !== undefined) assert.ok(cmd.length > 0 && cmd[0] !== "");
  for (const value of [...(cmd ?? []), ...Object.entries(env), ...Object.entries(labels)].flat()) {
    assert.ok(typeof value === "string" && !value.includes("\0"));
  }
  assert.ok(Object.keys(env).every((name) => name !== "" && !name.includes("=")));
  assertPositions(warnings, text);
  // The YAML library's own conversion, on another path through it, must agree.
  if (/[*]|<<|%/.test(text)) return;
  const plain: unknown = yaml.parse(text, { schema: "core", uniqueKeys: false, logLevel: "silent" });
  assert.ok(typeof plain === "object" && plain !== null);
  const { cmd: list } = plain as { cmd?: unknown };
  if (Array.isArray(list) && list.length > 0) assert.deepEqual(cmd, list);
}

function assertPositions(problems: readonly { line: number; column: number; message: string }[], text: string): void {
  const lines = text.split("\n").length;
  for (const { line, column, message } of problems) {
    assert.ok(line >= 1 && line <= lines && column >= 1 && column <= text.length + 1, `${line}:${column}`);
    assert.ok(message.length <= 501);
  }
}

/** Whatever the text, the parser returns a valid Kraftfile or throws `KRAFTFILE_INVALID` with positions in the file. */
export const kraftfileTarget: FuzzTarget = {
  name: "kraftfile",
  run(random) {
    const text = anyText(random);
    let kraftfile: Kraftfile;
    try {
      kraftfile = parseKraftfile(text);
    } catch (error) {
      assert.ok(UnikernelError.has(error, "KRAFTFILE_INVALID"), `${String(error)} for ${JSON.stringify(text)}`);
      assert.ok(error.message.length < 50_000);
      const problems = error.details["problems"] as { line: number; column: number; message: string }[];
      assert.ok(problems.length > 0);
      assertPositions(problems, text);
      return;
    }
    assertValid(kraftfile, text);
  },
};
