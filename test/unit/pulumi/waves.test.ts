import assert from "node:assert/strict";
import { revisionOf } from "../../../provider/pulumi/waves";

describe("the revision of a service in a wave", () => {
  const template = { image: "acme/web:1", memoryMb: 128 };

  it("changes with the template and with reloadOn, each of which its replicas run", () => {
    const revisions = [
      revisionOf(template),
      revisionOf({ ...template, memoryMb: 256 }),
      revisionOf(template, ["policy-1"]),
      revisionOf(template, ["policy-2"]),
    ];
    assert.equal(new Set(revisions).size, 4);
    assert.equal(revisionOf(template, ["policy-1"]), revisions[2]);
  });

  it("never shows a value of reloadOn", () => {
    assert.doesNotMatch(revisionOf(template, ["hunter2"]), /hunter2/);
  });
});
