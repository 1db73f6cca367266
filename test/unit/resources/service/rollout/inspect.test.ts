import assert from "node:assert/strict";
import { UnikernelError } from "../../../../../provider/base/errors";
import { check } from "../../../../../provider/definition/check";
import { UNKNOWN } from "../../../../../provider/definition/unknowns";
import { inspectRollout } from "../../../../../provider/resources/service/rollout/inspect";
import { service } from "../../../../../provider/resources/service/resource";
import { contextWithResponses } from "../../../../support/resourceContext";

type Inputs = Parameters<typeof inspectRollout>[2];
const METRO = "http://metro.test";

/** The context of a metro that is not the vendor's, with this response to a question about its health. */
const contextWith = (getHealthz: () => object) => {
  const context = contextWithResponses({ getHealthz });
  return { ...context, metro: METRO, client: Object.assign(context.client, { metro: METRO }) };
};

const image = (digit: string) => `gateway@sha256:${digit.repeat(64)}`;

describe("the preview of a rollout", () => {
  const inputs = async (rollout: object, more: object = {}): Promise<Inputs> => {
    const program = { name: "web", ports: [{ port: 8080 }], replicas: 3, template: { image: image("1") } };
    const { inputs: found, failures } = await check(service, {}, { ...program, ...more, rollout });
    assert.deepEqual(failures, []);
    return found as Inputs;
  };

  /** What a metro with these features makes of a changed image. */
  async function inspect(features: readonly string[], rollout: object, more: object = {}) {
    let requests = 0;
    const context = contextWith(() => {
      requests++;
      return { features };
    });
    const [before, after] = [
      await inputs(rollout, more),
      await inputs(rollout, { template: { image: image("2") }, ...more }),
    ];
    return { ...(await inspectRollout(context, before, after)), requests };
  }
  const LOCAL = ["readiness-probe", "rotation"];

  it("says when new replicas get connections", async () => {
    const promises = async (features: readonly string[], rollout: object) =>
      (await inspect(features, rollout)).information;
    const gate = { path: "/ready" };
    assert.deepEqual(await promises(LOCAL, { gate }), ["each new replica passes its gate before it gets connections"]);
    assert.deepEqual(await promises(LOCAL, {}), ["each new replica gets connections once its ports accept them"]);
    assert.deepEqual(await promises([], { gate }), [
      "a candidate passes the gate first; connections to the replicas begin when the metro routes to them",
    ]);
    assert.deepEqual(await promises([], {}), ["connections begin when the metro routes to a replica"]);
    assert.deepEqual(await promises([], { gate: { type: "running" } }), [
      "connections begin when the metro routes to a replica",
    ]);
  });

  it("does not promise a candidate that cannot have the replica's volume", async () => {
    const template = (digit: string, readonly: boolean) => ({
      ...{ replicas: 1, template: { image: image(digit), volumes: [{ volume: "data", at: "/data", readonly }] } },
    });
    const promise = async (readonly: boolean) => {
      const gate = { path: "/ready" };
      const context = contextWith(() => ({}));
      const [before, after] = [
        await inputs({ gate }, template("1", readonly)),
        await inputs({ gate }, template("2", readonly)),
      ];
      return (await inspectRollout(context, before, after)).information.join();
    };
    assert.equal(
      await promise(false),
      "connections begin when the metro routes to a replica; the gate is not probed, because a candidate cannot have the volume 'data' that a replica holds",
    );
    assert.match(await promise(true), /^a candidate passes the gate first/);
  });

  it("rejects clones where there are no templates, and where no candidate is possible", async () => {
    const gate = { path: "/ready", isolation: "clone" };
    const inspectClone = async (getTemplates: () => object, features: readonly string[] = [], more: object = {}) => {
      const canned = contextWithResponses({ getHealthz: () => ({ features }), getTemplates });
      const context = { ...canned, metro: METRO, client: Object.assign(canned.client, { metro: METRO }) };
      const [before, after] = [
        await inputs({ gate }),
        await inputs({ gate }, { template: { image: image("2") }, ...more }),
      ];
      return inspectRollout(context, before, after);
    };
    const failing = (status: number) => () => {
      throw new UnikernelError("API_REJECTED", "no", { details: { status } });
    };
    assert.deepEqual((await inspectClone(() => [])).information, [
      "a candidate passes the gate first, and the replicas are its clones; connections to them begin when the metro routes to them",
    ]);
    for (const status of [403, 404, 405])
      assert.match(
        (await inspectClone(failing(status))).failures?.[0]?.reason ?? "",
        /needs an account with templates/,
      );
    assert.equal((await inspectClone(failing(500))).failures, undefined);
    const template = { image: image("2"), volumes: [{ volume: "data", at: "/data" }] };
    assert.match(
      (await inspectClone(() => [], [], { replicas: 1, template })).failures?.[0]?.reason ?? "",
      /cannot have the volume 'data'/,
    );
    assert.match((await inspectClone(failing(404), LOCAL)).warnings.join(), /isolation has no effect/);
  });

  it("says how blueGreen moves clients where only domains can be moved, and rejects what does not follow them", async () => {
    const strategy = { strategy: "blueGreen", gate: { path: "/ready" } };
    const domains = [{ name: "shop.example.com" }];
    assert.deepEqual((await inspect([], strategy, { domains })).information, [
      "a second set passes the gate in a service group of its own; the domains move there while the replicas are replaced, and then back. At each of the two moves, new connections fail for as long as the metro takes for one request",
    ]);
    const ports = [{ port: 8080 }, { port: 53, protocol: "udp" }];
    const { failures = [] } = await inspect([], { strategy: "blueGreen" }, { domains, ports });
    assert.match(failures[0]?.reason ?? "", /a UDP port does not follow a domain/);
  });

  it("rejects blueGreen where connections cannot be moved", async () => {
    const { failures } = await inspect([], { strategy: "blueGreen" });
    assert.deepEqual(failures, [
      {
        code: "NOT_SUPPORTED",
        property: "rollout.strategy",
        reason:
          'metro \'http://metro.test\' sends connections to each replica that runs, so "blueGreen" moves the domains of the service to a second set and back. Set domains: the one that the metro generates cannot move. Or use "rolling" or "canary".',
      },
    ]);
    assert.deepEqual((await inspect(LOCAL, { strategy: "blueGreen" })).failures, undefined);
  });

  it("rejects blueGreen of a new service, too", async () => {
    const context = contextWith(() => ({}));
    const found = await inspectRollout(context, undefined, await inputs({ strategy: "blueGreen" }));
    assert.deepEqual([found.failures?.length, found.information], [1, []]);
  });

  it("needs a published port where the metro has no other way to a replica", async () => {
    const { failures } = await inspect([], { gate: { path: "/ready", port: 9000 } });
    assert.deepEqual(failures, [
      {
        code: "NOT_SUPPORTED",
        property: "rollout.gate.port",
        reason:
          "no port of the service leads to 9000, and metro 'http://metro.test' has no other way to a replica. Publish it, or give a port that is published.",
      },
    ]);
    assert.deepEqual((await inspect(LOCAL, { gate: { path: "/ready", port: 9000 } })).failures, undefined);
    const ports = [{ port: 443, destinationPort: 9000, handlers: ["tls", "http"] }];
    assert.deepEqual((await inspect([], { gate: { path: "/ready", port: 9000 } }, { ports })).failures, undefined);
  });

  it("warns of a hold that the metro does not know", async () => {
    const gate = { path: "/ready", holdTimeoutMs: 5_000 };
    assert.deepEqual((await inspect([], { gate })).warnings, [
      "rollout.gate.holdTimeoutMs has no effect in metro 'http://metro.test', which does not hold connections for a gate",
    ]);
    assert.deepEqual((await inspect(LOCAL, { gate })).warnings, []);
  });

  it("asks nothing if nothing depends on the metro, and only once otherwise", async () => {
    let requests = 0;
    const context = contextWith(() => ({ requests: ++requests }));
    const [before, after] = [await inputs({}), await inputs({}, { template: { image: image("2") } })];
    await inspectRollout(context, before, await inputs({ maxSurge: 2 }));
    await inspectRollout(context, undefined, before);
    assert.equal(requests, 0);
    await inspectRollout(context, before, after);
    await inspectRollout(context, before, after);
    assert.equal(requests, 1);
  });

  it("says nothing if the metro does not respond", async () => {
    const context = contextWith(() => {
      throw new Error("no response");
    });
    const [before, after] = [
      await inputs({ strategy: "blueGreen" }),
      await inputs({ strategy: "blueGreen" }, { template: { image: image("2") } }),
    ];
    assert.deepEqual(await inspectRollout(context, before, after), { information: [], warnings: [] });
  });

  it("takes an image that is not known yet for a change", async () => {
    const context = contextWith(() => ({ features: LOCAL }));
    const before = await inputs({});
    const after = { ...before, template: { ...before.template, image: UNKNOWN } } as Inputs;
    assert.equal((await inspectRollout(context, before, after)).information.length, 1);
    const env = { ...before, template: { ...before.template, env: { A: UNKNOWN } } } as Inputs;
    assert.equal((await inspectRollout(context, env, env)).information.length, 0);
  });
});
