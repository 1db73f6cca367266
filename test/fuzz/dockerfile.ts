/** Fuzzes what is read of Dockerfiles, ignore files and the configs of images. Ignore patterns are compared with a matcher of another kind. */
import assert from "node:assert/strict";
import { createBuildLog } from "../../provider/image/dockerfile/buildLog";
import { parseIgnoreFile } from "../../provider/image/dockerfile/context/ignoreFile";
import {
  type FolderMatches,
  decideIgnored,
  maySkipFolder,
} from "../../provider/image/dockerfile/context/ignoreMatcher";
import { parseInstructions, secretUses } from "../../provider/image/dockerfile/instructions";
import { parseImageConfig, toAbsolute } from "../../provider/image/dockerfile/metadata/imageConfig";
import { lookupInTree } from "../../provider/image/dockerfile/metadata/lookupInTree";
import { mergeMetadata } from "../../provider/image/dockerfile/metadata/mergeMetadata";
import type { TreeEntry } from "../../provider/image/rootfs/tree";
import type { RandomSource } from "../support/seededRandom";

const below = (random: RandomSource, limit: number): number => Math.floor(random() * limit);
const pick = <T>(random: RandomSource, items: readonly T[]): T => items[below(random, items.length)] as T;
const many = <T>(random: RandomSource, most: number, make: () => T): readonly T[] =>
  Array.from({ length: below(random, most + 1) }, make);

const NAMES = ["a", "b", "ab", "a.b", "é", "😀", "x-1", "a+b", "(a)", ".a"];
const SEGMENT_PARTS = [...NAMES, "*", "?", "[ab]", "[^a]", "[a-c]", "*", "\\*"];

/** Characters that a part of a pattern stands for, or `undefined` for a star. */
type Token = ((character: string) => boolean) | undefined;

/** Splits a segment of the patterns that {@link SEGMENT_PARTS} form. */
function tokensOf(segment: string): readonly Token[] {
  return (segment.match(/\[\^?[^\]]*\]|\\.|./gsu) ?? []).map((part) => {
    if (part === "*") return undefined;
    if (part === "?") return () => true;
    if (part.startsWith("\\")) return (character) => character === part.slice(1);
    if (!/^\[.+\]$/.test(part)) return (character) => character === part;
    const isNegated = part.startsWith("[^");
    const inner = part.slice(isNegated ? 2 : 1, -1);
    const [, low, high] = /^(.)-(.)$/u.exec(inner) ?? [];
    return (character) =>
      (low !== undefined && high !== undefined ? character >= low && character <= high : inner.includes(character)) !==
      isNegated;
  });
}

function matchesSegment(tokens: readonly Token[], characters: readonly string[]): boolean {
  const [token, ...rest] = tokens;
  if (tokens.length === 0) return characters.length === 0;
  if (token === undefined)
    return matchesSegment(rest, characters) || (characters.length > 0 && matchesSegment(tokens, characters.slice(1)));
  return characters[0] !== undefined && token(characters[0]) && matchesSegment(rest, characters.slice(1));
}

/** The documented meaning of a pattern: `**` stands for any number of folders, and at the end for everything below. */
function matchesPath(pattern: readonly string[], path: readonly string[]): boolean {
  const [segment, ...rest] = pattern;
  if (segment === undefined) return path.length === 0;
  if (segment === "**") {
    if (rest.length === 0) return path.length > 0;
    return matchesPath(rest, path) || (path.length > 0 && matchesPath(pattern, path.slice(1)));
  }
  return path[0] !== undefined && matchesSegment(tokensOf(segment), [...path[0]]) && matchesPath(rest, path.slice(1));
}

/** Regular expressions end a negated class at a `/`, the matcher of the documentation at the end of a segment. */
const isAmbiguous = (segments: readonly string[]): boolean => segments.some((segment) => segment.includes("[^"));

/** Patterns against the definition, and any text without a crash. */
export const ignoreFileTarget = {
  name: "ignoreFile",
  run(random: RandomSource): void {
    const patterns = Array.from({ length: 1 + below(random, 4) }, () => {
      const segments = Array.from({ length: 1 + below(random, 3) }, () =>
        random() < 0.2
          ? "**"
          : [pick(random, SEGMENT_PARTS), ...many(random, 2, () => pick(random, SEGMENT_PARTS))].join(""),
      );
      return { isException: random() < 0.3, segments };
    });
    const isDocumented = ({ segments }: { segments: readonly string[] }): boolean =>
      !isAmbiguous(segments) &&
      !segments.some((segment) => segment !== "**" && segment.includes("**")) &&
      !segments.some((segment, index) => segment === "**" && segments[index + 1] === "**");
    const text = patterns
      .map(({ isException, segments }) => `${isException ? "!" : ""}${segments.join("/")}`)
      .join("\n");
    const { patterns: parsed, problems } = parseIgnoreFile(text);
    assert.deepEqual(problems, [], text);
    const path = [pick(random, NAMES), ...many(random, 3, () => pick(random, NAMES))];
    let folder: FolderMatches | undefined;
    let isSkipped = false;
    for (let depth = 1; depth <= path.length; depth += 1) {
      const inner = path.slice(0, depth).join("/");
      const { isIgnored, matches } = decideIgnored(parsed, inner, folder);
      assert.ok(!isSkipped || isIgnored, `${text}: ${inner} is below a folder that was left out`);
      if (isIgnored && maySkipFolder(parsed, inner)) isSkipped = true;
      folder = matches;
      if (!patterns.every(isDocumented) || patterns.some(({ isException }) => isException)) continue;
      const expected = patterns.some(({ segments }) =>
        path.slice(0, depth).some((_, end) => matchesPath(segments, path.slice(0, end + 1))),
      );
      assert.equal(isIgnored, expected, `${JSON.stringify(text)}: ${inner}`);
    }
    const garbage = many(random, 40, () =>
      pick(random, [..."[]!\\*?#/ \n\r\t{}|^$().-", "a", "\uFEFF", "\uD800", "😀"]),
    ).join("");
    const { patterns: any, problems: reported } = parseIgnoreFile(garbage);
    for (const { line, message } of reported) assert.ok(line >= 1 && message !== "");
    if (any.length <= 20) decideIgnored(any, path.join("/"), undefined);
  },
};

const DOCKERFILE_PARTS = [
  ..."FROM scratch AS a|RUN make|COPY --from=a /x /y|RUN --mount=type=secret,id=t x|RUN --mount=type=secret,target=/a/b|# escape=`|# syntax=x|<<EOF|<<-'END'|EOF|END|\\|`|--mount=|,=,|id=$X".split(
    "|",
  ),
  ...["\n", "\n", "\r\n", " ", "\t", "\\\n", "`\n", "#", "\0", "\uFEFF", "é"],
];

/** Dockerfiles and the output of builders. */
export const dockerfileTarget = {
  name: "dockerfile",
  run(random: RandomSource): void {
    const text = many(random, 30, () => pick(random, DOCKERFILE_PARTS)).join(random() < 0.5 ? "" : " ");
    const lineCount = text.split(/\r?\n/).length;
    const instructions = parseInstructions(text);
    let last = 0;
    for (const { keyword, line } of instructions) {
      assert.ok(line > last && line <= lineCount, JSON.stringify(text));
      assert.match(keyword, /^\S*$/);
      assert.equal(keyword, keyword.toUpperCase());
      last = line;
    }
    for (const { id, line } of secretUses(instructions)) {
      assert.ok(id !== "" && !id.includes("$"));
      assert.ok(instructions.some((instruction) => instruction.line === line && instruction.keyword === "RUN"));
    }
    const parts = [
      "#1 ",
      "#12 ",
      "[a 1/2] ",
      "[internal] ",
      "STEP 1/2: ",
      "[1/2] ",
      "ERROR: ",
      "error: ",
      "0.12 ",
      "text",
      'time="x" level=info ',
    ];
    for (const format of ["buildkit", "buildah"] as const) {
      const log = createBuildLog(format);
      const steps = new Set(
        many(random, 60, () => log.push(many(random, 4, () => pick(random, parts)).join("")) ?? ""),
      );
      const { step, lines } = log.failure();
      assert.ok(lines.length <= 20 && lines.every((line) => line.trim() !== ""));
      assert.ok(step === undefined || steps.has(step));
    }
  },
};

/** Configs of images: any JSON in any field, and paths that lead anywhere. */
export const imageMetadataTarget = {
  name: "imageMetadata",
  run(random: RandomSource): void {
    const text = (): string =>
      pick(random, [
        "",
        "a",
        "A=1",
        "A=2",
        "B=",
        "=",
        "/bin/sh",
        "-c",
        "node",
        "./x",
        "../x",
        "/",
        "//",
        "__proto__=1",
        "PATH=:/bin:b",
        "\0",
        "é",
      ]);
    const value = (): unknown =>
      pick<() => unknown>(random, [
        () => null,
        () => text(),
        () => 1,
        () => [1],
        () => ({}),
        () => ({ [text()]: text() }),
        () => ({ Test: many(random, 2, text) }),
      ])();
    const strings = (): unknown => (random() < 0.03 ? value() : random() < 0.1 ? null : many(random, 4, text));
    const config: Record<string, unknown> = {
      Env: strings(),
      Cmd: strings(),
      Entrypoint: strings(),
      Shell: strings(),
      OnBuild: strings(),
    };
    if (random() < 0.7) config["WorkingDir"] = random() < 0.05 ? value() : text();
    for (const name of ["User", "ExposedPorts", "Volumes", "StopSignal", "Healthcheck", "Labels"])
      if (random() < 0.1) config[name] = value();
    let image;
    try {
      image = parseImageConfig({ config });
    } catch (error) {
      assert.equal((error as Error).name, "ZodError");
      return;
    }
    assert.equal(toAbsolute(image.workingDir), image.workingDir);
    const names = ["bin", "usr", "x", "bin/node", "usr/bin", "usr/bin/node", "b"];
    const entry = (): TreeEntry =>
      pick<TreeEntry>(random, [
        { type: "directory", mode: 0o755 },
        { type: "file", mode: 0o755, content: { bytes: new Uint8Array() } },
        {
          type: "symlink",
          target: pick(random, ["/bin", "usr/bin", "..", "../../..", ".", "x", "/", "bin/node", "b/b/b"]),
        },
      ]);
    const lookup = lookupInTree(new Map(many(random, 7, () => [pick(random, names), entry()] as const)));
    const kraftfile = {
      env: random() < 0.5 ? { A: "kraftfile" } : {},
      labels: {},
      ...(random() < 0.3 ? { cmd: [text()] } : {}),
    };
    const program = { env: random() < 0.5 ? { A: "program", Z: "1" } : {} };
    const { cmd, env, warnings } = mergeMetadata({ runtime: { cmd: ["/r"] }, image, kraftfile, program, lookup });
    const whole = [...image.entrypoint, ...image.cmd];
    if (kraftfile.cmd !== undefined) assert.deepEqual(cmd, kraftfile.cmd);
    else if (whole.length === 0) assert.deepEqual(cmd, ["/r"]);
    else {
      assert.deepEqual(cmd.slice(1), whole.slice(1));
      assert.ok(cmd[0] === whole[0] || (cmd[0]?.startsWith("/") === true && lookup(cmd[0])?.isExecutable === true));
    }
    if (program.env.A !== undefined) assert.equal(env["A"], "program");
    else if (kraftfile.env.A !== undefined) assert.equal(env["A"], "kraftfile");
    for (const warning of warnings) assert.match(warning, /\.$/);
  },
};
