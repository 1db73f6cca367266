import assert from "node:assert/strict";
import { inspectName } from "../../../../provider/resources/instance/hostName";
import { lifecycle } from "../../../../provider/resources/instance/lifecycle";
import { contextWithResponses } from "../../../support/resourceContext";

const WARNING =
  /^name: '(host|Host)' is hidden from instances with the annotation 'unikernel\.local\/host-access', for which 'host\.internal' is this machine; choose another name/;

describe("an instance with the name of the machine", () => {
  it("is warned of on metro local, in any case of its letters, while it is new", async () => {
    for (const name of ["host", "Host"]) {
      const { warnings, information } = await inspectName({ metro: "local" }, undefined, { name });
      assert.deepEqual([warnings.length, information], [1, []]);
      assert.match(warnings[0] ?? "", WARNING);
    }
    assert.equal((await inspectName({ metro: "local" }, { name: "web" }, { name: "host" })).warnings.length, 1);
    assert.deepEqual((await inspectName({ metro: "local" }, { name: "host" }, { name: "host" })).warnings, []);
  });

  it("is none in another metro, nor with a name that only begins so", async () => {
    assert.deepEqual((await inspectName({ metro: "fra" }, undefined, { name: "host" })).warnings, []);
    for (const name of ["host-1a2b3c4", "hosts", undefined])
      assert.deepEqual((await inspectName({ metro: "local" }, undefined, { name })).warnings, []);
  });

  it("is among what a preview says", async () => {
    const context = { ...contextWithResponses({}), metro: "local" };
    const inputs = { name: "host", image: "127.0.0.1:1/none" } as never;
    const { warnings } = (await lifecycle.inspectInputs?.(context, undefined, inputs)) ?? { warnings: [] };
    assert.ok(
      warnings.some((one) => WARNING.test(one)),
      String(warnings),
    );
  });
});
