/** What a run of a lane reports of its failures, in a separate process like the lane itself. */
import assert from "node:assert/strict";
import * as childProcess from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { pathToFileURL } from "node:url";

const RUN = `
  import { runLane } from ${JSON.stringify(pathToFileURL(path.resolve("scripts/test/runLane.mjs")).href)};
  const result = await runLane(process.argv[1], process.argv[2], [], {});
  console.log("\\n" + JSON.stringify(result));
`;

describe("the report of a lane", () => {
  let folder: string;
  beforeEach(() => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), "unikernel-lane-"));
    fs.mkdirSync(path.join(folder, "scripts"));
    fs.symlinkSync(path.resolve("node_modules"), path.join(folder, "node_modules"));
    fs.symlinkSync(path.resolve("scripts/test"), path.join(folder, "scripts", "test"));
    fs.writeFileSync(
      path.join(folder, ".mocharc.cjs"),
      'module.exports = { require: ["tsx/cjs"], extension: ["ts"] };',
    );
  });
  afterEach(() => fs.rmSync(folder, { recursive: true, force: true }));

  /** Runs a lane of these test files. */
  function run(lane: string, files: Readonly<Record<string, string>>): unknown {
    fs.mkdirSync(path.join(folder, "test", lane), { recursive: true });
    for (const [name, text] of Object.entries(files)) fs.writeFileSync(path.join(folder, "test", lane, name), text);
    const env = { ...process.env, NODE_V8_COVERAGE: undefined };
    const output = childProcess.execFileSync(process.execPath, ["--input-type=module", "-e", RUN, folder, lane], {
      cwd: folder,
      env,
      encoding: "utf8",
    });
    return JSON.parse(output.trim().split("\n").at(-1) ?? "");
  }

  const sorted = 'it("is sorted", () => {});';
  const short = 'it("has two entries", () => { throw new Error("1 instead of 2\\nCounterexample: [7]"); });';

  it("repeats the title and the error of a failure", () => {
    assert.deepEqual(run("unit", { "list.test.ts": `describe("a list", () => { ${sorted} ${short} });` }), {
      counts: {
        passed: 1,
        failed: 1,
        skipped: 0,
        failures: ["a list › has two entries\n    1 instead of 2\n    Counterexample: [7]"],
      },
      problems: [],
    });
  });

  it("sums the files of several processes, and names those whose process ended early", () => {
    assert.deepEqual(
      run("e2e", { "a.test.ts": sorted, "b.test.ts": `${sorted} it.skip("c");`, "z.test.ts": "process.exit(3);" }),
      {
        counts: { passed: 2, failed: 0, skipped: 1, failures: [] },
        problems: ["test/e2e/z.test.ts: exited early with code 3"],
      },
    );
  });

  it("reports a lane without tests", () => {
    assert.deepEqual(run("unit", {}), {
      counts: { passed: 0, failed: 0, skipped: 0, failures: [] },
      problems: ["the unit lane has no tests"],
    });
  });
});
