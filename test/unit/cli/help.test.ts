import assert from "node:assert/strict";
import { COMMANDS } from "../../../provider/cli/commands";
import { formatCommandHelp, formatHelp } from "../../../provider/cli/help";

describe("the help of the command line", () => {
  it("lists every command and option once, aligned", () => {
    const help = formatHelp(COMMANDS);
    assert.match(help, /^Usage: unikernel <command>\n\n {2}local up {26}start the local platform/);
    for (const { name, summary, options = [] } of COMMANDS) {
      assert.equal(help.split("\n").filter((line) => line.startsWith(`  ${name} `) && line.endsWith(summary)).length, 1, name); // prettier-ignore
      for (const [option] of options) assert.ok(help.includes(`    ${option} `), `${name} ${option}`);
    }
    assert.deepEqual(help.split("\n").filter((line) => line.length > 140), []); // prettier-ignore
  });

  it("has commands of different names, with summaries that are no sentences", () => {
    const names = COMMANDS.map(({ name }) => name);
    assert.deepEqual([...new Set(names)], names);
    for (const { summary, name } of COMMANDS) assert.doesNotMatch(summary, /^[A-Z](?![A-Z])|\.$/, name);
  });

  it("shows one command with its options", () => {
    const command = { name: "local x", operands: "<a>", summary: "do it", options: [["--b", "so"]], run: () => Promise.resolve("") } as const; // prettier-ignore
    assert.deepEqual(formatCommandHelp(command).split("\n"), [
      "Usage: unikernel local x [options] <a>",
      "",
      "Do it.",
      "",
      "    --b                             so",
    ]);
  });
});
