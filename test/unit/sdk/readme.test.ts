import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import * as ts from "typescript";
import { ERRORS } from "../../../provider/base/errors";

const root = path.resolve(__dirname, "../../..");
const readme = fs.readFileSync(path.join(root, "README.md"), "utf8");

/** The code blocks of a language. */
const blocks = (language: string): readonly string[] =>
  [...readme.matchAll(/^```(\w+)\n(.*?)^```$/gms)]
    .filter(([, word]) => word === language)
    .map(([, , code = ""]) => code);

/** Compiler errors of a program that imports this package by name. Its blocks form one program. */
function problemsOf(program: string): readonly string[] {
  const file = path.join(root, "readme.ts");
  const options: ts.CompilerOptions = {
    ...{ strict: true, noEmit: true, skipLibCheck: true, exactOptionalPropertyTypes: true },
    target: ts.ScriptTarget.ES2023,
    lib: ["lib.es2023.d.ts"],
    module: ts.ModuleKind.Node16,
    moduleResolution: ts.ModuleResolutionKind.Node16,
    paths: { "pulumi-unikernel": [path.join(root, "sdk/index.ts")] },
    types: ["node"],
  };
  const host = ts.createCompilerHost(options);
  const { getSourceFile, fileExists } = host;
  host.getSourceFile = (name, ...rest) =>
    name === file ? ts.createSourceFile(name, program, ts.ScriptTarget.ES2023) : getSourceFile(name, ...rest);
  host.fileExists = (name) => name === file || fileExists(name);
  const compiled = ts.createProgram([file], options, host);
  const source = compiled.getSourceFile(file);
  return [...compiled.getSyntacticDiagnostics(source), ...compiled.getSemanticDiagnostics(source)].map((problem) => {
    const line = source?.getLineAndCharacterOfPosition(problem.start ?? 0).line ?? 0;
    return `${program.split("\n")[line] ?? ""}: ${ts.flattenDiagnosticMessageText(problem.messageText, " ")}`;
  });
}

describe("the README", function () {
  this.timeout(60_000);

  it("shows programs that compile", () => {
    assert.ok(blocks("ts").length > 5);
    assert.deepEqual(problemsOf(blocks("ts").join("\n")), []);
  });

  it("has a check that detects a program that does not compile", () => {
    const [first = ""] = blocks("ts");
    assert.match(problemsOf(`${first}\nnew unikernel.Volume("a", { sizeMB: 64 });`).join("\n"), /sizeMB/);
  });

  it("explains every error code as the code's own description does", () => {
    const rows = [...readme.matchAll(/^\| `([A-Z_]+)` +\| (.*?) +\|$/gm)].map(([, code, text]) => [code, text]);
    assert.deepEqual(Object.fromEntries(rows), { ...ERRORS });
  });
});
