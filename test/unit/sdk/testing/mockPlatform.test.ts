import assert from "node:assert/strict";
import * as path from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { answerInvokes } from "../../../../provider/pulumi/invoke";
import * as unikernel from "../../../../sdk";
import { RejectedProgramError, mockPlatform } from "../../../../sdk/testing";
import { makeCertificate } from "../../../support/certificates";

/** Runs a program that must be rejected; returns the rejections as `Kind 'name': message`. */
async function rejectionsOf(program: () => unknown, metro = "local"): Promise<readonly string[]> {
  const error: unknown = await mockPlatform({ metro })
    .run(program)
    .then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
  assert.ok(error instanceof RejectedProgramError, String(error));
  return error.rejections.map(({ kind, name, message }) => `${kind} '${name}': ${message}`);
}

const HTTPS = { port: 443, destinationPort: 8080, handlers: ["tls", "http"] as const };

describe("the mocked platform", function () {
  after(() => answerInvokes(undefined)); // other tests of this process ask a metro
  this.timeout(60_000); // the first run loads the provider
  it("fills in defaults and outputs, and passes them on", async () => {
    const platform = mockPlatform({ metro: "local" });
    const outputs = await platform.run(() => {
      const redis = new unikernel.Instance("redis", { name: "redis", image: "redis:7.2", autostart: true });
      const env = { REDIS: redis.privateFqdn };
      const web = new unikernel.Service("web", {
        name: "web",
        ports: [HTTPS],
        replicas: 2,
        template: { image: "app:1", env },
      });
      return {
        ...{ fqdn: redis.privateFqdn, state: redis.state, ip: redis.privateIp },
        url: web.url,
        members: web.instances,
      };
    });
    assert.deepEqual(
      { ...outputs, members: outputs.members.map(({ state }) => state) },
      {
        fqdn: "redis.internal",
        state: "running",
        ip: "172.16.0.16",
        url: "https://web.localhost",
        members: ["running", "running"],
      },
    );
    assert.deepEqual(platform.find("Service", "web").inputs["template"], {
      image: "app:1",
      env: { REDIS: "redis.internal" },
    });
    const { memoryMb, restartPolicy } = platform.find("Instance", "redis").outputs as Record<string, unknown>;
    assert.deepEqual([memoryMb, restartPolicy], [128, "never"]);
    assert.throws(
      () => platform.find("Volume", "data"),
      /declared no Volume 'data'. Declared: Instance 'redis', Service 'web'/,
    );
  });

  it("gives the same values in every run", async () => {
    const program = () => {
      const { id, digest } = new unikernel.Instance("redis", { image: "redis:7.2" });
      return { id, digest };
    };
    const platform = mockPlatform();
    const first = await platform.run(program);
    assert.deepEqual(await platform.run(program), first);
    assert.match(first.digest, /^sha256:[0-9a-f]{64}$/);
  });

  it("rejects what a preview rejects, with its code and message", async () => {
    const rejections = await rejectionsOf(() => {
      const redis = new unikernel.Instance("redis", { image: "redis:7.2", memoryMb: 1 });
      new unikernel.Service("waits", {
        ports: [HTTPS],
        template: { image: "app:1", env: { REDIS: redis.privateFqdn } },
      });
      new unikernel.Service("web", { ports: [{ port: 80 }], template: { image: "app:1" } });
    });
    assert.deepEqual([...rejections].sort(), [
      "Instance 'redis': INPUT_INVALID: memoryMb: must be at least 16, got 1.",
      `Service 'web': INPUT_INVALID: ports[0].handlers: port 80 needs the handler "http"; write handlers: ["http"], or publish another port for plain TCP.`,
    ]);
  });

  it("rejects names, ports and quotas that clash within the program", async () => {
    const [name] = await rejectionsOf(() => {
      new unikernel.Volume("a", { name: "data", sizeMb: 64 });
      new unikernel.Volume("b", { name: "data", sizeMb: 64 });
    });
    assert.match(name ?? "", /^Volume 'b': ALREADY_EXISTS: .*'data'/);
    const [port] = await rejectionsOf(() => {
      for (const one of ["a", "b"])
        new unikernel.Service(one, { ports: [{ port: 5432 }], template: { image: "db:1" } });
    });
    assert.match(port ?? "", /^Service 'b': \w+: .*5432/);
    const [quota] = await rejectionsOf(() => new unikernel.Volume("big", { sizeMb: 1_000_000 }));
    assert.match(quota ?? "", /^Volume 'big': QUOTA_EXCEEDED: /);
  });

  it("rejects references to what does not exist", async () => {
    const volumes = [{ volume: "nothing", at: "/data" }];
    const missing = await rejectionsOf(() => {
      new unikernel.Instance("a", { image: "app:1", volumes });
      new unikernel.Instance("b", { image: "app:1", service: "nothing" });
      unikernel.Volume.get("c", "nothing");
    });
    assert.equal(missing.length, 3);
    for (const one of missing) assert.match(one, /: NOT_FOUND: .*'nothing'/);
  });

  it("answers functions and look-ups from what was declared", async () => {
    const found = await mockPlatform().run(async () => {
      const data = new unikernel.Volume("data", { name: "data", sizeMb: 64, tags: ["team"] });
      const web = new unikernel.Instance("web", {
        ...{ name: "web", image: "app:1", volumes: [{ volume: data.id, at: "/data" }] },
        serviceGroup: { name: "edge", ports: [HTTPS] },
      });
      const dependsOn = [web];
      const byName = { name: "web" };
      await new Promise((resolve) => web.id.apply(resolve));
      return {
        instance: (await unikernel.getInstance(byName)).privateFqdn,
        instances: unikernel
          .getInstancesOutput({}, { dependsOn })
          .instances.apply((all) => all.map(({ name }) => name)),
        logs: (await unikernel.getInstanceLogs(byName)).output,
        metrics: (await unikernel.getInstanceMetrics(byName)).state,
        volume: (await unikernel.getVolume({ name: "data" })).state,
        volumes: (await unikernel.getVolumes({ tags: ["team"] })).volumes.length,
        service: (await unikernel.getService({ name: "edge" })).fqdns,
        used: (await unikernel.getQuotas()).used.instances,
        metros: (await unikernel.getMetros()).metros.map(({ name }) => name),
        images: (await unikernel.getImages({ digests: [`sha256:${"a".repeat(64)}`] })).images.length,
        lookedUp: unikernel.Instance.get("same", web.id).privateFqdn,
        url: web.url,
      };
    });
    assert.deepEqual(found, {
      ...{ instance: "web.internal", instances: ["web"], logs: "", metrics: "running", volume: "mounted", volumes: 1 },
      ...{ service: ["edge.localhost"], used: 1, metros: ["local"], images: 1, lookedUp: "web.internal" },
      url: "https://edge.localhost",
    });
    await assert.rejects(
      mockPlatform().run(() => unikernel.getInstance({ name: "web" })),
      /NOT_FOUND: .*'web'/,
    );
    await assert.rejects(
      mockPlatform().run(() => unikernel.getInstance({})),
      /INPUT_INVALID: getInstance/,
    );
  });

  it("knows certificates, clones, jobs, templates and autoscale", async () => {
    const { chain, pkey } = makeCertificate("www.example.com", ["www.example.com"]);
    const outputs = await mockPlatform({ metro: "fra" }).run(() => {
      const certificate = new unikernel.Certificate("www", { commonName: "www.example.com", chain, key: pkey });
      const domains = [{ name: "www.example.com.", certificate: certificate.id }];
      const template = { image: "app:1", env: { A: pulumi.secret("hidden") } };
      const autoscale = { template: "gateway", maxSize: 8, policies: [{ name: "spare", type: "on-demand" as const }] };
      const web = new unikernel.Service("web", { ports: [HTTPS], domains, template });
      const scaled = new unikernel.Service("scaled", { name: "scaled", ports: [HTTPS], autoscale });
      const job = new unikernel.Instance("job", { image: "job:1", waitFor: "completed" });
      const original = new unikernel.Volume("original", { sizeMb: 32 });
      const clone = new unikernel.Volume("clone", { cloneFrom: original.id });
      return {
        certificate: certificate.state,
        url: web.url,
        scaled: scaled.url,
        job: job.state,
        code: job.exitCode,
        size: clone.sizeMb,
      };
    });
    assert.deepEqual(outputs, {
      ...{
        certificate: "valid",
        url: "https://www.example.com",
        scaled: "https://scaled.fra.unikraft.app",
        job: "stopped",
        code: 0,
        size: 32,
      },
    });
  });

  it("keeps metros apart, and takes settings of a Provider", async () => {
    const platform = mockPlatform({ metro: "local" });
    const urls = await platform.run(() => {
      const provider = new unikernel.Provider("eu", { metro: "fra" });
      const args = { name: "web", ports: [HTTPS], template: { image: "app:1" } };
      return [new unikernel.Service("here", args), new unikernel.Service("there", args, { provider })].map(
        ({ url }) => url,
      );
    });
    assert.deepEqual(urls, ["https://web.localhost", "https://web.fra.unikraft.app"]);
    assert.equal(platform.find("Service", "there").provider, "eu");
    const [wrong] = await rejectionsOf(() => new unikernel.Volume("a", { sizeMb: 64 }), "Frankfurt am Main");
    assert.match(wrong ?? "", /^Volume 'a': CONFIG_INVALID: /);
  });

  it("passes waves and plans images without building them", async () => {
    const context = path.resolve("examples/quickstart/site");
    const outputs = await mockPlatform().run(() => {
      const image = new unikernel.GatewayImage("gateway", { context });
      const service = { ports: [HTTPS], rollout: { gate: { path: "/ready" } }, template: { image: image.ref } };
      const { waves } = new unikernel.RolloutWaves("web", { waves: [{ name: "first" }, { name: "second" }], service });
      return { ref: image.ref, digest: image.digest, passed: waves.map(({ passed }) => passed.passedAt) };
    });
    assert.match(outputs.ref, /^gateway-[0-9a-f]{7}@sha256:[0-9a-f]{64}$/);
    assert.equal(outputs.ref.split("@")[1], outputs.digest);
    assert.deepEqual(outputs.passed, ["2026-01-01T00:00:00.000Z", "2026-01-01T00:00:00.000Z"]);
  });

  it("keeps secrets secret", async () => {
    const secrets = await mockPlatform().run(() => {
      const one = new unikernel.Instance("one", { image: "app:1", env: { KEY: pulumi.secret("hidden") } });
      return Promise.all([pulumi.isSecret(one.env), pulumi.isSecret(one.image)]);
    });
    assert.deepEqual(secrets, [true, false]);
  });

  it("checks in a preview, and leaves outputs unknown", async () => {
    const platform = mockPlatform({ preview: true });
    const outputs = await platform.run(() => {
      const redis = new unikernel.Instance("redis", { image: "redis:7.2", memoryMb: 256 });
      const env = { REDIS: redis.privateFqdn };
      new unikernel.Service("web", { ports: [HTTPS], template: { image: "app:1", env } });
      return { ip: redis.privateIp, memory: redis.memoryMb, nested: [redis.id] };
    });
    assert.deepEqual(outputs, { ip: undefined, memory: 256, nested: [undefined] });
    assert.deepEqual(platform.find("Service", "web").inputs["template"], { image: "app:1", env: undefined });
  });

  it("works beside other packages and their mocks", async () => {
    class Secret extends pulumi.CustomResource {
      declare readonly key: pulumi.Output<string>;
      constructor(name: string, args: object) {
        super("kubernetes:core/v1:Secret", name, { key: undefined, ...args });
      }
    }
    const program = () => {
      const secret = new Secret("keys", { data: "x" });
      const { env } = new unikernel.Instance("one", { image: "app:1", env: { KEY: secret.key } });
      return { env, id: secret.id };
    };
    const foreign: pulumi.runtime.Mocks = {
      newResource: ({ name, inputs }) => ({ id: `${name}-7`, state: { ...(inputs as object), key: "from the mock" } }),
      call: ({ token }) => ({ token }),
    };
    const mocked = mockPlatform({ foreign });
    assert.deepEqual(await mocked.run(program), { env: { KEY: "from the mock" }, id: "keys-7" });
    assert.deepEqual(await mocked.run(() => pulumi.runtime.invoke("aws:x:y", {})), { token: "aws:x:y" });
    const plain = mockPlatform();
    assert.equal(await plain.run(() => new Secret("keys", { data: "x" }).id), "keys-id");
    assert.deepEqual(plain.find("kubernetes:core/v1:Secret", "keys").inputs, { data: "x" });
    await assert.rejects(
      plain.run(() => pulumi.runtime.invoke("aws:x:y", {})),
      /No mock answers the function aws:x:y/,
    );
  });

  it("reports the program's own error", async () => {
    await assert.rejects(
      mockPlatform().run(() => {
        throw new Error("no such tenant");
      }),
      /no such tenant/,
    );
    assert.deepEqual(mockPlatform().resources, []);
  });

  it("reports errors of the program that nothing awaits, in any test runner, and only during a run", async () => {
    const listeners = process.listeners("unhandledRejection");
    const platform = mockPlatform();
    const throwing = (): never => {
      throw new Error("no such tenant");
    };
    const one = (args = {}) => new unikernel.Instance("one", { image: "app:1", ...args });
    await assert.rejects(
      platform.run(() => void one().id.apply(throwing)),
      /^Error: no such tenant$/,
    );
    await assert.rejects(
      platform.run(() => one({ args: [pulumi.output("a").apply(throwing)] }).id),
      /property "args.*no such tenant/,
    );
    const failed = () => void Promise.reject(new Error("not awaited"));
    await assert.rejects(platform.run(failed), /^Error: not awaited$/);
    const foreign = { newResource: throwing, call: throwing };
    class Tenant extends pulumi.CustomResource {}
    await assert.rejects(
      mockPlatform({ foreign }).run(() => void new Tenant("acme:index:Tenant", "one")),
      /one \[acme:index:Tenant\]: no such tenant/,
    );
    assert.equal(await platform.run(() => one().name), platform.find("Instance", "one").outputs?.["name"]);
    assert.deepEqual(process.listeners("unhandledRejection"), listeners);
  });

  it("waits for callbacks that take longer than the registrations, and reports their errors", async () => {
    const apply = Object.getOwnPropertyDescriptor(
      (pulumi.Output as unknown as { prototype: object }).prototype,
      "apply",
    );
    const platform = mockPlatform();
    const later = () => new Promise((resolve) => setTimeout(resolve, 20));
    const one = () => new unikernel.Instance("one", { name: "one", image: "app:1" });
    await platform.run(() =>
      void one().id.apply(async () => {
        await later();
        const { name } = await unikernel.getInstance({ name: "one" });
        new unikernel.Volume(name, { sizeMb: 64 }).id.apply(async () => {
          await later();
          new unikernel.Volume("last", { sizeMb: 64 });
        });
      }),
    ); // prettier-ignore
    assert.deepEqual(platform.resources.map(({ name }) => name), ["one", "one", "last"]); // prettier-ignore
    const failing = () =>
      void one().id.apply(async () => {
        await later();
        throw new Error("no such tenant");
      });
    await assert.rejects(platform.run(failing), /^Error: no such tenant$/);
    assert.deepEqual(Object.getOwnPropertyDescriptor((pulumi.Output as unknown as { prototype: object }).prototype, "apply"), apply); // prettier-ignore
  });

  it("rejects a URN that was there before, as the engine does, and no other", async () => {
    const child = (parent?: pulumi.Resource) =>
      void new unikernel.Instance("one", { image: "app:1" }, parent && { parent });
    const component = (type: string, name: string, parent?: pulumi.Resource) =>
      new pulumi.ComponentResource(`acme:index:${type}`, name, {}, parent && { parent });
    const platform = mockPlatform({ project: "shop", stack: "test" });
    await assert.rejects(
      platform.run(() => [child(), child()]),
      /Duplicate resource URN 'urn:pulumi:test::shop::pulumi-nodejs:dynamic\/unikernel:Instance::one'; try giving it/,
    );
    await assert.rejects(
      platform.run(() => [child(component("Team", "a")), child(component("Team", "b"))]),
      /URN 'urn:pulumi:test::shop::acme:index:Team\$pulumi-nodejs:dynamic\/unikernel:Instance::one'/,
    );
    await platform.run(() => {
      child();
      child(component("Fleet", "x", component("Team", "a")));
      child(component("Fleet", "x", component("Region", "a")));
    });
    assert.equal(platform.resources.filter(({ kind }) => kind === "Instance").length, 3);
  });

  it("leaves errors of a program that failed out of the next run", async () => {
    const platform = mockPlatform();
    const fleet = () => new unikernel.GatewayFleet("gateway", { image: "app:1" });
    await assert.rejects(
      platform.run(() => [fleet(), fleet()]),
      /Duplicate resource URN/,
    );
    await platform.run(() => fleet());
  });

  it("ends a run when the next one begins, so that a program that never ends spoils no other test", async () => {
    const listeners = process.listeners("unhandledRejection");
    const [platform, other] = [mockPlatform(), mockPlatform()];
    const hanging = platform.run(() => new Promise(() => undefined));
    const next = other.run(() => new unikernel.Instance("one", { name: "one", image: "app:1" }).name);
    await assert.rejects(hanging, /Another run began before this one ended.* Await each run/);
    assert.equal(await next, "one");
    assert.deepEqual(process.listeners("unhandledRejection"), listeners);
  });
});
