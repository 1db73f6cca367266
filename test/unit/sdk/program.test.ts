import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { check } from "../../../provider/definition/check";
import { resources } from "../../../provider/resources/all";
import * as unikernel from "../../../sdk";
import { serializedProvider } from "../../support/dynamicProcess";

interface Registered {
  readonly type: string;
  readonly name: string;
  readonly inputs: Record<string, unknown>;
}

const registered: Registered[] = [];

const whole = <T>(output: pulumi.Output<T>): Promise<T> => new Promise((resolve) => void output.apply(resolve));

/** A value the mock engine marked as secret. */
const unwrapped = (value: unknown): unknown => (value as { value: unknown }).value;

describe("a program", () => {
  before(async () => {
    await pulumi.runtime.setMocks(
      {
        newResource: ({ type, name, inputs }) => {
          registered.push({ type, name, inputs: inputs as Record<string, unknown> });
          return {
            id: `${name}-id`,
            state: { ...(inputs as object), ref: `${name}@sha256:0`, url: "http://127.0.0.1:8080" },
          };
        },
        call: () => ({}),
      },
      "project",
      "stack",
      false,
    );
  });
  beforeEach(() => (registered.length = 0));

  it("fails where a map has a key that Pulumi would drop", () => {
    const env = JSON.parse('{"A": "1", "__proto__": "x"}') as Record<string, string>;
    const lost = /INPUT_INVALID: \w+: 'env' has a key '__proto__', which Pulumi cannot transport/;
    assert.throws(() => new unikernel.Instance("redis", { image: "redis:7.2", env }), lost);
    const template = { image: "redis:7.2", env };
    assert.throws(() => new unikernel.Service("edge", { ports: [{ port: 1 }], template }), /'template.env' has a key/);
  });

  it("registers each kind under its token with the constant text", async () => {
    const image = new unikernel.GatewayImage("gateway", { context: "./gateway" });
    const volume = new unikernel.Volume("apps", { sizeMb: 64 });
    const instance = new unikernel.Instance("redis", { image: "redis:7.2", memoryMb: 512 });
    const service = new unikernel.Service("edge", {
      ports: [{ port: 8080 }],
      template: { image: image.ref, volumes: [{ volume: volume.id, at: "/data", readonly: true }] },
    });
    await Promise.all([image, volume, instance, service].map((resource) => whole(resource.urn)));
    assert.deepEqual(
      registered.map(({ type, inputs }) => [type, inputs["__urn"], inputs["__provider"]]).sort(),
      (
        [
          ["GatewayImage", "gateway"],
          ["Instance", "redis"],
          ["Service", "edge"],
          ["Volume", "apps"],
        ] as const
      ).map(([kind, name]) => {
        const type = `pulumi-nodejs:dynamic/unikernel:${kind}`;
        return [type, `urn:pulumi:stack::project::${type}::${name}`, serializedProvider(kind)];
      }),
    );
  });

  it("passes outputs of one resource to another and reads outputs", async () => {
    const image = new unikernel.GatewayImage("gateway", { context: "." });
    const service = new unikernel.Service("edge", { ports: [{ port: 8080 }], template: { image: image.ref } });
    assert.equal(await whole(service.url), "http://127.0.0.1:8080");
    const template = registered.find((r) => r.name === "edge")?.inputs["template"];
    assert.deepEqual(template, { image: "gateway@sha256:0" });
  });

  it("makes env secret, also in a template", async () => {
    const service = new unikernel.Service("edge", {
      ports: [{ port: 8080 }],
      template: { image: "a", env: { KEY: "v" } },
    });
    const instance = new unikernel.Instance("one", { image: "a", env: { KEY: "v" } });
    assert.equal(await pulumi.isSecret(instance.env), true);
    assert.equal(await pulumi.isSecret(instance.image), false);
    await whole(service.urn);
    const template = registered.find((r) => r.name === "edge")?.inputs["template"];
    // The engine's mark of a secret. Source: @pulumi/pulumi runtime/rpc.ts, specialSigKey and specialSecretSig.
    // The mock engine lifts it to the top; the real one keeps it at its place, as the end-to-end tests show.
    const mark = { "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270" };
    assert.deepEqual(template, { ...mark, value: { image: "a", env: { KEY: "v" } } });
  });

  it("makes secrets in lists secret, and reads an object by name alone", async () => {
    const roms = [{ name: "conf", files: [{ path: "a", data: "s3cret" }] }];
    const later = pulumi.output([{ name: "p", rom: "r", config: { key: "s3cret" } }]);
    const instance = new unikernel.Instance("one", { image: "a", roms, plugins: later, tags: ["t"] });
    assert.deepEqual(
      await Promise.all(
        [instance.roms, instance.plugins, instance.tags].map((o: pulumi.Output<unknown>) => pulumi.isSecret(o)),
      ),
      [true, true, false],
    );
    assert.deepEqual(roms, [{ name: "conf", files: [{ path: "a", data: "s3cret" }] }], "arguments are left alone");
    const found = unikernel.Instance.get("found", "web");
    assert.equal(await whole(found.id), "web");
  });

  it("can use everything in the design's gateway example", async () => {
    const image = new unikernel.GatewayImage("gateway", {
      context: "./gateway",
      files: { "/etc/tyk.conf": JSON.stringify({ listen_port: 8080 }) },
    });
    const data = new unikernel.Volume("apps", { sizeMb: 64 });
    const gateway = new unikernel.Service("gateway-service", {
      ports: [{ port: 443, destinationPort: 8080, handlers: ["tls", "http"] }],
      replicas: 3,
      template: {
        image: image.ref,
        memoryMb: 1024,
        env: { TYK_GW_SLAVEOPTIONS_APIKEY: pulumi.secret("key") },
        volumes: [{ volume: data.id, at: "/opt/tyk-gateway/apps", readonly: true }],
        scaleToZero: { policy: "idle", stateful: true, cooldownTimeMs: 15_000 },
      },
      rollout: {
        strategy: "rolling",
        maxSurge: 1,
        maxUnavailable: 0,
        stableForMs: 10_000,
        gate: { path: "/hello", match: { "$.status": "pass" } },
      },
    });
    await whole(gateway.urn);
    const { __provider: _text, ...inputs } = registered.find((r) => r.name === "gateway-service")?.inputs ?? {};
    const checked = await check(
      resources.Service,
      {},
      { ...inputs, template: unwrapped(inputs["template"]), __urn: undefined },
    );
    assert.deepEqual(checked.failures, []);
  });

  it("fails at the line that omits a required argument", () => {
    const args = { template: { image: "a" } } as unknown as unikernel.ServiceArgs;
    assert.throws(() => new unikernel.Service("s", args), /Missing required property 'ports' of Service/);
  });

  it("recognises its own resource types", () => {
    const volume = new unikernel.Volume("v", { sizeMb: 1 });
    assert.equal(unikernel.Volume.isInstance(volume), true);
    assert.equal(unikernel.Instance.isInstance(volume), false);
    assert.equal(unikernel.Volume.isInstance({}), false);
  });

  it("passes an explicit provider its settings under full keys, with a secret token", async () => {
    const provider = new unikernel.Provider("fra", { metro: "fra", token: "t" });
    await whole(provider.urn);
    const mine = registered.find((r) => r.type === "pulumi:providers:pulumi-nodejs");
    assert.equal(mine?.inputs["unikernel:metro"], "fra");
    assert.ok("unikernel:token" in mine.inputs);
  });

  it("passes it every other setting as text, with a secret proxy", async () => {
    const provider = new unikernel.Provider("how", {
      metro: "fra",
      controlPlane: "https://plane.example.com",
      timeouts: { createMs: pulumi.output(600_000) },
      maxConcurrency: 4,
      proxy: "http://user:s3cret@proxy:3128",
    });
    await whole(provider.urn);
    const mine = registered.find((r) => r.name === "how");
    assert.equal(mine?.inputs["unikernel:controlPlane"], "https://plane.example.com");
    assert.equal(mine.inputs["unikernel:timeouts"], '{"create":600}', "as the state has it");
    assert.equal(mine.inputs["unikernel:maxConcurrency"], "4");
    assert.doesNotMatch(String(mine.inputs["unikernel:proxy"]), /^http/, "a secret is wrapped");
  });
});
