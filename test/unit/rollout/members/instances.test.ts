import assert from "node:assert/strict";
import { UnikernelError, formatError } from "../../../../provider/base/errors";
import { deleteInstances } from "../../../../provider/rollout/members/instances";
import { contextWithResponses } from "../../../support/resourceContext";

const notFound = { status: "error", error: 8, message: "No instance" };
const locked = { status: "error", error: 14, message: "Deletion protection enabled" };
const deleted = (uuid: string) => ({ status: "success", uuid, name: `name of ${uuid}` });

/** The result of deleting these instances if each returns its item. */
async function removed(items: readonly object[], ...uuids: readonly string[]): Promise<unknown> {
  const { client } = contextWithResponses({ deleteInstances: () => items });
  return deleteInstances(client, uuids).then(
    () => "done",
    (error: unknown) => error,
  );
}

describe("the deletion of several instances", () => {
  it("accepts instances that are not found", async () => {
    assert.equal(await removed([notFound], "a"), "done");
    assert.equal(await removed([deleted("a"), notFound], "a", "b"), "done");
  });

  it("sends no request for none", async () => {
    assert.equal(await removed([]), "done");
  });

  it("names all instances that could not be deleted, and those that were", async () => {
    const error = await removed([locked, deleted("b"), notFound, locked], "a", "b", "c", "d");
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

  it("uses the caller's message", async () => {
    const error = await removed([locked], "a");
    assert.match(formatError(error), /^NOT_ALLOWED: Deleting instance 'a' failed: Deletion protection enabled\./);
  });
});
