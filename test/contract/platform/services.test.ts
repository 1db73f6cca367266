/** Service groups: their rules, their ports, their changes. */
import assert from "node:assert/strict";
import * as net from "node:net";
import { systemClock } from "../../../provider/base/clock";
import { freePort } from "../../support/freePorts";
import { isListening } from "../../support/localPlatform";
import { TestClock } from "../../support/testClock";
import { sendHttp, TestPlatform } from "../../support/testPlatform";

describe("service groups", () => {
  let platform: TestPlatform;
  beforeEach(async () => {
    platform = await TestPlatform.open();
    await platform.start();
  });
  afterEach(() => platform.close());

  const create = (body: Record<string, unknown>) => platform.requestItem("POST", "/v1/services", body);
  const read = (uuid: string) => platform.requestItem("GET", `/v1/services?uuid=${uuid}`);
  /** Another daemon, with a clock that the test sets. */
  async function withClock(): Promise<TestClock> {
    const clock = new TestClock();
    await platform.daemon.close();
    await platform.start({ clock });
    return clock;
  }

  it("publish their ports on the loopback address and close them on delete", async () => {
    const port = await freePort();
    const service = await create({ name: "web", services: [{ port, destination_port: 8080 }] });
    assert.equal(await isListening(port), true);
    assert.deepEqual(service["services"], [{ port, destination_port: 8080, protocol: "tcp", handlers: [] }]);
    assert.deepEqual([service["persistent"], service["autoscale"]], [true, false]);
    assert.equal(service["soft_limit"], 1);
    assert.equal(service["hard_limit"], 65535);
    await platform.api("DELETE", "/v1/services", [{ name: "web" }]);
    assert.equal(await isListening(port), false);
  });

  it("without ports only reserve their name, take no quota, and are deleted by autokill", async () => {
    const { data } = (await platform.api("GET", "/v1/healthz")).envelope as { data: { features?: string[] } };
    assert.ok(data.features?.includes("groups-without-ports"), JSON.stringify(data));
    const clock = await withClock();
    const body = { name: "lock", services: [], domains: [{ name: "me" }], autokill: { time_ms: 60_000 } };
    const lock = await create(body);
    assert.deepEqual([lock["services"], lock["domains"]], [[], [{ fqdn: "me.localhost" }]]);
    const { used } = (await platform.requestItem("GET", "/v1/users/quotas")) as { used?: Record<string, number> };
    assert.equal(used?.["service_groups"], 0);
    assert.equal((await create(body))["error"], 23);
    await platform.daemon.close();
    await platform.start({ clock });
    assert.equal((await read(lock.uuid))["name"], "lock");
    clock.advance(60_000);
    while ((await read(lock.uuid))["error"] !== 8);
    const { httpStatus } = await platform.api("POST", "/v1/services", { ...body, autokill: {} });
    assert.equal(httpStatus, 400); // it would stay for ever, and publish nothing
  });

  it("generate a name and a domain for it by default", async () => {
    const unnamed = await create({ services: [{ port: await freePort() }] });
    assert.match(unnamed.name, /^[a-z]+-[a-z]+-[a-z0-9]{8}$/);
    assert.deepEqual(unnamed["domains"], [{ fqdn: `${unnamed.name}.localhost` }]);
    for (const [name, label] of [
      ["web", /^web-[a-z0-9]{8}\.localhost$/],
      ["My shop_1", /^my-shop-1-[a-z0-9]{8}\.localhost$/],
      ["x".repeat(255), /^x{54}-[a-z0-9]{8}\.localhost$/],
    ] as const) {
      const [domain] = (await create({ name, services: [{ port: await freePort() }] }))["domains"] as {
        fqdn: string;
      }[];
      assert.match(domain?.fqdn ?? "", label);
    }
  });

  it("reject invalid domains and duplicates", async () => {
    for (const names of [
      ["a b"],
      ["-x"],
      ["x".repeat(64)],
      ["*.shop"],
      ["shop", "SHOP"],
      ["shop", "shop.localhost."],
    ]) {
      const domains = names.map((name) => ({ name }));
      assert.equal((await create({ services: [{ port: await freePort() }], domains }))["error"], 7, names.join());
    }
  });

  it("accept domains as labels below localhost, or in full with a trailing dot", async () => {
    const service = await create({
      services: [{ port: await freePort() }],
      domains: [{ name: "shop" }, { name: "www.example.com." }],
    });
    assert.deepEqual(service["domains"], [{ fqdn: "shop.localhost" }, { fqdn: "www.example.com" }]);
    const second = await create({ services: [{ port: await freePort() }], domains: [{ name: "shop" }] });
    assert.equal(second["error"], 24);
  });

  const refused: [what: string, services: object[], code: number, message: RegExp][] = [
    ["port 80 without http", [{ port: 80 }], 7, /must have the handler 'http'/],
    ["port 80 with tls", [{ port: 80, handlers: ["http", "tls"] }], 7, /must not have the handler 'tls'/],
    ["port 443 without handlers", [{ port: 443 }], 7, /must have the handlers 'http' and 'tls'/],
    ["http on another port", [{ port: 8080, handlers: ["http"] }], 7, /must not have the handler 'http'/],
    ["redirect on another port", [{ port: 8080, handlers: ["redirect"] }], 7, /only for port 80/],
    ["a duplicate port", [{ port: 8080 }, { port: 8080 }], 7, /listed twice/],
    ["redirect to nowhere", [{ port: 80, handlers: ["http", "redirect"] }], 7, /'redirect' needs/],
    ["UDP", [{ port: 5353, protocol: "udp" }], 1, /does not publish UDP yet/],
    ["an address", [{ port: 8080, ip: "192.0.2.1" }], 1, /loopback address only/],
  ];
  for (const [what, services, code, message] of refused) {
    it(`reject invalid ports: ${what}`, async () => {
      const item = await create({ services });
      assert.equal(item["error"], code);
      assert.match(item.message, message);
      assert.deepEqual((await platform.api("GET", "/v1/services")).items, []);
    });
  }

  it("reject a name that is taken, and limits in the wrong order", async () => {
    await create({ name: "web", services: [{ port: await freePort() }] });
    assert.equal((await create({ name: "web", services: [{ port: await freePort() }] }))["error"], 23);
    const crossed = { services: [{ port: await freePort() }], soft_limit: 5, hard_limit: 4 };
    assert.equal((await platform.api("POST", "/v1/services", crossed)).httpStatus, 400);
    const inline = { image: "app:1", service_group: crossed };
    assert.equal((await platform.api("POST", "/v1/instances", inline)).httpStatus, 400);
  });

  it("reject a port of another service and name both", async () => {
    const port = await freePort();
    await create({ name: "first", services: [{ port }] });
    const item = await create({ name: "second", services: [{ port }] });
    assert.equal(item["error"], 24);
    assert.match(item.message, /'second'.*'first'/);
  });

  it("reject a port of another program and leave nothing behind", async () => {
    const other = net.createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => other.once("listening", resolve));
    const { port } = other.address() as net.AddressInfo;
    const free = await freePort();
    const item = await create({ services: [{ port: free }, { port }] });
    await new Promise((resolve) => other.close(resolve));
    assert.equal(item["error"], 9);
    assert.equal(item.message, `Port ${port} on 127.0.0.1 is already in use by another program`);
    assert.equal(await isListening(free), false);
    assert.deepEqual((await platform.api("GET", "/v1/services")).items, []);
  });

  it("change their ports in place", async () => {
    const [one, two] = [await freePort(), await freePort()];
    const { uuid } = await create({ services: [{ port: one }] });
    const patch = (op: string, value: unknown) =>
      platform.requestItem("PATCH", "/v1/services", [{ uuid, prop: "services", op, value, id: "x" }]);
    const added = await patch("add", [{ port: two }]);
    assert.equal(added["id"], "x");
    assert.deepEqual([await isListening(one), await isListening(two)], [true, true]);
    await patch("del", [{ port: one }]);
    assert.deepEqual([await isListening(one), await isListening(two)], [false, true]);
    assert.equal((await patch("del", [{ port: two }]))["error"], 7);
    await patch("set", [{ port: one, destination_port: 1 }]);
    assert.deepEqual([await isListening(one), await isListening(two)], [true, false]);
    assert.equal((await patch("set", "nonsense"))["error"], 7);
  });

  it("change their limits one patch operation at a time", async () => {
    const { uuid } = await create({ services: [{ port: await freePort() }], soft_limit: 5, hard_limit: 10 });
    const { items, status } = await platform.api("PATCH", "/v1/services", [
      { uuid, prop: "hard_limit", op: "set", value: 4 },
      { uuid, prop: "soft_limit", op: "set", value: 3 },
      { uuid, prop: "hard_limit", op: "set", value: 4 },
      { uuid, prop: "soft_limit", op: "del" },
    ]);
    assert.equal(status, "partial_success");
    assert.deepEqual(
      items.map((item) => item["error"]),
      [7, undefined, undefined, undefined],
    );
    const [now] = (await platform.api("GET", `/v1/services?uuid=${uuid}`)).items;
    assert.deepEqual([now?.["soft_limit"], now?.["hard_limit"]], [1, 4]);
  });

  it("change their autokill, which can be set and cleared", async () => {
    const { uuid } = await create({ services: [{ port: await freePort() }], autokill: { time_ms: 60_000 } });
    const patch = (op: string, value?: unknown) =>
      platform.requestItem("PATCH", "/v1/services", [{ uuid, prop: "autokill", op, value }]);
    assert.deepEqual((await patch("set", { time_ms: 70_000 }))["autokill"], { time_ms: 70_000 });
    assert.equal((await patch("add", { time_ms: 1 }))["error"], 7);
    assert.equal((await patch("set", { time_ms: -1 }))["error"], 7);
    assert.equal("autokill" in (await patch("del")), false);
  });

  it("are deleted by autokill when empty for that long, and not while they have instances", async () => {
    const clock = await withClock();
    const port = await freePort();
    const { uuid } = await create({ name: "web", services: [{ port }], autokill: { time_ms: 200_000 } });
    await platform.requestItem("POST", "/v1/instances", { name: "i", image: "app:1", service_group: { uuid } });
    clock.advance(1_000_000);
    assert.equal((await read(uuid))["status"], "success");
    await platform.api("DELETE", "/v1/instances", [{ name: "i" }]);
    clock.advance(150_000);
    assert.equal((await read(uuid))["status"], "success");
    clock.advance(60_000);
    while ((await read(uuid))["error"] !== 8);
    assert.equal(await isListening(port), false);
  });

  it("are deleted by autokill after a daemon that was killed meanwhile", async () => {
    const clock = await withClock();
    const { uuid } = await create({ services: [{ port: await freePort() }], autokill: { time_ms: 200_000 } });
    clock.advance(100_000);
    platform.daemon.simulateKill();
    clock.advance(60_000);
    await platform.start({ clock });
    assert.equal((await read(uuid))["status"], "success");
    clock.advance(50_000);
    while ((await read(uuid))["error"] !== 8);
  });

  it("free their ports if autokill is due when a daemon starts", async () => {
    const port = await freePort();
    const services = [{ port, handlers: ["tls"] }];
    const { uuid } = await create({ services, autokill: { time_ms: 60_000 } });
    platform.daemon.simulateKill();
    await platform.start({ clock: { ...systemClock, now: () => Date.now() + 120_000 } });
    while ((await read(uuid))["error"] !== 8);
    assert.equal(await isListening(port), false);
    assert.equal((await create({ services }))["status"], "success");
  });

  it("have a limited number of ports and domains", async () => {
    const domains = (count: number, prefix: string) =>
      Array.from({ length: count }, (_, index) => ({ name: `${prefix}${index}` }));
    const ports = Array.from({ length: 254 }, (_, index) => ({ port: 20_000 + index }));
    const [first, port] = [await freePort(), { port: await freePort() }];
    for (const body of [{ services: ports }, { services: [port], domains: domains(257, "d") }]) {
      const { httpStatus, envelope: raw } = await platform.api("POST", "/v1/services", body);
      assert.deepEqual([httpStatus, (raw["errors"] as { error: number }[])[0]?.error], [400, 5]);
      const image = { image: "app:1", service_group: body };
      assert.equal((await platform.api("POST", "/v1/instances", image)).httpStatus, 400);
    }
    const { uuid } = await create({ services: [{ port: first }], domains: domains(256, "d") });
    const more = await platform.requestItem("PATCH", "/v1/services", [
      { uuid, prop: "domains", op: "add", value: domains(1, "more") },
    ]);
    assert.equal(more["error"], 5);
  });

  it("redirect from port 80, or report that this user may not open it", async () => {
    const services = [{ port: 80, destination_port: 443, handlers: ["http", "redirect"] }];
    const item = await create({ services });
    if (item["error"] !== undefined) {
      assert.equal(item["error"], 9);
      assert.match(item.message, /Port 80 .*(may not be opened by this user|already in use)/);
      return;
    }
    const { status, headers } = await sendHttp("http://127.0.0.1/x?y", "GET", { connection: "close" });
    assert.deepEqual([status, headers.location], [301, "https://127.0.0.1/x?y"]);
  });

  describe("created inline with an instance", () => {
    const bring = async (name: string, extra: object = {}) => {
      const port = await freePort();
      const service_group = { services: [{ port, destination_port: 80 }], domains: [{ name }], ...extra };
      const instance = await platform.requestItem("POST", "/v1/instances", { name, image: "app:1", service_group });
      return { port, instance, group: instance["service_group"] as { uuid: string; name: string; domains: object[] } };
    };
    const remove = (name: string) => platform.api("DELETE", "/v1/instances", [{ name }]);

    it("are not persistent and are deleted with their last instance", async () => {
      const { port, group } = await bring("first");
      assert.deepEqual(group.domains, [{ fqdn: "first.localhost" }]);
      assert.equal((await read(group.uuid))["persistent"], false);
      assert.equal(await isListening(port), true);
      await remove("first");
      assert.equal((await read(group.uuid))["error"], 8);
      assert.equal(await isListening(port), false);
    });

    it("stay once a second instance has joined them", async () => {
      const { group } = await bring("first");
      await platform.requestItem("POST", "/v1/instances", {
        name: "second",
        image: "app:1",
        service_group: { uuid: group.uuid },
      });
      assert.equal((await read(group.uuid))["persistent"], true);
      await remove("first");
      await remove("second");
      assert.equal((await read(group.uuid))["status"], "success");
    });

    it("are shared by all replicas and deleted with the last one", async () => {
      const port = await freePort();
      const { items } = await platform.api("POST", "/v1/instances", {
        image: "app:1",
        replicas: 1,
        service_group: { services: [{ port }] },
      });
      const uuids = items.map((item) => (item["service_group"] as { uuid: string }).uuid);
      assert.equal(new Set(uuids).size, 1);
      await platform.api("DELETE", "/v1/instances", [{ uuid: items[0]?.uuid }]);
      assert.equal((await read(uuids[0] ?? ""))["persistent"], false);
      await platform.api("DELETE", "/v1/instances", [{ uuid: items[1]?.uuid }]);
      assert.equal((await read(uuids[0] ?? ""))["error"], 8);
    });

    it("reject the create and all its inline resources if deleted meanwhile", async () => {
      const service_group = { services: [{ port: await freePort() }] };
      const volumes = [{ size_mb: 8, at: "/data" }];
      const creating = platform.api("POST", "/v1/instances", { image: "app:1", service_group, volumes });
      let found = (await platform.api("GET", "/v1/services")).items;
      while (found.length === 0) found = (await platform.api("GET", "/v1/services")).items;
      const [service] = found;
      assert.equal(
        (await platform.requestItem("DELETE", "/v1/services", [{ uuid: service?.uuid }]))["status"],
        "success",
      );
      assert.equal((await creating).items[0]?.["error"], 8);
      for (const path of ["/v1/instances", "/v1/services", "/v1/volumes"]) {
        assert.deepEqual((await platform.api("GET", path)).items, [], path);
      }
    });

    it("do not exist if the instance could not be created", async () => {
      const port = await freePort();
      const item = await platform.requestItem("POST", "/v1/instances", {
        image: "nothing:1",
        service_group: { services: [{ port }] },
      });
      assert.equal(item["error"], 8);
      assert.deepEqual((await platform.api("GET", "/v1/services")).items, []);
      assert.equal(await isListening(port), false);
    });
  });

  it("give one port and domain to one of two concurrent creates", async () => {
    const port = await freePort();
    const wanted = { services: [{ port }], domains: [{ name: "shop" }] };
    const items = await Promise.all([create(wanted), create(wanted)]);
    assert.deepEqual(items.map((item) => item["error"]).sort(), [24, undefined]);
  });

  it("cannot be deleted while instances are attached", async () => {
    const { uuid } = await create({ name: "web", services: [{ port: await freePort() }] });
    const instance = await platform.requestItem("POST", "/v1/instances", {
      name: "i",
      image: "app:1",
      service_group: { uuid },
    });
    const item = await platform.requestItem("DELETE", "/v1/services", [{ uuid }]);
    assert.equal(item["error"], 15);
    assert.match(item.message, /'i'/);
    const [read] = (await platform.api("GET", `/v1/services?uuid=${uuid}`)).items;
    assert.deepEqual(read?.["instances"], [{ uuid: instance.uuid, name: "i" }]);
    await platform.api("DELETE", "/v1/instances", [{ name: "i" }]);
    assert.equal((await platform.requestItem("DELETE", "/v1/services", [{ uuid }]))["status"], "success");
  });
});
