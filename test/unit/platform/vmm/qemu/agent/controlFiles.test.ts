import assert from "node:assert/strict";
import { GuestControlFiles } from "../../../../../../provider/platform/vmm/qemu/agent/controlFiles";

describe("the control files of a guest", () => {
  let sent: string;
  let changes: number;
  let files: GuestControlFiles;
  beforeEach(() => {
    sent = "";
    changes = 0;
    files = new GuestControlFiles({ send: (text) => (sent += text) });
    files.onChange(() => changes++);
  });

  it("tell what the program asks for, and each change once", () => {
    assert.deepEqual(files.state, { staysAwake: false, template: false });
    for (const line of ["awake yes\r", "awake yes", "awake maybe", "notified 1 yes", "template", ""])
      files.receive(line);
    assert.deepEqual([files.state, changes], [{ staysAwake: true, template: true }, 2]);
    for (const line of ["template-done", "awake no"]) files.receive(line);
    assert.deepEqual([files.state, changes], [{ staysAwake: false, template: false }, 4]);
  });

  it("let only a program go on that stands still", () => {
    files.declineTemplate();
    assert.equal(sent, "");
    files.receive("template");
    files.declineTemplate();
    assert.match(sent, /^\ntemplate \w+ now\n$/);
  });
});
