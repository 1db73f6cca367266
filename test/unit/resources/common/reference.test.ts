import assert from "node:assert/strict";
import { isUuid, reference } from "../../../../provider/resources/common/fields";
import { isMeant } from "../../../../provider/resources/common/reference";

const uuid = "0bd1e1f2-7a3c-4f5d-9e8b-0123456789ab";

describe("a uuid or name that a program gives", () => {
  it("is told apart, and a uuid in capitals is sent as the API writes it", () => {
    assert.deepEqual([isUuid(uuid), isUuid(uuid.toUpperCase()), isUuid("data")], [true, true, false]);
    assert.deepEqual(reference(uuid.toUpperCase()), { uuid });
    assert.deepEqual(reference("Data"), { name: "Data" });
  });

  it("means the object that has it", () => {
    for (const given of [uuid, uuid.toUpperCase(), "data"]) assert.equal(isMeant(given, { uuid, name: "data" }), true);
    for (const given of ["DATA", "other", ""]) assert.equal(isMeant(given, { uuid, name: "data" }), false);
    assert.equal(isMeant("data", {}), false);
  });
});
