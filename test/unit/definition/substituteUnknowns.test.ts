import assert from "node:assert/strict";
import * as z from "zod";
import { isPlannable, substituteUnknowns } from "../../../provider/definition/substituteUnknowns";
import { UNKNOWN } from "../../../provider/definition/unknowns";

describe("an unknown part of a value that is a text or an object", () => {
  const schema = z.strictObject({
    login: z.union([z.string(), z.strictObject({ user: z.string(), password: z.string(), port: z.int() })]).optional(),
  });
  const before = { login: { user: "ann", password: "old", port: 1 } };

  it("lets an update be planned as far as it is a text", () => {
    assert.equal(isPlannable(schema, { login: UNKNOWN }), true);
    assert.equal(isPlannable(schema, { login: { ...before.login, password: UNKNOWN } }), true);
    assert.equal(isPlannable(schema, { login: { ...before.login, port: UNKNOWN } }), false);
  });

  it("has its old value, or stays unknown", () => {
    for (const login of [UNKNOWN, { ...before.login, password: UNKNOWN }]) {
      assert.deepEqual(substituteUnknowns(schema, before, { login }, "unchanged"), before);
      assert.deepEqual(substituteUnknowns(schema, before, { login }, "changed"), { login });
    }
    assert.deepEqual(
      substituteUnknowns(schema, before, { login: { ...before.login, port: UNKNOWN } }, "changed"),
      before,
    );
  });
});
