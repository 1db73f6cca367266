import assert from "node:assert/strict";
import { runInNewContext } from "node:vm";
import { errorMessage, hasErrorCode, isError, systemErrorCode } from "../../../provider/base/errors";

describe("errors of another JavaScript realm, as jest has them", () => {
  const foreign: unknown = runInNewContext(`Object.assign(new Error("no such file"), { code: "ENOENT" })`);

  it("are errors with their message and code", () => {
    assert.ok(!(foreign instanceof Error));
    assert.deepEqual(
      [isError(foreign), errorMessage(foreign), systemErrorCode(foreign), hasErrorCode(foreign, "ENOENT")],
      [true, "no such file", "ENOENT", true],
    );
  });

  it("are told from objects that look like them", () => {
    const lookalike = { message: "no such file", code: "ENOENT" };
    assert.deepEqual([isError(lookalike), systemErrorCode(lookalike)], [false, undefined]);
  });
});
