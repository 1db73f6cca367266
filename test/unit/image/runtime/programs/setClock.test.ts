import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { SET_CLOCK_CODE, setClockProgram } from "../../../../../provider/image/runtime/programs/setClock";
import { assembledCode, withExecutable } from "../../../../support/guestProgram";

describe("the program that sets a guest's clock", () => {
  it("is the code that the assembler makes of its source", async () =>
    assert.equal(await assembledCode("setClock"), Buffer.from(SET_CLOCK_CODE).toString("hex")));

  it("is an executable of x86-64 that refuses what is no time", () =>
    withExecutable(setClockProgram(), (file) => {
      const EINVAL = 22;
      for (const args of [[], [""], ["0"], ["now"], ["-1"]]) assert.equal(spawnSync(file, args).status, EINVAL);
    }));
});
