import assert from "node:assert/strict";
import * as path from "node:path";
import * as ts from "typescript";
import { type MarkdownPage, codeBlocks, markdownPages } from "../../support/markdown";

const root = path.resolve(__dirname, "../../..");

/** Name of a program → its text. */
type Programs = ReadonlyMap<string, string>;

/** A page's programs; a block without an import goes on where the one before it ends. */
function programsOf(page: MarkdownPage): Programs {
  const programs: string[] = [];
  for (const { language, code } of codeBlocks(page)) {
    if (language !== "ts") continue;
    const last = programs.length - 1;
    if (/^import /m.test(code) || last < 0) programs.push(code);
    else programs[last] += code;
  }
  return new Map(programs.map((code, index) => [`${page.file.replaceAll("/", "_")}.${index + 1}.ts`, code]));
}

/** Problems of programs that find this package under its own name, all compiled at once. */
function problemsOf(programs: Programs): readonly string[] {
  const texts = new Map([...programs].map(([name, text]) => [path.join(root, name), text]));
  const options: ts.CompilerOptions = {
    ...{ strict: true, noEmit: true, skipLibCheck: true, exactOptionalPropertyTypes: true },
    target: ts.ScriptTarget.ES2023,
    lib: ["lib.es2023.d.ts"],
    module: ts.ModuleKind.Node16,
    moduleResolution: ts.ModuleResolutionKind.Node16,
    paths: {
      "pulumi-unikernel": [path.join(root, "sdk/index.ts")],
      "pulumi-unikernel/kubernetes": [path.join(root, "sdk/kubernetes/index.ts")],
      "pulumi-unikernel/testing": [path.join(root, "sdk/testing/index.ts")],
    },
    types: ["node"],
  };
  const host = ts.createCompilerHost(options);
  const { getSourceFile, fileExists } = host;
  host.getSourceFile = (name, ...rest) => {
    const text = texts.get(path.resolve(name));
    return text === undefined ? getSourceFile(name, ...rest) : ts.createSourceFile(name, text, ts.ScriptTarget.ES2023);
  };
  host.fileExists = (name) => texts.has(path.resolve(name)) || fileExists(name);
  const compiled = ts.createProgram([...texts.keys()], options, host);
  return [...texts.keys()].flatMap((file) => {
    const source = compiled.getSourceFile(file);
    assert.ok(source !== undefined, file);
    const problems = [...compiled.getSyntacticDiagnostics(source), ...compiled.getSemanticDiagnostics(source)];
    return problems.map((problem) => {
      const { line } = source.getLineAndCharacterOfPosition(problem.start ?? 0);
      const text = source.text.split("\n")[line]?.trim() ?? "";
      return `${path.basename(file)}:${line + 1}: ${text}: ${ts.flattenDiagnosticMessageText(problem.messageText, " ")}`;
    });
  });
}

describe("the programs of the documentation", function () {
  this.timeout(120_000);
  const blocks: Programs = new Map(markdownPages().flatMap((page) => [...programsOf(page)]));
  // The tests on the page about them import its first program by this name.
  const programs: Programs = new Map([...blocks, ["gateway.ts", blocks.get("docs_how-to_testing.md.1.ts") ?? ""]]);

  it("compile", () => {
    assert.ok(programs.size > 25, `${programs.size} programs were found`);
    assert.deepEqual(problemsOf(programs), []);
  });

  it("would be caught if one did not compile", () => {
    const text = 'import * as unikernel from "pulumi-unikernel";\nnew unikernel.Volume("a", { sizeMB: 64 });\n';
    assert.match(problemsOf(new Map([["wrong.ts", text]])).join("\n"), /wrong\.ts:2: .*sizeMB/);
  });

  it("are on the README and on the page of every resource", () => {
    const pages = new Set([...programs.keys()].map((name) => name.replace(/\.\d+\.ts$/, "")));
    for (const kind of ["Instance", "Service", "Volume", "Certificate", "GatewayImage", "RolloutWave", "Provider"]) {
      assert.ok(pages.has(`docs_reference_${kind}.md`), kind);
    }
    assert.ok(pages.has("README.md"));
  });
});
