/** What is left of V8's counts, which are of the code that esbuild makes of a source. */
import assert from "node:assert/strict";
import * as childProcess from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { pathToFileURL } from "node:url";

const SOURCE = `import * as path from "node:path";

export function unused(name: string): string {
  return path.basename(name);
}

export function size(value: number, limit?: number): string {
  const bound = limit ?? 10;
  return value > bound ? "large" : "small";
}
`;

const TRIM = `
  import * as fs from "node:fs";
  import { trimmed } from ${JSON.stringify(pathToFileURL(path.resolve("scripts/test/coverage.mjs")).href)};
  const [dumps, folder] = process.argv.slice(1);
  const read = (name) => JSON.parse(fs.readFileSync(\`\${dumps}/\${name}\`, "utf8"));
  console.log(JSON.stringify(fs.readdirSync(dumps).flatMap((name) => trimmed(read(name), folder).result)));
`;

interface Script {
  readonly url: string;
  readonly functions: readonly {
    readonly functionName: string;
    readonly ranges: readonly { readonly count: number }[];
  }[];
}

describe("what V8 counts of a module", () => {
  let folder: string;
  beforeEach(() => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), "unikernel-coverage-"));
    fs.mkdirSync(path.join(folder, "provider"));
    fs.writeFileSync(path.join(folder, "provider", "size.ts"), SOURCE);
  });
  afterEach(() => fs.rmSync(folder, { recursive: true, force: true }));

  /** The functions that are left, with how many of their ranges never ran, after a program that uses the module. */
  const neverRan = (program: string): Record<string, number> => {
    fs.writeFileSync(path.join(folder, "program.ts"), `import { size } from "./provider/size";\n${program}`);
    const dumps = path.join(folder, "dumps");
    const tsx = path.resolve("node_modules/tsx/dist/cjs/index.cjs");
    const env = { ...process.env, NODE_V8_COVERAGE: dumps };
    childProcess.execFileSync(process.execPath, ["-r", tsx, "program.ts"], { cwd: folder, env });
    const args = ["--input-type=module", "-e", TRIM, dumps];
    const provider = pathToFileURL(path.join(folder, "provider")).href;
    const output = childProcess.execFileSync(process.execPath, [...args, provider], { encoding: "utf8" });
    const scripts = JSON.parse(output) as Script[];
    assert.deepEqual(
      scripts.map(({ url }) => url),
      [`${provider}/size.ts`],
    );
    return Object.fromEntries(
      scripts.flatMap(({ functions }) =>
        functions
          .filter(({ functionName }) => functionName !== "")
          .map((one) => [one.functionName, one.ranges.filter(({ count }) => count === 0).length]),
      ),
    );
  };

  it("is all there when all ran, and none of it esbuild's", () => {
    assert.deepEqual(neverRan("size(1); size(11); size(5, 4);"), { unused: 1, size: 0 });
  });

  it("tells the branches that did not run", () => {
    assert.deepEqual(neverRan("size(5, 9);"), { unused: 1, size: 2 });
  });
});
