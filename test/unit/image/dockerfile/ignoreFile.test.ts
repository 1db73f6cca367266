import assert from "node:assert/strict";
import * as path from "node:path";
import { parseIgnoreFile } from "../../../../provider/image/dockerfile/context/ignoreFile";
import {
  type FolderMatches,
  decideIgnored,
  maySkipFolder,
} from "../../../../provider/image/dockerfile/context/ignoreMatcher";
import { CONTEXT_FILES, IGNORE_CASES } from "../../../support/ignoreCases";

/** The files that an ignore file leaves out, decided folder by folder. */
function ignoredFiles(file: string, files: readonly string[] = CONTEXT_FILES): readonly string[] {
  const { patterns, problems } = parseIgnoreFile(file);
  assert.deepEqual(problems, []);
  const decide = (entry: string): { isIgnored: boolean; matches: FolderMatches } => {
    const folder = path.dirname(entry);
    return decideIgnored(patterns, entry, folder === "." ? undefined : decide(folder).matches);
  };
  return files.filter((entry) => decide(entry).isIgnored);
}

describe(".dockerignore", () => {
  for (const { name, file, ignored } of IGNORE_CASES) {
    it(name, () => assert.deepEqual(ignoredFiles(file), [...ignored].sort()));
  }

  it("has at least 40 cases, each with another file", () => {
    assert.ok(new Set(IGNORE_CASES.map(({ file }) => file)).size >= 40);
  });

  it("reports every malformed line", () => {
    const { problems } = parseIgnoreFile("a.txt\n[\n!\n[a-]\n\\\n[b-a]\n# [\nok\\");
    assert.deepEqual(problems, [
      { line: 2, message: "'[' is not a valid pattern." },
      { line: 3, message: "'!' needs a pattern." },
      { line: 4, message: "'[a-]' is not a valid pattern." },
      { line: 5, message: "'\\' is not a valid pattern." },
      { line: 6, message: "'[b-a]' is not a valid pattern." },
      { line: 8, message: "'ok\\' is not a valid pattern." },
    ]);
  });

  it("matches characters outside the basic plane as one", () => {
    assert.deepEqual(ignoredFiles("?\n", ["😀", "ab"]), ["😀"]);
    assert.deepEqual(ignoredFiles("[^a]\n", ["😀", "a", "b"]), ["😀", "b"]);
  });

  it("behaves as upstream where braces, bars and carets are concerned, which it does not escape", () => {
    assert.deepEqual(ignoredFiles("{a,b}.md\n", ["a.md", "{a,b}.md"]), ["{a,b}.md"]);
    assert.deepEqual(ignoredFiles("a|b*\n", ["a|bc", "ax", "x/b"]), ["a|bc", "ax", "x/b"]);
  });

  it("takes little time, however many stars a pattern has", () => {
    const name = "a".repeat(250);
    const startedAt = performance.now();
    assert.deepEqual(
      ignoredFiles(`${"*a".repeat(60)}*b\n**/${"*/**/".repeat(20)}b`, [name, `${"a/".repeat(100)}c`]),
      [],
    );
    assert.deepEqual(ignoredFiles(`${"*a".repeat(60)}*`, [name]), [name]);
    assert.ok(performance.now() - startedAt < 5_000);
  });

  it("leaves out a folder only if no exception can match below it", () => {
    const skips = (file: string, folder: string): boolean => maySkipFolder(parseIgnoreFile(file).patterns, folder);
    assert.equal(skips("node_modules", "node_modules"), true);
    assert.equal(skips("*\n!src/lib", "node_modules"), true);
    assert.equal(skips("*\n!src/lib", "src"), false);
    assert.equal(skips("*\n!src/lib/**", "docs"), true);
    assert.equal(skips("*\n!**/x", "docs"), false);
    assert.equal(skips("*\n!docs-2", "docs"), true);
  });
});
