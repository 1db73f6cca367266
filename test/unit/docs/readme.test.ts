import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { COMMANDS } from "../../../provider/cli/commands";
import { codeBlocks, markdownPage, markdownPages } from "../../support/markdown";

const root = path.resolve(__dirname, "../../..");
const MAX_LINES = 120;
const MAX_CHARACTERS = 120;

describe("the README", () => {
  const lines = markdownPage("README.md").text.trimEnd().split("\n");

  it(`has at most ${MAX_LINES} lines of at most ${MAX_CHARACTERS} characters`, () => {
    assert.ok(lines.length <= MAX_LINES, `${lines.length} lines`);
    assert.deepEqual(
      lines.filter((line) => line.length > MAX_CHARACTERS),
      [],
    );
  });
});

describe("the commands of the documentation", () => {
  const commands = markdownPages().flatMap(({ file, text }) =>
    codeBlocks({ file, text })
      .filter(({ language }) => language === "sh" || language === "yaml")
      .flatMap(({ code }) => code.split("\n").map((line) => ({ file, line: line.trim() }))),
  );

  it("call npm scripts that exist", () => {
    const scriptsOf = (folder: string): Readonly<Record<string, string>> => {
      const file = path.join(root, folder, "package.json");
      if (!fs.existsSync(file)) return {};
      return (
        (JSON.parse(fs.readFileSync(file, "utf8")) as { scripts?: Readonly<Record<string, string>> }).scripts ?? {}
      );
    };
    const called = commands.flatMap(({ file, line }) =>
      [...line.matchAll(/\bnpm run ([\w:]+)/g)].map(([, name = ""]) => ({ file, name })),
    );
    assert.ok(called.length > 0);
    assert.deepEqual(
      called.filter(({ file, name }) => !(name in { ...scriptsOf(""), ...scriptsOf(path.dirname(file)) })),
      [],
    );
  });

  it("call unikernel with options that its help lists", () => {
    const called = commands.filter(({ line }) => /\bunikernel local /.test(line));
    assert.ok(called.length > 0);
    for (const { file, line } of called) {
      const [, all = ""] = /unikernel (local [^#|&")]*)/.exec(line) ?? [];
      const [words = ""] = all.split(" -- "); // what follows is for another program
      const command = COMMANDS.find(({ name }) => `${words.trim()} `.startsWith(`${name} `));
      assert.ok(command !== undefined, `${file}: ${line}`);
      const listed = (command.options ?? []).flatMap(([option]) => option.split(/[\s,]+/));
      for (const [option] of words.matchAll(/(?<=\s)--?[a-z][\w-]*/g))
        assert.ok(listed.includes(option), `${file}: ${line}`);
    }
  });
});
