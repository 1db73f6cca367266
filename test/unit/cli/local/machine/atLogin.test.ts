import assert from "node:assert/strict";
import { describeStart } from "../../../../../provider/cli/local/machine/atLogin";

describe("the start at login", () => {
  it("is described with the command that keeps VMs after a logout, unless the user lingers", () => {
    assert.match(
      describeStart("/unit", false),
      /^It starts at your next login \(\/unit\)\. .* and to keep VMs when you log out, run 'loginctl enable-linger'\. /,
    );
    assert.equal(
      describeStart("/unit", true),
      "It starts with this machine (/unit). Run this command again after you have moved or updated this package.",
    );
  });
});
