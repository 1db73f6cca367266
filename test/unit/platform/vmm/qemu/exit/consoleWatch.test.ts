import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as os from "node:os";
import * as path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { findConsoleEnd, watchConsole } from "../../../../../../provider/platform/vmm/qemu/exit/consoleWatch";

describe("the watch on a console", () => {
  it("finds that this program was not executed, and a trap", () => {
    assert.equal(findConsoleEnd("x\r\nFailed to execute /a: Exec format error\r\n", "/a"), "not-executed");
    assert.equal(findConsoleEnd("Failed to execute /b: Exec format error\r\n", "/a"), undefined);
    assert.equal(findConsoleEnd("Failed to execute /b: Exec format error\r\n", undefined), undefined);
    assert.equal(findConsoleEnd("CRIT: Unhandled Trap 6 (invalid opcode), error", "/a"), "crashed");
  });

  it("finds a line that is written in pieces to a file that does not exist yet, and ends with its signal", async () => {
    const folder = await fs.mkdtemp(path.join(os.tmpdir(), "unikernel-watch-"));
    try {
      const file = path.join(folder, "console.log");
      const ended = new AbortController();
      const found = watchConsole(file, "/a", ended.signal);
      let other: unknown = "pending";
      void watchConsole(file, "/b", ended.signal).then((end) => (other = end));
      for (const piece of ["boot\r\nFailed to exe", "cute /a: Permission", " denied\r\n"]) {
        await delay(300);
        await fs.appendFile(file, piece);
      }
      assert.equal(await found, "not-executed");
      ended.abort();
      await delay(50);
      assert.equal(other, "pending");
    } finally {
      await fs.rm(folder, { recursive: true });
    }
  });
});
