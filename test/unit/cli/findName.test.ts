import assert from "node:assert/strict";
import { UnikernelError } from "../../../provider/base/errors";
import { readNamed } from "../../../provider/cli/findName";
import { deriveName } from "../../../provider/definition/naming";

const HASH = "5560237abcdef";

describe("a name on the command line", () => {
  const find = (wanted: string, names: readonly string[], options?: { readonly suggestOnly?: boolean }) => {
    const read = (name: string): Promise<string> =>
      names.includes(name)
        ? Promise.resolve(name)
        : Promise.reject(new UnikernelError("NOT_FOUND", `Reading service '${name}' failed: there is none.`));
    return readNamed(wanted, read, () => Promise.resolve(names.map((name) => ({ name }))), options);
  };
  const hint = (promise: Promise<string>): Promise<string | undefined> =>
    promise.then(
      () => assert.fail("it resolved"),
      (error: UnikernelError) => {
        assert.equal(error.code, "NOT_FOUND");
        return error.hint;
      },
    );

  it("may be that of an object, even if another one derives from it", async () => {
    assert.equal(await find("api", ["api", "api-5560237"]), "api");
  });

  it("may be that of the resource", async () => {
    for (const resource of ["api", "my API"])
      for (const ordinal of [1, 2]) {
        const derived = deriveName(resource, HASH, ordinal);
        assert.equal(await find(resource, ["other", derived, "api-gateway-0123456"]), derived);
      }
  });

  it("is not guessed if several fit, or before something is destroyed", async () => {
    const two = ["api-5560237", "api-0123456"];
    assert.equal(await hint(find("api", two)), "Did you mean 'api-5560237' or 'api-0123456'?");
    assert.equal(await hint(find("api", ["api-5560237"], { suggestOnly: true })), "Did you mean 'api-5560237'?");
  });

  it("leads to suggestions: replicas of a service, and what is spelt like it", async () => {
    assert.equal(await hint(find("edge", ["edge-bcaa0f4-66088"])), "Did you mean 'edge-bcaa0f4-66088'?");
    assert.equal(await hint(find("gatevay", ["gateway"])), "Did you mean 'gateway'?");
    assert.equal(await hint(find("gatevay", ["x", "gateway-5560237"])), "Did you mean 'gateway-5560237'?");
    assert.equal(await hint(find("gateway", ["x"])), undefined);
  });
});
