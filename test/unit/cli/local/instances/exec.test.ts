import assert from "node:assert/strict";
import { parseExecArguments } from "../../../../../provider/cli/local/instances/exec";

describe("the arguments of 'local exec'", () => {
  it("end at the first '--'; the command follows as it is", () => {
    assert.deepEqual(parseExecArguments(["web", "--", "ls", "-i", "--timeout", "--", "--help"]), {
      instance: "web",
      command: ["ls", "-i", "--timeout", "--", "--help"],
      sendsStdin: false,
      timeoutMs: undefined,
    });
    assert.deepEqual(parseExecArguments(["-i", "web", "--timeout", "1.5", "--", ""]), {
      instance: "web",
      command: [""],
      sendsStdin: true,
      timeoutMs: 1500,
    });
  });

  it("must name one instance, a command and a time", () => {
    for (const [args, message] of [
      [["web", "ls"], /no '--'/],
      [["web", "--"], /no command/],
      [["--", "ls"], /0 were named/],
      [["web", "db", "--", "ls"], /2 were named/],
      [["web", "--timeout", "soon", "--", "ls"], /'--timeout soon'/],
      [["web", "--timeout", "0", "--", "ls"], /'--timeout 0'/],
      [["web", "--unknown", "--", "ls"], /--unknown/],
    ] as const) {
      assert.throws(() => parseExecArguments(args), { code: "INPUT_INVALID", message });
    }
  });
});
