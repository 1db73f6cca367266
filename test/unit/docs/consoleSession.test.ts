import assert from "node:assert/strict";
import * as os from "node:os";
import { missingLines, runSession, sessionsOf } from "../../support/consoleSession";

const PAGE = {
  file: "page.md",
  text: [
    "```sh",
    "ls",
    "```",
    "```console",
    "$ name=web &",
    "$ printf 'a\\nb\\n'",
    "b",
    "…",
    "",
    "```",
    "```console",
    "$ uname",
    "```",
  ].join("\n"),
};

describe("console sessions of pages", () => {
  it("are the commands of each block, with the lines that they show", () =>
    assert.deepEqual(sessionsOf(PAGE), [
      [
        { command: "name=web &", shown: [] },
        { command: "printf 'a\\nb\\n'", shown: ["b"] },
      ],
      [{ command: "uname", shown: [] }],
    ]));

  it("run in one shell, with what they print to either stream", async () => {
    const commands = ["name=web", "echo $name; echo late >&2", "false", "hello"].map((command) => ({ command, shown: [] })); // prettier-ignore
    const options = { preamble: "hello() { echo hi; }", cwd: os.tmpdir(), timeoutMs: 5_000 };
    assert.deepEqual(await runSession(commands, options), ["", "web\nlate\n", "", "hi\n"]);
    await assert.rejects(
      runSession([{ command: "sleep 5", shown: [] }], { ...options, timeoutMs: 100 }),
      /did not end in 100 ms/,
    );
  });

  it("miss a line that was not printed, or in another order, whatever its numbers are", () => {
    const missing = (shown: readonly string[], output: string) => missingLines({ command: "", shown }, output);
    assert.deepEqual(missing(["took 0.03 s  at 0xff", "done"], "took 12 s at 0xab12\nmore\ndone\n"), []);
    assert.deepEqual(missing(["done", "took 1 s"], "took 12 s\ndone\n"), ["took 1 s"]);
    assert.deepEqual(missing(["ready"], "not ready\n"), ["ready"]);
  });
});
