import assert from "node:assert/strict";
import { isUuid, toReference } from "../../../../provider/resources/common/fields";
import { matchesReference } from "../../../../provider/resources/common/reference";

const uuid = "0bd1e1f2-7a3c-4f5d-9e8b-0123456789ab";

describe("a reference by uuid or name", () => {
  it("is recognised, and a uuid in capitals is sent in lower case", () => {
    assert.deepEqual([isUuid(uuid), isUuid(uuid.toUpperCase()), isUuid("data")], [true, true, false]);
    assert.deepEqual(toReference(uuid.toUpperCase()), { uuid });
    assert.deepEqual(toReference("Data"), { name: "Data" });
  });

  it("refers to the object that has it", () => {
    for (const reference of [uuid, uuid.toUpperCase(), "data"])
      assert.equal(matchesReference(reference, { uuid, name: "data" }), true);
    for (const reference of ["DATA", "other", ""])
      assert.equal(matchesReference(reference, { uuid, name: "data" }), false);
    assert.equal(matchesReference("data", {}), false);
  });
});
