import assert from "node:assert/strict";
import { formatTable } from "../../../../provider/cli/terminal/table";

describe("a table", () => {
  it("aligns its columns two spaces apart, and ends no line with a space", () => {
    const text = formatTable(["NAME", "STATE", "X"], [["a", "running", ""], ["a-longer-name", "up", "y"]]); // prettier-ignore
    assert.deepEqual(text.split("\n"), [
      "NAME           STATE    X",
      "a              running",
      "a-longer-name  up       y",
    ]);
  });

  it("is as wide with styles as without, and shows none where stdout is no terminal", () => {
    const styled = formatTable(["A", "B"], [[{ text: "red", style: "red" }, "b"]]);
    assert.equal(process.stdout.isTTY === true ? styled.includes("\u001b[31m") : styled === "A    B\nred  b", true);
  });

  it("has a header without rows", () => {
    assert.equal(formatTable(["NAME", "STATE"], []), "NAME  STATE");
  });
});
