/** A platform that behaves like today's cloud nodes, and one that does not. */
import assert from "node:assert/strict";
import { TestPlatform } from "../../support/testPlatform";

describe("a platform with the strict API of 2026", () => {
  let platform: TestPlatform;
  before(async () => {
    platform = await TestPlatform.open();
    await platform.start({ strict2026: true });
  });
  after(() => platform.close());

  const assertRejected = async (method: string, target: string, body: unknown, status: number, message: RegExp) => {
    const answer = await platform.api(method, target, body);
    assert.equal(answer.httpStatus, status, `${method} ${target}`);
    assert.match(answer.message ?? "", message);
  };

  it("accepts an image as text only", async () => {
    const message = /^'image' in instance creation arguments has type 'object', but expected 'string'$/;
    await assertRejected("POST", "/v1/instances", { image: { url: "app:1" } }, 400, message);
    await assertRejected("POST", "/v1/instances", [{ image: "app:1" }, { image: { url: "app:1" } }], 400, message);
    assert.deepEqual((await platform.api("GET", "/v1/instances")).items, []);
    assert.equal((await platform.requestItem("POST", "/v1/instances", { image: "app:1" }))["status"], "success");
  });

  it("does not know the extensions of this platform", async () => {
    const rotation = { image: "app:1", rotation: "in" };
    await assertRejected("POST", "/v1/instances", rotation, 400, /^Unknown member 'rotation'/);
    const { uuid } = await platform.requestItem("POST", "/v1/instances", { image: "app:1" });
    const change = [{ uuid, prop: "rotation", op: "set", value: "in" }];
    await assertRejected("PATCH", "/v1/instances", change, 400, /prop/);
    assert.doesNotMatch(JSON.stringify((await platform.api("GET", "/v1/healthz")).envelope), /features/);
    await platform.api("DELETE", "/v1/instances", [{ uuid }]);
  });

  it("rejects options of a delete and leaves their objects alone", async () => {
    const { uuid } = await platform.requestItem("POST", "/v1/instances", { name: "kept", image: "app:1" });
    await assertRejected("DELETE", "/v1/instances", [{ uuid, timeout_s: -1 }], 400, /^Unknown member 'timeout_s'$/);
    await assertRejected(
      "DELETE",
      "/v1/instances",
      [{ uuid, dont_retain: true }],
      400,
      /^Unknown member 'dont_retain'$/,
    );
    await assertRejected("DELETE", `/v1/instances/${uuid}`, { timeout_s: -1 }, 400, /^Unknown member 'timeout_s'$/);
    assert.equal((await platform.instance(uuid))["status"], "success");
    assert.equal((await platform.requestItem("DELETE", "/v1/instances", [{ uuid }]))["status"], "success");
  });

  it("does not know the extensions of the local platform", async () => {
    const stop = [{ name: "a", drain_timeout_ms: 1, half_closed_timeout_ms: 1 }];
    await assertRejected("PUT", "/v1/instances/stop", stop, 400, /^Unknown member 'half_closed_timeout_ms'$/);
  });

  it("changes certificates by PATCH and not by PUT", async () => {
    const body = [{ name: "nobody", chain: "c", pkey: "k" }];
    await assertRejected("PUT", "/v1/certificates", body, 405, /^Method PUT is not allowed/);
    const { httpStatus, items } = await platform.api("PATCH", "/v1/certificates", body);
    assert.deepEqual([httpStatus, items[0]?.["error"]], [200, 8]);
  });

  it("changes nothing of a running instance", async () => {
    const { uuid } = await platform.createRunning({ name: "running" });
    const grown = [{ uuid, prop: "memory_mb", op: "set", value: 256 }];
    assert.equal((await platform.requestItem("PATCH", "/v1/instances", grown))["error"], 11);
    assert.equal("updates" in (await platform.instance(uuid)), false);
    await platform.api("PUT", "/v1/instances/stop", [{ uuid, force: true }]);
    await platform.waitForItem(uuid, (item) => item["state"] === "stopped");
    assert.equal((await platform.requestItem("PATCH", "/v1/instances", grown))["status"], "success");
    assert.equal((await platform.instance(uuid))["memory_mb"], 256);
  });
});

describe("a platform with the newest API", () => {
  it("accepts everything that the strict one rejects", async () => {
    const platform = await TestPlatform.open();
    await platform.start();
    const { uuid } = await platform.requestItem("POST", "/v1/instances", { image: { url: "app:1" } });
    assert.equal(
      (await platform.requestItem("DELETE", "/v1/instances", [{ uuid, timeout_s: -1 }]))["status"],
      "success",
    );
    for (const method of ["PUT", "PATCH"]) {
      const { httpStatus } = await platform.api(method, "/v1/certificates", [{ name: "n", chain: "c", pkey: "k" }]);
      assert.equal(httpStatus, 200);
    }
    await platform.close();
  });
});
