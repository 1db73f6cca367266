/** An Instance on the local platform through the dynamic provider process: an update does what its preview says. */
import assert from "node:assert/strict";
import { PENDING_START_KEY } from "../../../provider/definition/initFailed";
import { DEFAULT_QUOTAS } from "../../../provider/platform/quota/quotaSettings";
import { type CallError, DynamicProcess } from "../../support/dynamicProcess";
import { freePort } from "../../support/freePorts";
import { eventually } from "../../support/localPlatform";
import { TestPlatform } from "../../support/testPlatform";

type Json = Record<string, unknown>;

describe("an instance on the local platform", () => {
  let platform: TestPlatform;
  let process: DynamicProcess;
  before(async () => {
    platform = await TestPlatform.open();
    const { hard, limits } = DEFAULT_QUOTAS;
    await platform.start({
      quotas: { hard: { ...hard, live_memory_mb: 4096 }, limits: { ...limits, max_memory_mb: 2048 } },
    });
    process = await DynamicProcess.start("Instance", {
      "unikernel:metro": platform.daemon.url,
      "unikernel:token": platform.daemon.token,
    });
  });
  after(async () => {
    await process.stop();
    await platform.close();
  });

  const checked = async (name: string, given: object, olds: Json = {}): Promise<Json> => {
    const { inputs, failures } = await process.check(olds, { __resourceName: name, ...given });
    assert.deepEqual(failures, []);
    return inputs;
  };
  const made = async (name: string, given: object) => {
    const inputs = await checked(name, given);
    return { inputs, ...(await process.create(inputs)) };
  };
  /** The differences found by a refresh and by the preview after it. */
  const drift = async (id: string, outs: Json, inputs: Json) => {
    const read = await process.read(id, outs);
    const found = await process.diff(id, read.props, inputs);
    return { read, found };
  };
  const NONE = { changes: false, replaces: [], deleteBeforeReplace: false };

  it("has every requested field and shows no drift", async () => {
    const port = await freePort();
    const full = {
      image: "app:1",
      args: ["/serve", "--all"],
      env: { KEY: "value" },
      memoryMb: 256,
      serviceGroup: { ports: [{ port }], softLimit: 5 },
      scaleToZero: { policy: "on", cooldownTimeMs: 60_000 },
      restartPolicy: "on-failure",
      ephemeralVolumes: [{ at: "/scratch", sizeMb: 8 }],
      roms: [{ name: "conf", files: [{ path: "a.conf", data: "a" }], at: "/conf" }],
      tags: ["one", "two"],
      annotations: { "acme.com/owner": "me" },
      hostname: "www",
      schedules: [{ name: "night", when: "*-*-* 03:00:00", action: "stop" }],
      autokill: { timeMs: 3_600_000 },
      deleteLock: true,
    };
    const { id, outs, inputs } = await made("full", full);
    const item = await platform.instance(id);
    assert.deepEqual(
      [item["memory_mb"], item["restart_policy"], item["tags"], item["delete_lock"], item["args"]],
      [256, "on-failure", ["one", "two"], true, ["/serve", "--all"]],
    );
    assert.match(String(outs["url"]), new RegExp(`:${port}$`));
    assert.equal(outs["startCount"], 1);
    assert.match(String(outs["digest"]), /^sha256:/);
    assert.deepEqual((await drift(id, outs, inputs)).found, NONE);

    const refused = await process.deleteLater(id, outs).then(
      () => assert.fail("it was deleted"),
      (error: CallError) => error.message,
    );
    assert.match(refused, /^NOT_ALLOWED: deleteLock: .*Set deleteLock to false, run 'pulumi up', then delete it.$/);
    assert.equal((await platform.instance(id))["state"], "running", "it was not even stopped");
    const open = await checked("full", { ...full, deleteLock: false }, inputs);
    await process.deleteLater(id, await process.update(id, outs, open));
    assert.equal((await platform.instance(id))["error"], 8);
  });

  it("is updated as the preview says and then matches its inputs", async () => {
    const [first, second] = await Promise.all(
      ["first", "second"].map((name) => platform.requestItem("POST", "/v1/volumes", { name, size_mb: 8 })),
    );
    const image = "app:1";
    const { id, outs, inputs } = await made("web", { image, volumes: [{ volume: first?.uuid, at: "/data" }] });
    const news = await checked(
      "web",
      { image, volumes: [{ volume: second?.uuid, at: "/data" }], memoryMb: 256, env: { TOKEN: "s3cret" } },
      inputs,
    );
    process.printed.length = 0;
    assert.deepEqual(await process.diff(id, outs, news), { ...NONE, changes: true });
    await process.diff(id, outs, news);
    await eventually("it is printed", () => process.printed.length > 0);
    assert.deepEqual(process.printed, [
      `Instance 'web': the update will stop it, detach volume '${first?.uuid ?? ""}' from /data, change env and memoryMb in place, attach volume '${second?.uuid ?? ""}' at /data, then start it.`,
    ]);
    const updated = await process.update(id, outs, news);
    const item = await platform.instance(id);
    assert.deepEqual([item["memory_mb"], item["env"], item["state"]], [256, { TOKEN: "s3cret" }, "running"]);
    assert.deepEqual(
      (item["volumes"] as { name: string }[]).map(({ name }) => name),
      ["second"],
    );
    assert.deepEqual([updated["privateFqdn"], updated["startCount"]], [outs["privateFqdn"], 2]);
    assert.deepEqual((await drift(id, updated, news)).found, NONE);
    await process.deleteLater(id, updated);
  });

  it("shows manual changes and no drift from its own state changes", async () => {
    const { id, outs, inputs } = await made("drifting", { image: "app:1", tags: ["mine"] });
    await platform.api("PUT", "/v1/instances/stop", [{ uuid: id }]);
    await platform.waitForItem(id, (item) => item["state"] === "stopped");
    const stopped = await drift(id, outs, inputs);
    assert.deepEqual(stopped.found, NONE, "state, counters and times are no drift");
    assert.deepEqual(
      [stopped.read.props["state"], stopped.read.props["stopReason"]],
      ["stopped", "it was stopped through the API"],
    );
    await platform.api("PATCH", "/v1/instances", [
      { uuid: id, prop: "tags", op: "set", value: ["theirs"] },
      { uuid: id, prop: "memory_mb", op: "set", value: 192 },
    ]);
    process.printed.length = 0;
    const changed = await drift(id, stopped.read.props, inputs);
    assert.deepEqual([changed.found.changes, changed.read.inputs["memoryMb"]], [true, 192]);
    assert.deepEqual(process.printed, [], "a refresh plans nothing");
    await process.diff(id, changed.read.props, inputs);
    await eventually("it is printed", () => process.printed.length > 0);
    assert.deepEqual(process.printed, [
      "Instance 'drifting': the update will change memoryMb and tags in place, restarting it if it runs by then.",
    ]);
    const updated = await process.update(id, changed.read.props, inputs);
    assert.equal(updated["state"], "stopped", "its power is its users' business");
    await process.deleteLater(id, updated);
  });

  it("is started by the next update after a failed one left it stopped, also after a refresh", async () => {
    const { id, outs, inputs } = await made("owing", { image: "app:1" });
    const { name } = await platform.instance(id);
    const news = await checked("owing", { image: "app:1", memoryMb: 256 }, inputs);
    platform.guests.set(name, { exits: { afterMs: 0, exit: { kind: "exited", exitCode: 1 } } });
    const failure = await process.update(id, outs, news).then(
      () => assert.fail("it was updated"),
      (error: CallError) => error,
    );
    assert.match(failure.message, /GUEST_STOPPED/);
    const failed = failure.partial?.properties ?? {};
    await platform.waitForItem(id, (item) => item["state"] === "stopped");
    platform.guests.delete(name);

    const { read, found } = await drift(id, failed, news);
    assert.deepEqual(found, NONE, "a refresh finds no drift");
    process.printed.length = 0;
    assert.deepEqual(await process.diff(id, read.props, news), { ...NONE, changes: true });
    await eventually("it is printed", () => process.printed.length > 0);
    assert.deepEqual(process.printed, ["Instance 'owing': the update will start it."]);
    const started = await process.update(id, read.props, news);
    assert.equal((await platform.instance(id))["state"], "running");
    assert.deepEqual(await process.diff(id, started, news), NONE);

    // Someone else starts it: no start is pending any more.
    assert.equal(read.props[PENDING_START_KEY], true);
    const seen = await drift(id, read.props, news);
    assert.deepEqual(await process.diff(id, seen.read.props, news), NONE);
    await process.deleteLater(id, started);
  });

  it("is adopted by name, and is read by name or id without state", async () => {
    const there = await platform.createRunning({ name: "there", memory_mb: 192, tags: ["a", "b"] });
    const given = { name: "there", image: "app:1", memoryMb: 192, tags: ["b", "a"], adopt: true };
    const { id, outs, inputs } = await made("mine", given);
    assert.equal(id, there.uuid);
    assert.equal((await platform.instance(id))["start_count"], 1, "it was left alone");
    assert.deepEqual((await drift(id, outs, inputs)).found, NONE);
    for (const named of ["there", id]) {
      const found = await process.read(named, { __resourceName: "found" });
      assert.equal(found.id, id);
      assert.deepEqual([found.inputs["memoryMb"], found.inputs["name"]], [192, "there"]);
      const again = await process.check({}, { ...found.inputs, __resourceName: "found" });
      assert.deepEqual(again.failures, []);
      assert.deepEqual((await drift(id, found.props, again.inputs)).found, NONE, "an import leaves an empty preview");
    }
    await process.deleteLater(id, outs);
  });

  it("is rejected at preview if the plan as a whole exceeds the account's quotas", async () => {
    const fresh = await DynamicProcess.start("Instance", {
      "unikernel:metro": platform.daemon.url,
      "unikernel:token": platform.daemon.token,
    });
    try {
      const check = async (name: string, memoryMb: number) =>
        (await fresh.check({}, { __resourceName: name, image: "app:1", memoryMb })).failures.map(
          ({ reason }) => reason,
        );
      assert.deepEqual(await check("a", 2048), []);
      const [tooMuch] = await check("b", 2047);
      assert.equal(tooMuch, undefined);
      assert.match(
        (await check("c", 16))[0] ?? "",
        /^QUOTA_EXCEEDED: memoryMb: the plan needs 4111 MiB more of live_memory_mb; 0 of 4096 MiB are used\./,
      );
      assert.match(
        (await check("d", 3000))[0] ?? "",
        /^QUOTA_EXCEEDED: memoryMb: must be 16 to 2048 MiB in this account, got 3000\./,
      );
    } finally {
      await fresh.stop();
    }
  });
});
