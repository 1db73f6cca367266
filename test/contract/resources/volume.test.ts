/** Volume resources on the local platform. */
import assert from "node:assert/strict";
import { UnikernelError } from "../../../provider/base/errors";
import { ResourceInitFailedError } from "../../../provider/definition/initFailed";
import { ResourceDriver } from "../../support/resourceDriver";
import { TestPlatform } from "../../support/testPlatform";

const failing = async (promise: Promise<unknown>): Promise<UnikernelError> => {
  const error: unknown = await promise.then(
    () => assert.fail("it resolved"),
    (e: unknown) => e,
  );
  const cause = error instanceof ResourceInitFailedError ? error.cause : error;
  assert.ok(UnikernelError.is(cause), String(error));
  return cause;
};

describe("a volume on the local platform", () => {
  let platform: TestPlatform;
  let volumes: ResourceDriver;
  before(async () => {
    platform = await TestPlatform.open();
    await platform.start();
    volumes = new ResourceDriver(platform, "Volume");
  });
  after(() => platform.close());

  const told = (uuid: string) => platform.requestItem("GET", `/v1/volumes?uuid=${uuid}`);
  const full = { sizeMb: 16, accessMode: "rox", quotaPolicy: "dynamic", tags: ["a", "b"], deleteLock: true };

  it("matches its inputs without drift, and is read completely by name", async () => {
    const held = await volumes.create({ name: "whole", ...full });
    const item = await told(held.id);
    assert.deepEqual(
      [item["size_mb"], item["access_mode"], item["quota_policy"], item["tags"], item["delete_lock"]],
      [16, "rox", "dynamic", ["a", "b"], true],
    );
    assert.deepEqual(await volumes.drift(held), []);
    const found = await volumes.read("whole");
    assert.equal(found?.id, held.id);
    assert.deepEqual(volumes.changes({ ...found?.inputs, ...found?.outputs }, held.inputs), []);
    const plain = await volumes.create({ name: "plain", sizeMb: 16 });
    assert.deepEqual(await volumes.drift(plain), []);
  });

  it("is updated in place and shows manual changes", async () => {
    const held = await volumes.create({ name: "changing", ...full });
    const news = { name: "changing", sizeMb: 32, accessMode: "rox", quotaPolicy: "static", tags: ["c"] };
    const after = await volumes.update(held, news);
    const item = await told(held.id);
    assert.deepEqual(
      [item["size_mb"], item["quota_policy"], item["tags"], item["delete_lock"]],
      [32, "static", ["c"], false],
    );
    assert.deepEqual(await volumes.drift(after), []);
    await platform.requestItem("PATCH", "/v1/volumes", [{ uuid: held.id, prop: "tags", op: "set", value: ["x"] }]);
    await platform.requestItem("PATCH", "/v1/volumes", [{ uuid: held.id, prop: "size_mb", op: "set", value: 64 }]);
    assert.deepEqual(await volumes.drift(after), ["sizeMb", "tags"]);
    await platform.requestItem("DELETE", "/v1/volumes", [{ uuid: held.id }]);
    assert.equal(await volumes.drift(after), undefined);
  });

  it("is copied from a volume or created from a template, and grows to the requested size", async () => {
    const original = await volumes.create({ name: "original", sizeMb: 16 });
    const copy = await volumes.create({ name: "copy", cloneFrom: original.id, sizeMb: 32, tags: ["copy"] });
    assert.deepEqual([(await told(copy.id))["size_mb"], await volumes.drift(copy)], [32, []]);
    await platform.requestItem("POST", "/v1/volumes/templates", [{ uuid: original.id }]);
    const made = await volumes.create({ name: "made", template: "original" });
    assert.deepEqual([made.state["sizeMb"], await volumes.drift(made)], [16, []]);
    const error = await failing(volumes.create({ name: "none", cloneFrom: "nowhere", sizeMb: 16 }));
    assert.deepEqual([error.code, error.property], ["NOT_FOUND", "cloneFrom"]);
  });

  it("is not deleted while locked, and is deleted once unlocked", async () => {
    const held = await volumes.create({ name: "locked", sizeMb: 16, deleteLock: true });
    const error = await failing(volumes.delete(held));
    assert.deepEqual([error.code, error.property], ["NOT_ALLOWED", "deleteLock"]);
    assert.match(error.hint ?? "", /set deleteLock to false/);
    await volumes.delete(await volumes.update(held, { name: "locked", sizeMb: 16 }));
    assert.equal((await told(held.id))["error"], 8);
  });

  it("names the instance that prevents growth or deletion, and is usable when that is deleted", async () => {
    const held = await volumes.create({ name: "used", sizeMb: 16 });
    const user = await platform.createRunning({ name: "user", volumes: [{ uuid: held.id, at: "/data" }] });
    const growing = await failing(volumes.update(held, { name: "used", sizeMb: 32 }));
    assert.deepEqual([growing.code, growing.property], ["IN_USE", "sizeMb"]);
    assert.match(
      growing.hint ?? "",
      /^Remove it from the volumes of instance 'user' and run 'pulumi up'; then make this change, and mount it again\.$/,
    );
    const going = await failing(volumes.delete(held));
    assert.match(going.hint ?? "", /^Detach it from instance 'user' first/);
    await platform.requestItem("PUT", "/v1/instances/stop", [{ uuid: user.uuid }]);
    await platform.waitForItem(user.uuid, ({ state }) => state === "stopped");
    const grown = await volumes.update(held, { name: "used", sizeMb: 32 });
    assert.equal(grown.state["sizeMb"], 32);
    await platform.requestItem("DELETE", "/v1/instances", [{ uuid: user.uuid }]);
    await volumes.delete(grown);
    assert.equal((await told(held.id))["error"], 8);
  });
});
