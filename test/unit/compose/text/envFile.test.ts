/** Expected values are those of Docker's documentation, "Syntax for environment files in Docker Compose". */
import assert from "node:assert/strict";
import { parseEnvFile } from "../../../../provider/compose/text/envFile";

const lookup = (name: string): string | undefined => ({ HOME: "/root", WINS: "shell" })[name];
const read = (text: string, isRaw = false): Readonly<Record<string, string>> =>
  Object.fromEntries(parseEnvFile(text, lookup, isRaw).variables);

describe("compose: a file with variables", () => {
  const values: readonly (readonly [string, string])[] = [
    ["VAR=VAL", "VAL"],
    ['VAR="VAL"', "VAL"],
    ["VAR='VAL'", "VAL"],
    ["VAR: VAL", "VAL"],
    ["  export VAR = VAL  ", "VAL"],
    ["VAR=", ""],
    ["VAR=VAL # comment", "VAL"],
    ["VAR=VAL# not a comment", "VAL# not a comment"],
    ["VAR=#value", "#value"],
    ['VAR="VAL # not a comment"', "VAL # not a comment"],
    ['VAR="VAL" # comment', "VAL"],
    ["VAR='$OTHER'", "$OTHER"],
    ["VAR='${OTHER}'", "${OTHER}"],
    ["VAR='Let\\'s go!'", "Let's go!"],
    ['VAR="{\\"hello\\": \\"json\\"}"', '{"hello": "json"}'],
    ['VAR="some\\tvalue"', "some\tvalue"],
    ["VAR='some\\tvalue'", "some\\tvalue"],
    ["VAR=some\\tvalue", "some\\tvalue"],
    ['VAR="two\nlines"', "two\nlines"],
    ["VAR='two\n# lines'", "two\n# lines"],
    ['VAR="one \\\ntwo\\"\n\nfour" # comment', 'one \\\ntwo"\n\nfour'],
    ["VAR=$HOME/data", "/root/data"],
    ['VAR="${UNSET:-x}"', "x"],
    ['VAR="\\$HOME"', "$HOME"],
    ["A=1\nVAR=${A}2", "12"],
    ["WINS=file\nVAR=$WINS", "shell"],
    ["VAR=1\nVAR=2", "2"],
    ["\uFEFF# comment\r\n\r\nVAR=VAL\r\n", "VAL"],
    ["VAR=a=b", "a=b"],
  ];
  for (const [text, expected] of values)
    it(`has for ${JSON.stringify(text)} the value ${JSON.stringify(expected)}`, () =>
      assert.equal(read(text)["VAR"], expected));

  it("takes a name alone from elsewhere, and leaves it out if it is not set there", () => {
    assert.deepEqual(read("HOME\nUNSET\n"), { HOME: "/root" });
  });

  it("takes raw values as they are", () => {
    assert.deepEqual(read(`A="$HOME" # x\nB='y`, true), { A: '"$HOME" # x', B: "'y" });
  });

  it("reads a long value, and one that does not end, in a time that grows with its length", () => {
    const lines = "b\n".repeat(300_000);
    assert.equal(read(`VAR="${lines}"`)["VAR"], lines);
    assert.equal(parseEnvFile(`VAR="${lines}`, lookup).problems.length, 1);
  });

  it("names each line that is wrong, without its value", () => {
    const text = ["A=1", "secret value", 'B="open', "still open"].join("\n");
    assert.deepEqual(parseEnvFile(text, lookup).problems, [
      { line: 2, clause: "this is not NAME=value" },
      { line: 3, clause: "the quote at the start of the value is not closed" },
    ]);
    assert.deepEqual(parseEnvFile("A='x'y\nB=${\n", lookup).problems, [
      { line: 1, clause: "there is text after the closing quote" },
      { line: 2, clause: "'${' is not closed; add '}'" },
    ]);
  });
});
