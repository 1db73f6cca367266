/** A daemon with a database that cannot be written for a while: it continues and leaves nothing incomplete. */
import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as net from "node:net";
import { mock } from "node:test";
import { systemClock } from "../../../provider/base/clock";
import { ITEM_CODES } from "../../../provider/contract/codes";
import { makeDisk, waitUntilUnused } from "../../../provider/platform/volumes/disk";
import { type FailingWrites, failWrites, fillDisk } from "../../support/failingWrites";
import { freePort } from "../../support/freePorts";
import { TestPlatform } from "../../support/testPlatform";

describe("a database that cannot be written", () => {
  let platform: TestPlatform;
  let failing: FailingWrites | undefined;
  beforeEach(async () => {
    platform = await TestPlatform.open();
    await platform.start();
  });
  afterEach(async () => {
    failing?.restore();
    await platform.close();
  });

  const volume = (uuid: string) => platform.requestItem("GET", `/v1/volumes?uuid=${uuid}`);
  async function untilVolume(uuid: string, state: string): Promise<void> {
    while ((await volume(uuid))["state"] !== state) await new Promise((resolve) => setTimeout(resolve, 2));
  }

  const instance = (name: string, more: Record<string, unknown> = {}) =>
    platform.requestItem("POST", "/v1/instances", { image: "app:1", name, ...more });
  const named = (name: string) => platform.requestItem("GET", `/v1/instances?name=${name}`);
  const untilTried = async (): Promise<void> => {
    while (failing?.attempts() === 0) await new Promise((resolve) => setTimeout(resolve, 2));
  };
  /** A service group with a guest that echoes what it receives. */
  async function echoing(name: string, more: Record<string, unknown>): Promise<{ uuid: string; port: number }> {
    const port = await freePort();
    platform.guests.set(name, { serve: (socket) => void socket.on("data", (chunk) => socket.write(chunk)) });
    const { uuid } = await platform.createRunning({ name, service_group: { services: [{ port }] }, ...more });
    return { uuid, port };
  }

  it("leaves an instance that cannot be removed stopped, and removes it later", async () => {
    await platform.createRunning({ name: "web" });
    const used = async () => (await platform.requestItem("GET", "/v1/users/quotas"))["used"] as Record<string, number>;
    failing = failWrites("DELETE FROM instances");
    assert.equal((await platform.requestItem("DELETE", "/v1/instances", [{ name: "web" }]))["status"], "error");
    assert.equal((await named("web"))["state"], "stopped");
    assert.deepEqual([(await used())["instances"], (await used())["live_instances"]], [1, 0]);
    failing.restore();
    while ((await named("web"))["error"] !== 8) await new Promise((resolve) => setTimeout(resolve, 20));
  });

  it("removes an instance even if its inline resources cannot be removed yet", async () => {
    const port = await freePort();
    const volumes = [{ at: "/data", size_mb: 8 }];
    await instance("web", { volumes, service_group: { services: [{ port }] } });
    failing = failWrites("DELETE FROM services");
    assert.equal((await platform.requestItem("DELETE", "/v1/instances", [{ name: "web" }]))["status"], "success");
    assert.ok(failing.attempts() > 0);
    assert.equal((await named("web"))["error"], 8);
    assert.deepEqual((await platform.api("GET", "/v1/volumes")).items, []);
    failing.restore();
    platform.daemon.simulateKill();
    await platform.start();
    assert.deepEqual((await platform.api("GET", "/v1/services")).items, []);
  });

  it("delays the conversion to a template", async () => {
    const { uuid } = await platform.createRunning({ name: "golden" });
    failing = failWrites("UPDATE instances SET service_uuid");
    await platform.api("POST", "/v1/instances/templates", [{ name: "golden" }]);
    await untilTried();
    assert.equal((await platform.instance(uuid))["state"], "stopped");
    failing.restore();
    await platform.waitForItem(uuid, ({ state }) => state === "template");
  });

  it("leaves nothing of a template that cannot be prepared", async () => {
    const template = { name: "golden", prepare: true, create_args: { image: "app:1" } };
    failing = failWrites("UPDATE instances SET definition");
    assert.equal((await instance("one", { image: undefined, template }))["status"], "error");
    failing.restore();
    assert.equal((await instance("one", { image: undefined, template }))["status"], "success");
  });

  it("delays the suspension of a drained instance", async () => {
    const { uuid, port } = await echoing("raw", {});
    const socket = net.connect(port, "127.0.0.1").on("error", () => undefined);
    socket.write("hello");
    await new Promise((resolve) => socket.once("data", resolve));
    socket.write("still busy");
    await platform.requestItem("PUT", "/v1/instances/suspend", [{ name: "raw", drain_timeout_ms: 60_000 }]);
    failing = failWrites("UPDATE instances SET status");
    socket.destroy();
    await untilTried();
    failing.restore();
    await platform.waitForItem(uuid, ({ state, snapshot }) => state === "stopped" && snapshot !== undefined);
  });

  it("delays the standby of an idle instance", async () => {
    const scale_to_zero = { policy: "on", stateful: false, cooldown_time_ms: 200 };
    const { uuid } = await echoing("web", { scale_to_zero });
    failing = failWrites("UPDATE instances SET status");
    await untilTried();
    assert.equal((await platform.instance(uuid))["state"], "running");
    failing.restore();
    await platform.waitForItem(uuid, ({ state }) => state === "standby");
  });

  it("allows new instances in a service group that cannot be written", async () => {
    const autokill = { time_ms: 60_000 };
    const group = await platform.requestItem("POST", "/v1/services", {
      services: [{ port: await freePort() }],
      autokill,
    });
    failing = failWrites("INSERT INTO services");
    const made = await instance("web", { service_group: { uuid: group.uuid } });
    assert.equal(made["status"], "success");
    failing.restore();
    platform.daemon.simulateKill();
    await platform.start({ clock: { ...systemClock, now: () => Date.now() + 120_000 } });
    await new Promise((resolve) => setTimeout(resolve, 50));
    const [service] = (await platform.api("GET", "/v1/services")).items;
    assert.deepEqual(service?.["instances"], [{ uuid: made.uuid, name: "web" }]);
  });

  it("turns a clone into an error, which can be deleted", async () => {
    const source = await platform.requestItem("POST", "/v1/volumes", { size_mb: 8 });
    failing = failWrites("INSERT INTO volumes", { passing: 1 });
    const clone = await platform.requestItem("POST", "/v1/volumes/clone", [{ uuid: source.uuid }]);
    await untilVolume(clone.uuid, "error");
    assert.equal((await platform.requestItem("DELETE", "/v1/volumes", [{ uuid: clone.uuid }]))["status"], "success");
  });

  it("creates no volume if the response is an error", async () => {
    failing = failWrites("INSERT INTO volumes", { passing: 1 });
    assert.equal((await platform.requestItem("POST", "/v1/volumes", { size_mb: 8 }))["status"], "error");
    assert.deepEqual((await platform.api("GET", "/v1/volumes")).items, []);
    assert.deepEqual(fs.readdirSync(platform.paths.volumesDir), []);
  });

  it("leaves a volume that can be neither created nor removed in state error, which can be deleted", async () => {
    failing = failWrites("INSERT INTO volumes", { passing: 1 });
    const removals = failWrites("DELETE FROM volumes");
    assert.equal((await platform.requestItem("POST", "/v1/volumes", { name: "v", size_mb: 8 }))["status"], "error");
    removals.restore();
    assert.equal((await platform.requestItem("GET", "/v1/volumes?name=v"))["state"], "error");
    assert.equal((await platform.requestItem("DELETE", "/v1/volumes", [{ name: "v" }]))["status"], "success");
  });

  it("leaves a grown volume usable", async () => {
    const { uuid } = await platform.requestItem("POST", "/v1/volumes", { size_mb: 8 });
    failing = failWrites("INSERT INTO volumes", { passing: 1 });
    await platform.api("PATCH", "/v1/volumes", [{ uuid, prop: "size_mb", op: "set", value: 16 }]);
    assert.deepEqual([(await volume(uuid))["state"], (await volume(uuid))["size_mb"]], ["available", 16]);
    failing.restore();
    platform.daemon.simulateKill();
    await platform.start();
    await untilVolume(uuid, "available");
  });

  it("says that the disk is full, and goes on when it no longer is", async () => {
    const disk = await fillDisk(() => instance("first"));
    const env = { BIG: "x".repeat(100_000) };
    const refused = await instance("second", { env });
    assert.deepEqual([refused["status"], refused["error"]], ["error", ITEM_CODES.FailedOperation]);
    assert.equal(
      refused.message,
      "The disk that holds the state of the local platform is full. Free some space, or point UNIKERNEL_STATE_DIR at a larger disk.",
    );
    assert.equal((await named("second"))["error"], ITEM_CODES.NotFound);
    const tooBig = { name: "first", prop: "env", op: "set", value: env };
    const kept = await platform.requestItem("PATCH", "/v1/instances", [tooBig]);
    assert.match(kept.message, /is full/);
    assert.deepEqual((await named("first"))["env"], {});
    disk.free();
    assert.equal((await instance("second", { env }))["status"], "success");
  });

  it("leaves a volume usable after a kill interrupts its growth", async () => {
    const { uuid } = await platform.requestItem("POST", "/v1/volumes", { size_mb: 8 });
    failing = failWrites("INSERT INTO volumes", { passing: 1 });
    const grown = platform.api("PATCH", "/v1/volumes", [{ uuid, prop: "size_mb", op: "set", value: 16 }]);
    await grown; // only the growth is saved
    platform.daemon.simulateKill();
    await platform.start();
    await untilVolume(uuid, "available");
  });
});

describe("a disk", () => {
  it("is awaited even if processes cannot be listed", async () => {
    const platform = await TestPlatform.open();
    const disk = `${platform.folder}/disk.ext4`;
    await makeDisk(disk, 8);
    const { readdir } = fs.promises;
    let looks = 0;
    const listing = mock.method(fs.promises, "readdir", (...args: Parameters<typeof readdir>) =>
      ++looks === 1 ? Promise.reject(new Error("EMFILE: too many open files")) : readdir(...args),
    );
    await waitUntilUnused(disk);
    listing.mock.restore();
    assert.ok(looks > 1);
    await platform.close();
  });
});
