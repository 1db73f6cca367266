import assert from "node:assert/strict";
import { UnikernelError } from "../../../../provider/base/errors";
import { parseFileCopy } from "../../../../provider/cli/local/copyFiles";

describe("the operands of local volume cp", () => {
  it("name a volume with a colon, and a folder", () => {
    assert.deepEqual(parseFileCopy(["data:", "./out"]), { action: "export", volume: "data", folder: "./out" });
    assert.deepEqual(parseFileCopy(["./in:here", "data:/"]), { action: "import", volume: "data", folder: "./in:here" });
  });

  for (const [operands, expected] of [
    [[], /0 were given/],
    [["data:"], /1 were given/],
    [["a", "b", "c"], /3 were given/],
    [["./a", "./b"], /Either '\.\/a' or '\.\/b' must be a volume/],
    [["a:", "b:"], /Either 'a:' or 'b:' must be a volume/],
    [["data:/etc", "./out"], /'data:\/etc' names a part of a volume/],
  ] as const) {
    it(`refuse ${JSON.stringify(operands)}`, () => {
      assert.throws(
        () => parseFileCopy(operands),
        (error: unknown) => UnikernelError.has(error, "INPUT_INVALID") && expected.test(error.message),
      );
    });
  }
});
