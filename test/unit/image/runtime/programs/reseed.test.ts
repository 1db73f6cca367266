import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { RESEED_CODE, reseedProgram } from "../../../../../provider/image/runtime/programs/reseed";
import { assembledCode, withExecutable } from "../../../../support/guestProgram";

describe("the program that gives a guest's kernel entropy", () => {
  it("is the code that the assembler makes of its source", async () =>
    assert.equal(await assembledCode("reseed"), Buffer.from(RESEED_CODE).toString("hex")));

  it("is an executable of x86-64 that refuses what is no seed", () =>
    withExecutable(reseedProgram(), (file) => {
      const EINVAL = 22;
      const seed = "0123456789abcdef".repeat(4);
      for (const args of [[], [""], ["0"], [seed.slice(1)], [`${seed}0`], [`g${seed.slice(1)}`], [seed.toUpperCase()]])
        assert.equal(spawnSync(file, args).status, EINVAL);
    }));
});
