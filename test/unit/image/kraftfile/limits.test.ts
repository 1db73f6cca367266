/** Files that are made to be slow or large. */
import assert from "node:assert/strict";
import { UnikernelError } from "../../../../provider/base/errors";
import { parseKraftfile } from "../../../../provider/image/kraftfile/parse";

const HEAD = "spec: v0.7\nruntime: base\n";
/** A parser in linear time needs well below a second for each of these. */
const LIMIT_MS = 10_000;

/** `accepted`, or the first line of the error. */
function outcome(text: string): string {
  const startedAt = performance.now();
  try {
    parseKraftfile(text);
    return "accepted";
  } catch (error) {
    assert.ok(UnikernelError.has(error, "KRAFTFILE_INVALID"), String(error));
    return error.message.split("\n")[0] ?? "";
  } finally {
    assert.ok(performance.now() - startedAt < LIMIT_MS);
  }
}

/** `x-1: &b [*a, *a, …]`, and so on for the given number of levels. */
function laughs(levels: number): string {
  const lines = Array.from(
    { length: levels },
    (_, level) => `x-${level + 1}: &n${level + 1} [${`*n${level}, `.repeat(9)}]`,
  );
  return `${HEAD}x-0: &n0 [lol]\n${lines.join("\n")}\n`;
}

describe("a Kraftfile made to exhaust the parser", () => {
  it("may have 4,000 aliases", () => {
    const items = "*a, ".repeat(4_000);
    assert.equal(outcome(`${HEAD}x-a: &a word\ncmd: [${items}]\n`), "accepted");
    assert.equal(parseKraftfile(`${HEAD}x-a: &a word\ncmd: [${items}]\n`).cmd?.length, 4_000);
  });

  it("may stand for some values by aliases, but not for billions", () => {
    assert.equal(outcome(laughs(4)), "accepted");
    assert.match(outcome(laughs(9)), /^Kraftfile:\d+:\d+: .*aliases expand to too many values/);
    assert.match(outcome(`${HEAD}env: &a {<<: *a}\n`), /^Kraftfile:3:.*contains it/);
  });

  const text = (unit: string, before = ""): string => HEAD + before + unit.repeat(Math.floor(1_000_000 / unit.length));
  const cases: Record<string, [text: string, outcome: RegExp]> = {
    "a long scalar": [text("a", "x-a: "), /^accepted$/],
    "a long comment": [text("# c\n"), /more than 40000 words/],
    "more than 1 MiB": [HEAD + "#".repeat(2 ** 20), /more than 1048576 characters/],
    "deep brackets": [text("[", "x-a: "), /^Kraftfile:3:70: more than 64 levels/],
    "deep braces": [text("{a: ", "x-a: "), /more than 64 levels/],
    "deep lists on one line": [text("- ", "x-a:\n "), /more than 64 levels/],
    "deep indentation": [
      `${HEAD}x-a:\n${Array.from({ length: 1_300 }, (_, level) => `${" ".repeat(level + 1)}a:\n`).join("")}`,
      /^Kraftfile:260:1: this line is indented by more than 256 columns/,
    ],
    "many keys": [HEAD + Array.from({ length: 90_000 }, (_, key) => `k${key}: 1\n`).join(""), /more than 40000 words/],
    "many unknown keys": [HEAD + Array.from({ length: 7_000 }, (_, key) => `k${key}: 1\n`).join(""), /^accepted$/],
    "many errors": [text("] ", "x-a: "), /more than 40000 words/],
    "many problems": [`${HEAD}cmd: [${"1, ".repeat(10_000)}]\n`, /'cmd\[0\]' must be a string/],
    "a long runtime": [
      `spec: v0.7\nruntime: ${"a/".repeat(400_000)}a\n`,
      /^Kraftfile:2:10: 'runtime' has more than 512 characters/,
    ],
    "a long cmd": [text("$A ", "cmd: "), /^accepted$/],
  };
  for (const [what, [text, expected]] of Object.entries(cases)) {
    it(`is accepted or rejected at once: ${what}`, () => assert.match(outcome(text), expected));
  }

  it("is rejected with a message that can be read", () => {
    assert.throws(
      () => parseKraftfile(`${HEAD}cmd: [${"1, ".repeat(10_000)}]\n`),
      (error) => UnikernelError.is(error) && error.message.length < 50_000,
    );
    assert.throws(
      () => parseKraftfile(`spec: v0.7\nruntime: ${"A".repeat(500_000)}\n`),
      (error) => UnikernelError.is(error) && error.message.length < 1_000,
    );
  });
});
