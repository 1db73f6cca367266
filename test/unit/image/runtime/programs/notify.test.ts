import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { NOTIFY_CODE, notifyProgram } from "../../../../../provider/image/runtime/programs/notify";
import { assembledCode, withExecutable } from "../../../../support/guestProgram";

describe("the program that warns a guest's program before standby", () => {
  it("is the code that the assembler makes of its source", async () =>
    assert.equal(await assembledCode("notify"), Buffer.from(NOTIFY_CODE).toString("hex")));

  it("is an executable of x86-64 that fails where no program listens", () =>
    withExecutable(notifyProgram(), (file) => {
      const { status } = spawnSync(file); // the error depends on what this machine has of vsock
      assert.ok(status !== null && status > 0, `status ${status}`);
    }));
});
