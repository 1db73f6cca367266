import assert from "node:assert/strict";
import { createLineSplitter, parseQmpMessage } from "../../../../../provider/platform/vmm/qemu/qmpMessages";

describe("messages of QMP", () => {
  it("are a greeting, events, results and errors; anything else is none", () => {
    const messages = [
      { QMP: { version: {} } },
      { event: "STOP" },
      { return: {}, id: 1 },
      { error: { class: "GenericError", desc: "no" }, id: 2 },
    ];
    for (const message of messages) assert.deepEqual(parseQmpMessage(JSON.stringify(message)), message);
    for (const line of ["", "{", "null", "SSH-2.0", '{"id": 1}', '{"event": 1}']) {
      assert.equal(parseQmpMessage(line), undefined, line);
    }
  });

  it("are one per line, however the lines are cut", () => {
    const lines: string[] = [];
    const split = createLineSplitter((line) => lines.push(line));
    for (const piece of ["a", "b\nc", "\n\nd", "e"]) assert.equal(split(piece), true);
    assert.deepEqual(lines, ["ab", "c", ""]);
    split("\n");
    assert.deepEqual(lines.at(-1), "de");
  });

  it("end at a line that is too long, in however many pieces", () => {
    const split = createLineSplitter(() => undefined, 10);
    assert.deepEqual(["12345\n", "12345", "12345", "1"].map(split), [true, true, true, false]);
  });
});
