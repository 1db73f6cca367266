/** What a run of a lane reports of its failures, in a separate process like the lane itself. */
import assert from "node:assert/strict";
import * as childProcess from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { pathToFileURL } from "node:url";

const RUN = `
  import { runLane } from ${JSON.stringify(pathToFileURL(path.resolve("scripts/test/runLane.mjs")).href)};
  const { counts } = await runLane(process.argv[1], "unit", [], {});
  console.log("\\n" + JSON.stringify(counts));
`;

describe("the report of a lane", () => {
  let folder: string;
  beforeEach(() => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), "unikernel-lane-"));
    fs.mkdirSync(path.join(folder, "test", "unit"), { recursive: true });
    fs.mkdirSync(path.join(folder, "scripts"));
    fs.symlinkSync(path.resolve("node_modules"), path.join(folder, "node_modules"));
    fs.symlinkSync(path.resolve("scripts/test"), path.join(folder, "scripts", "test"));
    fs.writeFileSync(
      path.join(folder, ".mocharc.cjs"),
      'module.exports = { require: ["tsx/cjs"], extension: ["ts"] };',
    );
  });
  afterEach(() => fs.rmSync(folder, { recursive: true, force: true }));

  it("repeats the title and the error of a failure", () => {
    const test = `
      describe("a list", () => {
        it("is sorted", () => {});
        it("has two entries", () => { throw new Error("1 instead of 2\\nCounterexample: [7]"); });
      });
    `;
    fs.writeFileSync(path.join(folder, "test", "unit", "list.test.ts"), test);
    const env = { ...process.env, NODE_V8_COVERAGE: undefined };
    const output = childProcess.execFileSync(process.execPath, ["--input-type=module", "-e", RUN, folder], {
      cwd: folder,
      env,
      encoding: "utf8",
    });
    assert.deepEqual(JSON.parse(output.trim().split("\n").at(-1) ?? ""), {
      passed: 1,
      failed: 1,
      skipped: 0,
      failures: ["a list › has two entries\n    1 instead of 2\n    Counterexample: [7]"],
    });
  });
});
