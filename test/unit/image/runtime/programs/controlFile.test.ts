import assert from "node:assert/strict";
import { CONTROL_FILE_CODE, controlFileProgram } from "../../../../../provider/image/runtime/programs/controlFile";
import { assembledCode, withExecutable } from "../../../../support/guestProgram";

// What it does, only a guest shows: test/e2e/vmm/controlFiles.test.ts.
describe("the program that serves a file of /uk/libukp", () => {
  it("is the code that the assembler makes of its source", async () =>
    assert.equal(await assembledCode("controlFile"), Buffer.from(CONTROL_FILE_CODE).toString("hex")));

  it("is an executable of x86-64", () => withExecutable(controlFileProgram(), () => undefined));
});
