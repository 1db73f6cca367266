import assert from "node:assert/strict";
import { parseMebibytes } from "../../../../provider/compose/text/byteSize";
import { shellWords } from "../../../../provider/compose/text/shellWords";

describe("compose: sizes", () => {
  // Source: docker/go-units, `RAMInBytes`, in MiB.
  const sizes: readonly (readonly [string, number | undefined])[] = [
    ["512m", 512],
    ["512M", 512],
    ["512MiB", 512],
    ["512Mi", 512],
    ["512 mb", 512],
    ["1g", 1024],
    ["1.5g", 1536],
    ["1t", 1_048_576],
    ["134217728", 128],
    ["134217728b", 128],
    ["131072k", 128],
    ["1k", 1],
    ["134217729", 129],
    ["0", 0],
    ["", undefined],
    ["-1", undefined],
    ["many", undefined],
    ["512 MiBs", undefined],
    ["1e9", undefined],
  ];
  for (const [text, mebibytes] of sizes)
    it(`${text} is ${mebibytes} MiB`, () => assert.equal(parseMebibytes(text), mebibytes));
});

describe("compose: words of a command", () => {
  // Source: mattn/go-shellwords.
  const words: readonly (readonly [string, readonly string[] | undefined])[] = [
    ["", []],
    ["  ", []],
    ["bundle exec thin -p 3000", ["bundle", "exec", "thin", "-p", "3000"]],
    [`sh -c 'echo "$HOME"'`, ["sh", "-c", 'echo "$HOME"']],
    ['a"b c"d', ["ab cd"]],
    ['"" x', ["", "x"]],
    ["a\\ b", ["a b"]],
    ['"a\\"b\\n"', ['a"bn']],
    ["'a\\'", ["a\\"]],
    ["a\\", undefined],
    ["'open", undefined],
    ['"open', undefined],
  ];
  for (const [text, expected] of words)
    it(`${JSON.stringify(text)} is ${JSON.stringify(expected)}`, () => assert.deepEqual(shellWords(text), expected));
});
