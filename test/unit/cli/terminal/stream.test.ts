import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";

const root = path.resolve(__dirname, "../../../..");

describe("the output of a command", () => {
  it("that cannot be written is an error, and no stack trace", () => {
    const full = fs.openSync("/dev/full", "w"); // each write fails as on a full disk
    try {
      const args = ["--require", "tsx/cjs", path.join(root, "provider/cli/main.ts"), "help"];
      const { status, stderr } = spawnSync(process.execPath, args, { cwd: root, stdio: ["ignore", full, "pipe"] });
      assert.deepEqual(
        [
          status,
          stderr
            .toString()
            .split("\n")
            .filter((line) => line.startsWith("NO_SPACE")),
        ],
        [
          1,
          [
            "NO_SPACE: No space left on the disk while writing the output, which is incomplete. Free some space, or write it to another disk.",
          ],
        ],
      );
      assert.doesNotMatch(stderr.toString(), /\n {4}at /);
    } finally {
      fs.closeSync(full);
    }
  });
});
