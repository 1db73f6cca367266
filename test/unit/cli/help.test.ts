import assert from "node:assert/strict";
import { COMMANDS } from "../../../provider/cli/commands";
import { helpOf } from "../../../provider/cli/help";

describe("the help of the command line", () => {
  it("lists every command and option once, aligned", () => {
    const help = helpOf("", COMMANDS) ?? "";
    assert.match(help, /^Usage: unikernel <command>\n\n {2}local up {26}start the local platform/);
    for (const { name, summary, options = [] } of COMMANDS) {
      const lines = help.split("\n");
      const index = lines.findIndex((line) => line === `  ${name}` || line.startsWith(`  ${name} `));
      const own = lines[index]?.endsWith(summary) === true ? lines[index] : lines[index + 1];
      assert.ok(own !== undefined && own.endsWith(summary), name);
      assert.equal(own.length - summary.length, 36, name);
      for (const [option] of options) assert.ok(help.includes(`    ${option} `), `${name} ${option}`);
    }
    assert.deepEqual(help.split("\n").filter((line) => line.length > 150), []); // prettier-ignore
  });

  it("has commands of different names, with summaries that are no sentences", () => {
    const names = COMMANDS.map(({ name }) => name);
    assert.deepEqual([...new Set(names)], names);
    for (const { summary, name } of COMMANDS) assert.doesNotMatch(summary, /^[A-Z](?![A-Z])|\.$/, name);
  });

  it("shows one command with its options", () => {
    const command = { name: "local x", operands: "<a>", summary: "do it", options: [["--b", "so"]], run: () => Promise.resolve("") } as const; // prettier-ignore
    assert.deepEqual(helpOf("local x", [command])?.split("\n"), [
      "Usage: unikernel local x [options] <a>",
      "",
      "Do it.",
      "",
      "    --b                             so",
    ]);
  });

  it("says how an instance is named, where one is", () => {
    for (const words of ["", "local", "local logs"])
      assert.match(helpOf(words, COMMANDS) ?? "", /\n\nAn <instance> is its name/);
    for (const words of ["ci", "local ps", "local volume"])
      assert.doesNotMatch(helpOf(words, COMMANDS) ?? "", /An <inst/);
  });

  it("shows the commands of a group, and nothing of an unknown one", () => {
    const commands = ["ci plan", "cilium up", "ci comment"].map((name) => ({ name, summary: "do it", run: () => Promise.resolve("") })); // prettier-ignore
    assert.deepEqual(helpOf("ci", commands)?.split("\n"), [
      "Usage: unikernel ci <command>",
      "",
      "  ci plan                           do it",
      "  ci comment                        do it",
    ]);
    assert.equal(helpOf("c", commands), undefined);
  });
});
