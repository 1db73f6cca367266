/** Autoscale: configurations, policies and their effect on a service group. */
import assert from "node:assert/strict";
import * as http from "node:http";
import * as net from "node:net";
import { UnikernelError } from "../../../provider/base/errors";
import { resolveQuotas } from "../../../provider/platform/quota/quotaSettings";
import { freePort } from "../../support/freePorts";
import { TestClock } from "../../support/testClock";
import { type Item, TestPlatform, webGuest } from "../../support/testPlatform";

describe("autoscale", () => {
  let platform: TestPlatform;
  let port: number;
  let service: string;

  async function open(timings: Parameters<typeof TestPlatform.open>[0] = {}): Promise<void> {
    platform = await TestPlatform.open({ autoscaleIntervalMs: 10, ...timings });
    await platform.start();
    port = await freePort();
    const made = await platform.requestItem("POST", "/v1/services", {
      name: "web",
      services: [{ port, destination_port: 80 }],
    });
    service = made.uuid;
    await platform.requestItem("POST", "/v1/instances", { name: "tpl", image: "app:1" });
    await platform.requestItem("POST", "/v1/instances/templates", [{ name: "tpl" }]);
    await platform.requestItem("POST", "/v1/instances", { name: "plain", image: "app:1" });
  }
  beforeEach(() => open());
  afterEach(() => platform.close());

  const PATH = "/v1/services/autoscale";
  const configure = (body: object = {}) =>
    platform.requestItem("POST", PATH, [{ uuid: service, create_args: { template: { name: "tpl" } }, ...body }]);
  const read = () => platform.requestItem("GET", `${PATH}?uuid=${service}`);
  const unconfigure = () => platform.requestItem("DELETE", PATH, [{ uuid: service }]);
  const members = async (): Promise<Item[]> => {
    const item = await platform.requestItem("GET", `/v1/services?uuid=${service}`);
    return item["instances"] as Item[];
  };
  /** Resolves when the service has this many instances and is stable. */
  const size = async (wanted: number): Promise<Item[]> => {
    for (;;) {
      const now = await members();
      if (now.length === wanted) return now;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  };
  const step = (facts: object = {}) => ({
    name: "busy",
    type: "step",
    metric: "inflight_reqs",
    adjustment_type: "change",
    steps: [{ adjustment: 1, lower_bound: 2 }],
    ...facts,
  });

  it("drains connections even if its cooldown exceeds the longest timer", async () => {
    platform.setDefaultGuest(() => ({ serve: (socket) => void socket.on("data", (chunk) => socket.write(chunk)) }));
    await configure({ min_size: 1, max_size: 1, cooldown_time_ms: 2 ** 31 });
    const [one] = await size(1);
    await platform.waitForItem(String(one?.uuid), (item) => item["net_time_us"] !== 0);
    const socket = net.connect(port, "127.0.0.1").on("error", () => undefined);
    socket.write("hello");
    await new Promise((resolve) => socket.once("data", resolve));
    socket.on("data", () => undefined).write("still busy");
    await unconfigure();
    await new Promise((resolve) => setTimeout(resolve, 30));
    assert.equal((await platform.instance(String(one?.uuid)))["state"], "draining");
    socket.destroy();
    await size(0);
  });

  it("gives up connections that a client has half closed, long before its cooldown", async () => {
    const serve = (socket: net.Socket) => {
      socket.allowHalfOpen = true;
      socket.once("data", (chunk) => socket.write(chunk)).resume();
    };
    platform.setDefaultGuest((name) => ({ ...webGuest(name), serve }));
    await configure({ min_size: 1, max_size: 1, cooldown_time_ms: 3_600_000 });
    const [one] = await size(1);
    await platform.waitForItem(String(one?.uuid), (item) => item["net_time_us"] !== 0);
    const socket = net.connect({ port, host: "127.0.0.1", allowHalfOpen: true }).on("error", () => undefined);
    socket.on("data", () => undefined).write("hello");
    await new Promise((resolve) => socket.once("data", resolve));
    socket.end("the client has the last word");
    await unconfigure();
    const begin = performance.now();
    await size(0);
    const ms = performance.now() - begin;
    assert.ok(ms > 4_000 && ms < 15_000, `${ms} ms`);
    socket.destroy();
  });

  describe("configurations", () => {
    it("do not exist until created, and reading them is no error", async () => {
      const { status, items } = await platform.api("GET", `${PATH}?uuid=${service}`);
      assert.equal(status, "success");
      assert.deepEqual(items, [{ status: "unconfigured", uuid: service, name: "web", enabled: false }]);
      assert.equal((await platform.requestItem("GET", `/v1/services?uuid=${service}`))["autoscale"], false);
      assert.equal((await unconfigure())["error"], 27);
    });

    it("have the API's defaults and return what was set", async () => {
      assert.deepEqual(await configure(), { status: "success", uuid: service, name: "web" });
      const { template, ...plain } = await read();
      assert.deepEqual(plain, {
        status: "success",
        uuid: service,
        name: "web",
        enabled: true,
        min_size: 1,
        max_size: 4,
        warmup_time_ms: 1000,
        cooldown_time_ms: 1000,
        policies: [],
      });
      assert.equal((template as Item).name, "tpl");
      assert.equal((await platform.requestItem("GET", `/v1/services?uuid=${service}`))["autoscale"], true);
    });

    it("are created and read with every request variant", async () => {
      const one = `/v1/services/${service}/autoscale`;
      const template = { name: "tpl" };
      assert.equal((await platform.requestItem("POST", one, { template }))["status"], "success");
      assert.equal((await platform.requestItem("GET", one))["enabled"], true);
      assert.equal((await platform.requestItem("GET", PATH))["enabled"], true);
      assert.equal((await platform.requestItem("GET", PATH, [{ name: "web" }]))["enabled"], true);
      assert.equal((await platform.requestItem("DELETE", one))["status"], "success");
      assert.equal((await platform.requestItem("GET", `${PATH}?name=web`))["enabled"], false);
      assert.equal((await platform.requestItem("POST", PATH, [{ name: "web", template }]))["status"], "success");
    });

    it("exist at most once per service group", async () => {
      await configure();
      assert.equal((await configure())["error"], 26);
    });

    const refused: [what: string, body: object, code: number][] = [
      ["no template", { create_args: {} }, 7],
      ["two templates", { template: { name: "tpl" } }, 17],
      ["an unknown template", { create_args: { template: { name: "nobody" } } }, 8],
      ["an instance that is no template", { create_args: { template: { name: "plain" } } }, 24],
      ["ROMs in place of a template", { create_args: { roms: { name: "r", image: "app:1" } } }, 1],
      ["a size above the quota", { max_size: 17 }, 29],
      ["a minimum size above the maximum", { min_size: 3, max_size: 2 }, 29],
      ["a minimum size above the quota", { min_size: 17, max_size: 16 }, 29],
      [
        "steps with a gap",
        {
          policies: [
            step({
              steps: [
                { adjustment: 1, upper_bound: 1 },
                { adjustment: 2, lower_bound: 2 },
              ],
            }),
          ],
        },
        7,
      ],
      ["a policy that only the cloud supports", { policies: [{ name: "p", type: "create" }] }, 1],
      ["two policies with one name", { policies: [step(), step()] }, 23],
    ];
    for (const [what, body, code] of refused) {
      it(`reject the configuration: ${what}`, async () => {
        assert.equal((await configure(body))["error"], code);
        assert.equal((await read())["enabled"], false);
      });
    }

    it("reject a service group that does not exist, and nine policies", async () => {
      const nobody = [{ name: "nobody", template: { name: "tpl" } }];
      assert.equal((await platform.requestItem("POST", PATH, nobody))["error"], 8);
      const policies = Array.from({ length: 9 }, (_, index) => step({ name: `p${index}` }));
      const { httpStatus } = await platform.api("POST", PATH, [{ uuid: service, template: { name: "tpl" }, policies }]);
      assert.equal(httpStatus, 400);
    });

    it("protect their template from autokill", async () => {
      const clock = new TestClock();
      await platform.daemon.close();
      await platform.start({ clock });
      await platform.requestItem("PATCH", "/v1/instances/templates", [
        { name: "tpl", prop: "autokill", op: "set", value: { time_ms: 100_000 } },
      ]);
      await configure();
      clock.advance(1_000_000);
      const template = () => platform.requestItem("GET", "/v1/instances/templates?name=tpl");
      assert.equal((await template())["status"], "success");
      await unconfigure();
      clock.advance(1_000_000);
      while ((await template())["error"] !== 8);
    });

    it("respect the account's quotas, which may not include autoscale", async () => {
      const restart = async (set: Parameters<typeof resolveQuotas>[0]): Promise<void> => {
        await platform.daemon.close();
        await platform.start({ quotas: resolveQuotas(set) });
      };
      await restart({ min_autoscale_size: 2, max_autoscale_size: 3 });
      assert.equal((await configure({ min_size: 1 }))["error"], 29);
      assert.equal((await configure({ min_size: 2, max_size: 4 }))["error"], 29);
      assert.equal((await configure())["status"], "success");
      assert.deepEqual([(await read())["min_size"], (await read())["max_size"]], [2, 3]);
      await unconfigure();
      await restart({ max_autoscale_size: 0 });
      assert.equal((await configure())["error"], 28);
    });

    it("protect their template from deletion by every route", async () => {
      await configure();
      for (const path of ["/v1/instances/templates", "/v1/instances"]) {
        assert.equal((await platform.requestItem("DELETE", path, [{ name: "tpl" }]))["error"], 15, path);
      }
      await unconfigure();
      assert.equal(
        (await platform.requestItem("DELETE", "/v1/instances/templates", [{ name: "tpl" }]))["status"],
        "success",
      );
    });
  });

  describe("policies", () => {
    const policies = () => `/v1/services/${service}/autoscale/policies`;

    it("require a configuration", async () => {
      assert.equal((await platform.requestItem("POST", policies(), step()))["error"], 27);
      assert.equal((await platform.requestItem("GET", policies()))["error"], 27);
      assert.equal((await platform.requestItem("GET", `${policies()}/busy`))["error"], 27);
    });

    it("are added flat or nested, read one by one or together, and removed in both variants", async () => {
      await configure();
      const idle = { name: "idle", type: "idle", idle_time_ms: 60_000 };
      const added = await platform.requestItem("POST", policies(), step());
      assert.deepEqual(added, { status: "success", uuid: service, name: "busy" });
      assert.equal((await platform.requestItem("POST", policies(), { name: "idle", type: idle }))["status"], "success");
      const busy = { enabled: true, ...step() };
      assert.deepEqual(await platform.requestItem("GET", `${policies()}/busy`), {
        status: "success",
        ...busy,
        policy: busy,
      });
      const { items } = await platform.api("GET", policies());
      assert.deepEqual(
        items.map((item) => item.name),
        ["busy", "idle"],
      );
      assert.deepEqual((await read())["policies"], [
        { enabled: true, ...step() },
        { enabled: true, ...idle },
      ]);
      assert.equal((await platform.requestItem("DELETE", `${policies()}/busy`))["name"], "busy");
      assert.equal((await platform.requestItem("DELETE", policies(), { name: "idle" }))["name"], "idle");
      assert.deepEqual((await platform.api("GET", policies())).items, []);
    });

    it("are rejected if they do not exist, already exist, are too many or are named twice", async () => {
      await configure();
      assert.equal((await platform.requestItem("GET", `${policies()}/busy`))["error"], 8);
      assert.equal((await platform.requestItem("DELETE", `${policies()}/busy`))["error"], 8);
      assert.equal((await platform.requestItem("DELETE", policies(), { name: "busy" }))["error"], 8);
      for (let index = 0; index < 8; index++)
        await platform.requestItem("POST", policies(), step({ name: `p${index}` }));
      assert.equal((await platform.requestItem("POST", policies(), step()))["error"], 5);
      await platform.requestItem("DELETE", `${policies()}/p0`);
      assert.equal((await platform.requestItem("POST", policies(), step({ name: "p1" })))["error"], 23);
      assert.equal(
        (await platform.requestItem("POST", policies(), { name: "a", type: step({ name: "b" }) }))["error"],
        7,
      );
    });
  });

  describe("instances", () => {
    it("are created up to the minimum size, start, serve and belong to autoscale", async () => {
      await configure({ min_size: 2 });
      const [first] = await size(2);
      for (const { uuid } of await members())
        await platform.waitForItem(uuid, ({ net_time_us }) => Number(net_time_us) > 0);
      const answer = await new Promise<number | undefined>((resolve, reject) =>
        http.get({ port, host: "127.0.0.1", agent: false }, (reply) => resolve(reply.statusCode)).on("error", reject),
      );
      assert.equal(answer, 200);
      const uuid = first?.uuid;
      const volume = await platform.requestItem("POST", "/v1/volumes", { size_mb: 8 });
      const attach = [{ uuid: volume.uuid, attach_to: { uuid }, at: "/x" }];
      for (const [method, path, body] of [
        ["PUT", "/v1/instances/stop", [{ uuid }]],
        ["PUT", "/v1/instances/suspend", [{ uuid }]],
        ["DELETE", "/v1/instances", [{ uuid }]],
        ["POST", "/v1/instances/templates", [{ uuid }]],
        ["PUT", "/v1/volumes/attach", attach],
      ] as const) {
        assert.equal((await platform.requestItem(method, path, body))["error"], 25, path);
      }
      assert.equal((await platform.requestItem("DELETE", "/v1/services", [{ uuid: service }]))["error"], 15);
    });

    it("are replaced when they end by themselves", async () => {
      await configure();
      const [first] = await size(1);
      assert.ok(first);
      await platform.waitForItem(first.uuid, ({ state }) => state === "running");
      platform.vmm.end(first.uuid, { kind: "panicked", detail: "Oops" });
      for (;;) {
        const [now] = await members();
        if (now !== undefined && now.uuid !== first.uuid) break;
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    });

    it("are added under load once per cooldown and removed when idle", async () => {
      // Requests that never get a response: as many in flight as there are connections.
      platform.setDefaultGuest((name) => ({
        ...webGuest(name),
        serve: (socket) => void socket.on("data", () => undefined),
      }));
      await configure({
        max_size: 3,
        warmup_time_ms: 1,
        cooldown_time_ms: 50,
        policies: [step(), { name: "idle", type: "idle", idle_time_ms: 100 }],
      });
      const [first] = await size(1);
      await platform.waitForItem(first?.uuid ?? "", ({ net_time_us }) => Number(net_time_us) > 0);
      const held: http.ClientRequest[] = [];
      const agent = new http.Agent({ keepAlive: true });
      for (let index = 0; index < 12; index++) {
        held.push(http.get({ port, host: "127.0.0.1", agent }).on("error", () => undefined));
      }
      await size(3);
      for (const request of held) request.destroy();
      agent.destroy();
      const [last] = await size(1);
      assert.ok(last);
    });

    it("are drained and deleted with the configuration", async () => {
      await configure({ min_size: 2, cooldown_time_ms: 5000 });
      const made = await size(2);
      for (const { uuid } of made) await platform.waitForItem(uuid, ({ net_time_us }) => Number(net_time_us) > 0);
      assert.equal((await unconfigure())["status"], "success");
      assert.equal((await read())["enabled"], false);
      await size(0);
      assert.equal((await platform.requestItem("DELETE", "/v1/services", [{ uuid: service }]))["status"], "success");
    });

    it("can be deleted by a client while they still drain after the configuration is deleted", async () => {
      platform.setDefaultGuest((name) => ({ ...webGuest(name), onStop: undefined }));
      await configure();
      const [made] = await size(1);
      assert.ok(made);
      await platform.waitForItem(made.uuid, ({ state }) => state === "running");
      await unconfigure();
      assert.equal((await platform.requestItem("DELETE", "/v1/instances", [{ uuid: made.uuid }]))["status"], "success");
      await size(0);
    });

    it("stay while locked, whichever others are removed and however the configuration ends", async () => {
      await configure({ min_size: 2, max_size: 2, cooldown_time_ms: 1 });
      const made = await size(2);
      for (const { uuid } of made) await platform.waitForItem(uuid, ({ net_time_us }) => Number(net_time_us) > 0);
      const [kept] = made;
      assert.ok(kept);
      const lock = [{ uuid: kept.uuid, prop: "delete_lock", op: "set", value: true }];
      assert.equal((await platform.requestItem("PATCH", "/v1/instances", lock))["status"], "success");
      await unconfigure();
      assert.deepEqual(await size(1), [{ uuid: kept.uuid, name: kept.name }]);
      assert.equal((await platform.instance(kept.uuid))["state"], "running");
      // It belongs to its owner now: unlocked, it survives a new configuration, its deletion, and another daemon.
      const unlock = [{ uuid: kept.uuid, prop: "delete_lock", op: "set", value: false }];
      assert.equal((await platform.requestItem("PATCH", "/v1/instances", unlock))["status"], "success");
      await configure({ max_size: 1 });
      await size(2);
      await unconfigure();
      assert.deepEqual(await size(1), [{ uuid: kept.uuid, name: kept.name }]);
      platform.daemon.simulateKill();
      await platform.start();
      assert.deepEqual(await size(1), [{ uuid: kept.uuid, name: kept.name }]);
      assert.equal((await platform.instance(kept.uuid))["state"], "running");
    });

    it("that a user created in the same service group are left alone", async () => {
      const mine = await platform.createRunning({ name: "mine", service_group: { uuid: service } });
      await configure();
      await size(2);
      await unconfigure();
      assert.deepEqual(await size(1), [{ uuid: mine.uuid, name: "mine" }]);
    });

    it("survive a daemon restart and are created up to the size again", async () => {
      await configure({ min_size: 2, policies: [step()] });
      const before = await size(2);
      for (const { uuid } of before) await platform.waitForItem(uuid, ({ state }) => state === "running");
      const configuration = await read();
      platform.daemon.simulateKill();
      const [gone] = before;
      platform.vmm.end(gone?.uuid ?? "", { kind: "killed", detail: "gone" });
      await platform.start();
      assert.deepEqual(await read(), configuration);
      for (;;) {
        const now = await members();
        if (now.length === 2 && !now.some(({ uuid }) => uuid === gone?.uuid)) break;
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    });

    it("are not retried in a tight loop when they cannot be created", async () => {
      await platform.close();
      await open({ restartBackoffMs: 60_000, restartBackoffMaxMs: 60_000 });
      platform.setDefaultGuest(() => {
        throw new UnikernelError("VMM_FAILED", "no more memory");
      });
      await configure({ min_size: 1, cooldown_time_ms: 1 });
      await new Promise((resolve) => setTimeout(resolve, 300)); // thirty intervals
      assert.ok(platform.vmm.starts.length <= 2);
      assert.deepEqual(await members(), []);
    });
  });
});
