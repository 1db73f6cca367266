import assert from "node:assert/strict";
import { UnikernelError, formatError } from "../../../provider/base/errors";
import { deleteInstances } from "../../../provider/rollout/instances";
import { contextWithResponses } from "../../support/resourceContext";

const gone = { status: "error", error: 8, message: "No instance" };
const locked = { status: "error", error: 14, message: "Deletion protection enabled" };
const deleted = (uuid: string) => ({ status: "success", uuid, name: `name of ${uuid}` });

/** What deleting these instances ends with when each is answered with its item. */
async function removed(items: readonly object[], ...uuids: readonly string[]): Promise<unknown> {
  const { client } = contextWithResponses({ deleteInstances: () => items });
  return deleteInstances(client, uuids).then(
    () => "done",
    (error: unknown) => error,
  );
}

describe("instances that are deleted", () => {
  it("are fine when they are gone already", async () => {
    assert.equal(await removed([gone], "a"), "done");
    assert.equal(await removed([deleted("a"), gone], "a", "b"), "done");
  });

  it("are not asked about when there are none", async () => {
    assert.equal(await removed([]), "done");
  });

  it("are all named when some refuse, with those that are gone", async () => {
    const error = await removed([locked, deleted("b"), gone, locked], "a", "b", "c", "d");
    assert.ok(UnikernelError.has(error, "NOT_ALLOWED"), String(error));
    assert.match(
      formatError(error),
      /Deleting 4 instances: 2 of 4 failed\. 'a' failed: .*'d' failed: Deletion protection/,
    );
    assert.deepEqual(
      (error.details["succeeded"] as { uuid: string }[]).map(({ uuid }) => uuid),
      ["b", "c"],
    );
  });

  it("have their own sentence when there is one", async () => {
    const error = await removed([locked], "a");
    assert.match(formatError(error), /^NOT_ALLOWED: Deleting instance 'a' failed: Deletion protection enabled\./);
  });
});
