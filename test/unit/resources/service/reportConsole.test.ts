import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as os from "node:os";
import * as path from "node:path";
import type { InstanceItem } from "../../../../provider/contract/models";
import { reportConsole } from "../../../../provider/resources/service/reportConsole";
import { writeConsoleFile } from "../../../../provider/resources/workload/consoleFile";
import { contextWithResponses } from "../../../support/resourceContext";

const FATAL = "fatal: cannot read policy file";

describe("the console of a replica that failed", () => {
  let folder: string;
  let before: string | undefined;
  beforeEach(async () => {
    folder = await fs.mkdtemp(path.join(os.tmpdir(), "consoles-"));
    before = process.env["UNIKERNEL_STATE_DIR"];
    process.env["UNIKERNEL_STATE_DIR"] = folder;
  });
  afterEach(async () => {
    if (before === undefined) delete process.env["UNIKERNEL_STATE_DIR"];
    else process.env["UNIKERNEL_STATE_DIR"] = before;
    await fs.rm(folder, { recursive: true });
  });

  async function report(metro: string, log: string, onFailure?: "pause" | "keepBoth") {
    const lines: string[] = [];
    const getInstanceLogs = () => ({ output: Buffer.from(log).toString("base64"), range: { end: log.length } });
    const context = {
      ...contextWithResponses({ getInstanceLogs }),
      ...{ metro, imageLayout: path.join(folder, "images"), printProgress: (line: string) => void lines.push(line) },
    };
    const instance = { uuid: "u", name: "web-1", image: `web@sha256:${"1".repeat(64)}` } as InstanceItem;
    const rollout = { onFailure } as Parameters<typeof reportConsole>[2]["rollout"];
    return { text: await reportConsole(context, instance, { template: {}, rollout }), lines };
  }

  it("is printed if no program gave files to its image", async () => {
    const { text, lines } = await report("fra", FATAL);
    assert.equal(text, "Its last console lines are in the output of this operation.");
    assert.match(lines.join("\n"), /fatal: cannot read policy file/);
  });

  it("is in a file of this user otherwise, and the error says why, and how to read it", async () => {
    for (const onFailure of [undefined, "keepBoth", "pause"] as const) {
      const { text, lines } = await report("local", FATAL, onFailure);
      assert.deepEqual(lines, []);
      assert.match(text, /not printed, because an image of it may hold files that a program gave/);
      const file = path.join(folder, "consoles", "web-1.log");
      assert.ok(text.includes(`'${file}', which only you can read.`), text);
      assert.equal(await fs.readFile(file, "utf8"), FATAL);
      assert.equal((await fs.stat(file)).mode & 0o777, 0o600);
      assert.equal(text.includes("'npx unikernel logs web-1 --metro local' shows it"), onFailure === "pause");
    }
  });

  it("is said to be empty, rather than removed, if it is", async () => {
    assert.match((await report("fra", "")).text, /is empty/);
    assert.equal((await report("local", "")).text, "Its console log is empty.");
  });

  it("is kept for the latest 20 replicas", async () => {
    for (let index = 0; index < 22; index++) {
      const file = await writeConsoleFile(folder, `web-${index}`, "x");
      await fs.utimes(file, index, index);
    }
    assert.equal((await fs.readdir(folder)).length, 20);
    assert.ok(!(await fs.readdir(folder)).includes("web-0.log"));
  });
});
