import * as ts from "typescript";
import assert from "node:assert/strict";
import { answerInvokes } from "../../../provider/pulumi/invoke";
import * as sdk from "../../../sdk";
import * as testing from "../../../sdk/testing";
import { codeBlocks, markdownPage } from "../../support/markdown";

type Exports = Record<string, unknown>;
type Test = () => Promise<void>;

/** Runs a module of the page with these modules to import, and collects its tests. */
function runModule(code: string, modules: Readonly<Record<string, unknown>>, tests: Map<string, Test>): Exports {
  const { outputText } = ts.transpileModule(code, {
    compilerOptions: { module: ts.ModuleKind.CommonJS, target: ts.ScriptTarget.ES2023, esModuleInterop: true },
  });
  const exports: Exports = {};
  const load = (name: string): unknown => {
    assert.ok(name in modules, name);
    return modules[name];
  };
  const it = (title: string, test: Test): void => void tests.set(title, test);
  // The documentation is our own text.
  new Function("require", "exports", "it", outputText)(load, exports, it);
  return exports;
}

describe("the how-to of unit tests", function () {
  after(() => answerInvokes(undefined)); // other tests of this process ask a metro
  this.timeout(60_000); // the first run loads the provider
  const [program = "", tests = ""] = codeBlocks(markdownPage("docs/how-to/testing.md"))
    .filter(({ language }) => language === "ts")
    .map(({ code }) => code);
  const found = new Map<string, Test>();
  const packages = { "pulumi-unikernel": sdk, "pulumi-unikernel/testing": testing, "node:assert/strict": assert };
  runModule(tests, { ...packages, "./gateway": runModule(program, packages, found) }, found);

  it("has four tests", () => assert.equal(found.size, 4));
  for (const [title, test] of found) it(`has a test that passes: ${title}`, test);
});
