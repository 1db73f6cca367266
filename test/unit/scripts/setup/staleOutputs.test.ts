/** The outputs of a build whose sources are gone. */
import assert from "node:assert/strict";
import * as childProcess from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";

describe("a build", () => {
  let root: string;
  beforeEach(() => (root = fs.mkdtempSync(path.join(os.tmpdir(), "unikernel-stale-"))));
  afterEach(() => fs.rmSync(root, { recursive: true, force: true }));

  const write = (...files: readonly string[]): void => {
    for (const file of files.map((name) => path.join(root, name))) {
      fs.mkdirSync(path.dirname(file), { recursive: true });
      fs.writeFileSync(file, "");
    }
  };
  const clean = (): void => {
    const program = path.join(root, "scripts", "setup", "staleOutputs.mjs");
    fs.mkdirSync(path.dirname(program), { recursive: true });
    fs.copyFileSync(path.resolve("scripts", "setup", "staleOutputs.mjs"), program);
    childProcess.execFileSync(process.execPath, [program]);
  };
  const left = (): string[] =>
    fs
      .readdirSync(path.join(root, "dist"), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => path.relative(root, path.join(entry.parentPath, entry.name)))
      .sort();

  it("removes a file whose source became a folder, and its record of outputs", () => {
    write("provider/contract/models/index.ts", "provider/client/client.ts");
    const kept = [
      ...["client.d.ts", "client.js", "client.js.map"].map((name) => `dist/provider/client/${name}`),
      "dist/provider/contract/models/index.js",
    ];
    write(...kept, ...["models.d.ts", "models.js", "models.js.map"].map((name) => `dist/provider/contract/${name}`));
    write("dist/.tsbuildinfo");
    clean();
    assert.deepEqual(left(), kept);
  });

  it("keeps its outputs while every source exists, and works without any", () => {
    clean();
    write("sdk/index.ts", "dist/sdk/index.js", "dist/.tsbuildinfo", "dist/.built");
    clean();
    assert.deepEqual(left(), ["dist/.built", "dist/.tsbuildinfo", "dist/sdk/index.js"]);
  });
});
