import assert from "node:assert/strict";
import { UnikernelError, formatError, withErrorContext } from "../../../../provider/base/errors";
import { workloadErrorContext } from "../../../../provider/resources/workload/request";

describe("the error of a create that needs something in use", () => {
  const inUse = new UnikernelError("IN_USE", "Creating instance 'web' failed: Port 80 is taken.");
  const explained = (...of: Parameters<typeof workloadErrorContext>) =>
    formatError(withErrorContext(inUse, workloadErrorContext(...of)) as UnikernelError);

  it("is about a volume unless the instance publishes ports too", () => {
    assert.match(explained(""), /^IN_USE: volumes: .*Give it its own volume/);
    assert.match(explained("template."), /^IN_USE: template\.volumes: .*Give it its own volume/);
    assert.match(explained("", true), /^IN_USE: Creating .*Choose another port or domain, or another volume/);
  });
});
