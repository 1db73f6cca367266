import assert from "node:assert/strict";
import * as path from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { answerInvokes } from "../../../../provider/pulumi/invoke";
import * as unikernel from "../../../../sdk";
import { mockPlatform } from "../../../../sdk/testing";

const IMAGE = "acme/gateway:1.4";

const templateOf = (inputs: { readonly [name: string]: unknown }) =>
  inputs["template"] as { readonly image: string; readonly env: Readonly<Record<string, string>> };

describe("a GatewayFleet", function () {
  after(() => answerInvokes(undefined)); // other tests of this process ask a metro
  this.timeout(60_000); // the first run loads the provider
  it("is a service in the metro of its provider, with what it takes by default", async () => {
    const platform = mockPlatform();
    const { urls, url } = await platform.run(() => {
      const fleet = new unikernel.GatewayFleet("gateway", { image: IMAGE, service: { name: "gateway" } });
      return { url: fleet.url, urls: fleet.urls };
    });
    assert.deepEqual([url, urls], ["https://gateway.localhost", { default: "https://gateway.localhost" }]);
    const { ports, replicas, template } = platform.find("Service", "gateway").inputs;
    assert.deepEqual(ports, [{ port: 443, destinationPort: 8080, handlers: ["tls", "http"] }]);
    assert.deepEqual([replicas, template], [2, { image: IMAGE, env: {} }]);
  });

  it("has one Redis and one wave in each metro, in order", async () => {
    const platform = mockPlatform({ metro: "fra" });
    const outputs = await platform.run(() => {
      const fleet = new unikernel.GatewayFleet("gateway", {
        ...{ image: IMAGE, replicas: 3, health: { path: "/ready" }, bakeTimeMs: 0 },
        onFailure: "rollback",
        redis: { image: "redis:7.2", password: "p4ss", sizeMb: 64 },
        secrets: { API_KEY: "k3y" },
        env: { LEVEL: "info" },
        metros: [
          { name: "fra", replicas: 1 },
          { name: "was", provider: new unikernel.Provider("was", { metro: "was" }) },
        ],
      });
      const secret = fleet.services.map(({ template }) => pulumi.isSecret(template));
      return {
        urls: fleet.urls,
        digests: fleet.digests,
        secret: Promise.all(secret),
        plain: pulumi.isSecret(fleet.urls),
      };
    });
    assert.deepEqual(Object.keys(outputs.urls), ["fra", "was"]);
    assert.match(outputs.urls["was"] ?? "", /^https:\/\/gateway-was-[0-9a-f]{7}\.was\.unikraft\.app$/);
    assert.match(outputs.digests["was"] ?? "", /^sha256:[0-9a-f]{64}$/);
    assert.deepEqual([outputs.secret, outputs.plain], [[true, true], false]);
    const [fra, was] = ["fra", "was"].map((metro) => platform.find("Service", `gateway-${metro}`));
    const redis = platform.find("Instance", "gateway-redis-was");
    const host = redis.outputs?.["privateFqdn"];
    const data = platform.find("Volume", "gateway-redis-was-data");
    assert.deepEqual([data.provider, data.inputs], ["was", { sizeMb: 64, allowRestart: true }]);
    const [mount] = redis.inputs["volumes"] as readonly { readonly volume: string; readonly at: string }[];
    assert.equal(mount?.at, "/data");
    assert.match(mount?.volume ?? "", /^[0-9a-f-]{36}$/);
    assert.deepEqual(templateOf(was?.inputs ?? {}).env, {
      ...{ REDIS_HOST: host, REDIS_PORT: "6379", REDIS_PASSWORD: "p4ss", API_KEY: "k3y", LEVEL: "info" },
    });
    assert.deepEqual([fra?.inputs["replicas"], was?.inputs["replicas"], was?.provider], [1, 3, "was"]);
    assert.deepEqual(was?.inputs["rollout"], { gate: { path: "/ready" } });
    const kinds = platform.resources.map(({ kind }) => kind);
    assert.equal(kinds.filter((kind) => kind === "RolloutWave").length, 2);
  });

  it("builds its image, and hands providers and transformations to its resources", async () => {
    const platform = mockPlatform();
    await platform.run(() => {
      const provider = new unikernel.Provider("here", { metro: "local" });
      const build = { context: path.resolve("examples/quickstart/site") };
      const transformations: pulumi.ResourceTransformation[] = [
        ({ type, props, opts }) =>
          type.endsWith(":Instance") ? { props: { ...(props as object), tags: ["team:edge"] }, opts } : undefined,
      ];
      const redis = { image: "redis:7.2" };
      new unikernel.GatewayFleet("gateway", { build, redis }, { provider, transformations });
    });
    const { ref } = platform.find("GatewayImage", "gateway").outputs as { readonly ref: string };
    assert.equal(templateOf(platform.find("Service", "gateway").inputs).image, ref);
    const { inputs, provider } = platform.find("Instance", "gateway-redis");
    assert.equal(inputs["volumes"], undefined);
    assert.deepEqual(
      [inputs["tags"], provider, platform.find("Service", "gateway").provider],
      [["team:edge"], "here", "here"],
    );
  });

  it("changes the Redis of a metro after the metros before it have passed", async () => {
    const after = new Map<string, readonly string[]>();
    const note: pulumi.ResourceTransformation = ({ type, name, opts }) => {
      const named = ([] as pulumi.Input<pulumi.Resource>[]).concat(
        (opts.dependsOn as pulumi.Input<pulumi.Resource>[] | undefined) ?? [],
      );
      if (type.endsWith(":Instance"))
        after.set(name, named.map((one) => (one as unknown as { readonly __name: string }).__name)); // prettier-ignore
      return undefined;
    };
    const metros = [{ name: "east" }, { name: "west" }];
    await mockPlatform().run(
      () =>
        new unikernel.GatewayFleet(
          "gateway",
          { image: IMAGE, redis: { image: "redis:7.2" }, metros },
          { transformations: [note] },
        ),
    );
    assert.deepEqual([...after], [["gateway-redis-east", []], ["gateway-redis-west", ["gateway-east"]]]); // prettier-ignore
  });

  it("ignores settings of the service that the program has not", async () => {
    const platform = mockPlatform();
    const service = { replicas: undefined, template: { memoryMb: undefined, vcpus: 2 } };
    await platform.run(
      () => new unikernel.GatewayFleet("gateway", { image: IMAGE, replicas: 3, memoryMb: 64, service } as never),
    );
    const { replicas, template } = platform.find("Service", "gateway").inputs;
    assert.deepEqual([replicas, template], [3, { image: IMAGE, memoryMb: 64, vcpus: 2, env: {} }]);
  });

  it("uses a Redis that exists", async () => {
    const platform = mockPlatform();
    const redis = { host: "redis.example.com", port: 6380 };
    await platform.run(() => new unikernel.GatewayFleet("gateway", { image: IMAGE, redis, gatewayPort: 9000 }));
    const { inputs } = platform.find("Service", "gateway");
    assert.deepEqual(templateOf(inputs).env, { REDIS_HOST: "redis.example.com", REDIS_PORT: "6380" });
  });

  const wrong: readonly (readonly [unikernel.GatewayFleetArgs, RegExp])[] = [
    [{}, /image: required/],
    [{ image: IMAGE, build: { context: "." } }, /build: has no effect beside image/],
    [{ image: IMAGE, redis: {} }, /redis: give host .* or image/],
    [{ image: IMAGE, redis: { host: "a", image: "redis:7.2" } }, /redis: give host .* or image/],
    [{ image: IMAGE, redis: { host: "a", memoryMb: 64 } }, /redis\.memoryMb: has no effect/],
    [{ image: IMAGE, redis: { host: "a", sizeMb: 64 } }, /redis\.sizeMb: has no effect/],
    [{ image: IMAGE, redis: { host: "a" }, env: { REDIS_HOST: "b" } }, /env: redis already sets REDIS_HOST;/],
    [{ image: IMAGE, env: { A: "1" }, secrets: { A: "2" } }, /secrets: env already has A;/],
    [{ image: IMAGE, bakeTimeMs: 0 }, /bakeTimeMs: has no effect without metros/],
    [{ image: IMAGE, onFailure: "stop" }, /onFailure: has no effect without metros/],
    [{ image: IMAGE, metros: [] }, /metros: at least one metro/],
    [{ image: IMAGE, metros: [{ name: "a" }, { name: "a" }] }, /metros\[1\]\.name: two metros are named 'a'/],
    [{ image: IMAGE, metros: [{ name: "a" }, { name: "New York" }] }, /metros\[1\]\.name: must be 1 to 63 letters/],
    [{ image: IMAGE, replica: 3 } as never, /has no argument 'replica'; did you mean 'replicas'\?/],
    [{ image: IMAGE, redis: { image: "redis:7.2", pass: "p" } as never }, /redis: has no argument 'pass'; /],
    [{ image: IMAGE, metros: { fra: {} } as never }, /metros: must be a list/],
    [{ image: IMAGE, metros: ["fra"] as never }, /metros\[0\]: must be an object/],
    [{ image: IMAGE, replicas: 2, service: { replicas: 3 } }, /service\.replicas: replaces replicas; give one/],
    [
      { image: IMAGE, metros: [{ name: "a" }, { name: "b", replicas: 2 }], service: { replicas: 3 } },
      /service\.replicas: replaces metros\[1\]\.replicas; give one/,
    ],
    [{ image: IMAGE, gatewayPort: 9000, ports: [{ port: 80 }] }, /gatewayPort: has no effect beside ports;/],
    [
      { image: IMAGE, service: { template: pulumi.output({ image: IMAGE, memoryMb: 64 }) } },
      /service\.template: must be an object and not an output/,
    ],
  ];
  it("rejects several providers to inherit, of which Pulumi would take the last", async () => {
    const inMetro = (metro: string) => new unikernel.Provider(metro, { metro });
    const create = () =>
      new unikernel.GatewayFleet("gateway", { image: IMAGE }, { providers: [inMetro("fra"), inMetro("was")] });
    await assert.rejects(mockPlatform().run(create), /GatewayFleet 'gateway': providers: only one can be inherited; give each entry of metros/); // prettier-ignore
  });

  for (const [args, message] of wrong)
    it(`rejects ${JSON.stringify(args)}`, async () => {
      await assert.rejects(
        mockPlatform().run(() => new unikernel.GatewayFleet("gateway", args)),
        new RegExp(`INPUT_INVALID: GatewayFleet 'gateway': ${message.source}`),
      );
    });
});
