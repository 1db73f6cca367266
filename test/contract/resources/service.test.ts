/** Service resources on the local platform. */
import assert from "node:assert/strict";
import * as http from "node:http";
import { UnikernelError } from "../../../provider/base/errors";
import { ResourceInitFailedError } from "../../../provider/definition/initFailed";
import { freePort } from "../../support/freePorts";
import { type ExistingResource, ResourceDriver } from "../../support/resourceDriver";
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

/** Status of a response; 0 without one. */
const ask = (port: number): Promise<number> =>
  new Promise((resolve) => {
    const request = http.get({ host: "127.0.0.1", port, agent: false }, (response) => {
      response.resume().on("end", () => resolve(response.statusCode ?? 0));
    });
    request.on("error", () => resolve(0));
  });

/** Sends requests in sequence until stopped, and returns the statuses. */
function asking(port: number): { end(): Promise<readonly number[]> } {
  const statuses: number[] = [];
  let isDone = false;
  const asked = (async () => {
    while (!isDone) statuses.push(await ask(port));
  })();
  return {
    end: async () => {
      isDone = true;
      await asked;
      return statuses;
    },
  };
}

describe("a service on the local platform", () => {
  let platform: TestPlatform;
  let services: ResourceDriver;
  before(async () => {
    platform = await TestPlatform.open({ autoscaleIntervalMs: 10 });
    await platform.start();
    services = new ResourceDriver(platform, "Service");
  });
  after(() => platform.close());

  const told = (uuid: string) => platform.requestItem("GET", `/v1/services?uuid=${uuid}`);
  const members = ({ state }: ExistingResource) => (state["instances"] as { uuid: string }[]).map(({ uuid }) => uuid);

  it("has every requested setting, changes in place, and shows manual changes", async () => {
    const [first, second] = [await freePort(), await freePort()];
    const held = await services.create({
      name: "group",
      replicas: 0,
      ports: [{ port: first, destinationPort: 80 }],
      domains: [{ name: "shop" }, { name: "www.example.com" }],
      softLimit: 10,
      hardLimit: 20,
      autokill: { timeMs: 600_000 },
    });
    assert.deepEqual(await services.drift(held), []);
    assert.deepEqual(held.state["fqdns"], ["shop.localhost", "www.example.com"]);
    assert.equal(held.state["url"], `http://127.0.0.1:${first}`);
    const item = await told(held.id);
    assert.deepEqual([item["soft_limit"], item["hard_limit"], item["autokill"]], [10, 20, { time_ms: 600_000 }]);

    const ports = [{ port: second, handlers: ["tls"] }];
    const after = await services.update(held, { name: "group", replicas: 0, ports, softLimit: 30, hardLimit: 40 });
    assert.deepEqual(await services.drift(after), []);
    const now = await told(held.id);
    assert.deepEqual([now["soft_limit"], now["hard_limit"], now["domains"]], [30, 40, []]);
    await platform.requestItem("PATCH", "/v1/services", [{ uuid: held.id, prop: "hard_limit", op: "set", value: 50 }]);
    await platform.requestItem("PATCH", "/v1/services", [
      { uuid: held.id, prop: "domains", op: "set", value: [{ name: "mine" }, { name: "yours" }] },
    ]);
    assert.deepEqual(await services.drift(after), ["domains", "hardLimit"]);
    await services.delete(after);
    assert.equal(await services.drift(after), undefined);
  });

  it("has a generated domain by default, without drift", async () => {
    const held = await services.create({ name: "plain", replicas: 0, ports: [{ port: await freePort() }] });
    assert.match(String(held.state["fqdn"]), /^plain-[a-z0-9]{8}\.localhost$/);
    assert.deepEqual(await services.drift(held), []);
    const found = await services.read("plain");
    assert.deepEqual(services.changes({ ...found?.inputs, ...found?.outputs }, held.inputs), []);
    await services.delete(held);
  });

  it("reports which domain another service has", async () => {
    const domains = [{ name: "taken.example.com" }];
    const held = await services.create({ name: "holder", replicas: 0, ports: [{ port: await freePort() }], domains });
    const ports = [{ port: await freePort() }];
    const other = await services.create({ name: "other", replicas: 0, ports });
    const error = await failing(services.update(other, { name: "other", replicas: 0, ports, domains }));
    assert.deepEqual([error.code, error.property], ["IN_USE", "domains[0].name"]);
    assert.match(error.message, /taken\.example\.com/);
    const refused = await failing(
      services.create({ name: "late", replicas: 0, ports: [{ port: await freePort() }], domains }),
    );
    assert.match(refused.hint ?? "", /Choose another domain/);
    assert.equal((await platform.requestItem("GET", "/v1/services?name=late"))["error"], 8);
    await services.delete(held);
    await services.delete(other);
  });

  it("runs replicas with every template field without drift, and replaces one that was changed by hand", async () => {
    const port = await freePort();
    const ports = [{ port, destinationPort: 80 }];
    const template = {
      image: "app:1",
      args: ["/serve"],
      env: { MODE: "blue" },
      memoryMb: 256,
      tags: ["blue"],
      annotations: { "example.com/team": "web" },
      scaleToZero: { policy: "idle", cooldownTimeMs: 60_000 },
      roms: [{ name: "conf", files: [{ path: "a.txt", data: "a" }], at: "/conf" }],
    };
    const held = await services.create({ name: "web", ports, replicas: 2, template });
    assert.deepEqual(await services.drift(held), []);
    assert.equal(await ask(port), 200);
    const found = await services.read(held.id);
    const { replicas, template: seen } = found?.inputs as { replicas: number; template: typeof template };
    assert.deepEqual([replicas, seen.memoryMb, seen.tags, seen.env], [2, 256, ["blue"], { MODE: "blue" }]);

    const [changed = "", kept = ""] = members(held);
    await platform.requestItem("PATCH", "/v1/instances", [
      { uuid: changed, prop: "tags", op: "add", value: ["green"] },
    ]);
    assert.deepEqual(await services.drift(held), ["replicas", "template"]);
    const after = await services.update(held, { name: "web", ports, replicas: 2, template });
    assert.deepEqual([members(after).includes(changed), members(after).includes(kept)], [false, true]);
    assert.deepEqual(await services.drift(after), []);
    await services.delete(after);
    assert.equal((await platform.instance(kept))["error"], 8);
  });

  it("keeps serving when ports, limits and template change together", async () => {
    const [port, more] = [await freePort(), await freePort()];
    const first = { port, destinationPort: 80 };
    const held = await services.create({ name: "busy", ports: [first], replicas: 2, template: { image: "app:1" } });
    const during = asking(port);
    const template = { image: "app:1", env: { MODE: "new" } };
    const ports = [first, { port: more, destinationPort: 80 }];
    const after = await services.update(held, {
      name: "busy",
      ports,
      replicas: 2,
      template,
      softLimit: 2,
      hardLimit: 9,
    });
    assert.deepEqual(new Set(await during.end()), new Set([200]));
    assert.equal(await ask(more), 200);
    assert.deepEqual(await services.drift(after), []);
    await services.delete(after);
  });

  it("is scaled by the platform without drift", async () => {
    await platform.requestItem("POST", "/v1/instances", { name: "tpl", image: "app:1" });
    await platform.requestItem("POST", "/v1/instances/templates", [{ name: "tpl" }]);
    const ports = [{ port: await freePort(), destinationPort: 80 }];
    const step = { name: "load", type: "step", metric: "inflight_reqs", adjustmentType: "change" };
    const policies = [
      { ...step, steps: [{ adjustment: 1, lowerBound: 100 }] },
      { name: "rest", type: "idle", idleTimeMs: 600_000 },
    ];
    const autoscale = { template: "tpl", minSize: 2, maxSize: 3, policies };
    const held = await services.create({ name: "scaled", ports, autoscale });
    assert.deepEqual(await services.drift(held), []);
    const size = async (): Promise<number> => ((await told(held.id))["instances"] as unknown[]).length;
    while ((await size()) !== 2) await new Promise((resolve) => setTimeout(resolve, 5));

    const fewer = await services.update(held, {
      name: "scaled",
      ports,
      autoscale: { ...autoscale, policies: [policies[1]] },
    });
    assert.deepEqual(await services.drift(fewer), []);
    await platform.requestItem("DELETE", `/v1/services/${held.id}/autoscale/policies/rest`);
    assert.deepEqual(await services.drift(fewer), ["autoscale"]);
    const bigger = await services.update(fewer, { name: "scaled", ports, autoscale: { ...autoscale, minSize: 3 } });
    assert.deepEqual(await services.drift(bigger), []);
    await services.delete(bigger);
    assert.equal((await told(held.id))["error"], 8);
  });

  it("switches from replicas to autoscale and back without an outage", async () => {
    await platform.requestItem("POST", "/v1/instances", { name: "tpl2", image: "app:1" });
    await platform.requestItem("POST", "/v1/instances/templates", [{ name: "tpl2" }]);
    const port = await freePort();
    const plain = { name: "mixed", ports: [{ port, destinationPort: 80 }] };
    const held = await services.create({ ...plain, replicas: 1, template: { image: "app:1" } });
    const during = asking(port);
    const scaled = await services.update(held, { ...plain, autoscale: { template: "tpl2", minSize: 1, maxSize: 2 } });
    assert.deepEqual([members(scaled), await services.drift(scaled)], [[], []]);
    const rolled = await services.update(scaled, { ...plain, replicas: 2, template: { image: "app:1" } });
    assert.deepEqual(new Set(await during.end()), new Set([200]));
    assert.deepEqual([members(rolled).length, await services.drift(rolled)], [2, []]);
    await services.delete(rolled);
  });

  it("reports the missing template of autoscale and leaves nothing behind", async () => {
    const ports = [{ port: await freePort() }];
    const error = await failing(services.create({ name: "lost", ports, autoscale: { template: "nowhere" } }));
    assert.deepEqual([error.code, error.property], ["NOT_FOUND", "autoscale.template"]);
    assert.equal((await platform.requestItem("GET", "/v1/services?name=lost"))["error"], 8);
  });

  it("adopts a service group by name together with its replicas", async () => {
    const ports = [{ port: await freePort(), destinationPort: 80 }];
    await platform.requestItem("POST", "/v1/services", {
      name: "old",
      services: [{ port: ports[0]?.port, destination_port: 80 }],
    });
    const held = await services.create({ name: "old", ports, template: { image: "app:1" }, softLimit: 4, adopt: true });
    assert.deepEqual([members(held).length, await services.drift(held)], [1, []]);
    await services.delete(held);
  });
});
