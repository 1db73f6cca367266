import assert from "node:assert/strict";
import { functionOf } from "../../../provider/functions/all";
import { callFunction } from "../../../provider/functions/function";
import { contextWithResponses } from "../../support/resourceContext";

/** A certificate as reported by newer and older nodes. */
const newer = { status: "success", uuid: "c1", name: "shop", common_name: "Shop.example.com" };
const older = { status: "success", uuid: "c2", name: "www", cn: "www.example.com." };
const context = () => contextWithResponses({ getCertificates: () => [newer, older] });

describe("the functions for certificates", () => {
  it("accept either field that nodes use for the domain", async () => {
    const { certificates } = await callFunction(functionOf("getCertificates"), context(), {});
    assert.deepEqual(
      (certificates as { commonName?: string }[]).map(({ commonName }) => commonName),
      ["Shop.example.com", "www.example.com"],
    );
    const one = contextWithResponses({ getCertificates: () => older });
    const { commonName } = await callFunction(functionOf("getCertificate"), one, { name: "www" });
    assert.equal(commonName, "www.example.com");
  });

  for (const [commonName, names] of [
    ["shop.example.com", ["shop"]],
    ["WWW.example.com.", ["www"]],
    ["example.com", []],
  ] as const) {
    it(`find certificates for ${commonName} regardless of case and trailing dot`, async () => {
      const found = await callFunction(functionOf("getCertificates"), context(), { commonName });
      assert.deepEqual(
        (found["certificates"] as { name: string }[]).map(({ name }) => name),
        names,
      );
    });
  }
});
