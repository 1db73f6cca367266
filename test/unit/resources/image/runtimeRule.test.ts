import assert from "node:assert/strict";
import { runtimeFailures } from "../../../../provider/resources/image/runtimeRule";

describe("the runtime of an image in a metro", () => {
  it("suggests the metro that a misspelt one resembles first", () => {
    const reasonIn = (metro: string) => runtimeFailures("linux:latest", { metro })[0]?.reason ?? "";
    assert.match(reasonIn("locl"), /^Did you mean the metro 'local'\? The Kraftfile's runtime/);
    assert.match(reasonIn("fra"), /^The Kraftfile's runtime/);
  });

  it("must not be the stand-in guest in a cloud metro", () => {
    for (const metro of ["fra", "https://api.node1.unikraft.cloud"]) {
      const [failure] = runtimeFailures("linux:latest", { metro });
      assert.equal(failure?.code, "NOT_SUPPORTED");
      assert.match(failure.reason, /^The Kraftfile's runtime 'linux:latest' is the stand-in guest/);
    }
  });

  it("may be the stand-in guest on a local platform, and any other runtime anywhere", () => {
    for (const metro of ["local", "http://127.0.0.1:4000"])
      assert.deepEqual(runtimeFailures("linux:latest", { metro }), []);
    for (const runtime of ["base-compat:latest", "ghcr.io/acme/linux:latest"]) {
      assert.deepEqual(runtimeFailures(runtime, { metro: "fra" }), []);
    }
  });
});
