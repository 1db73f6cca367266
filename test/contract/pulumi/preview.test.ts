/** What a preview finds out by asking the local platform and this machine. */
import assert from "node:assert/strict";
import * as net from "node:net";
import { UNKNOWN } from "../../../provider/definition/unknowns";
import { DynamicProcess } from "../../support/dynamicProcess";
import { freePort } from "../../support/freePorts";
import { TestPlatform } from "../../support/testPlatform";

type Json = Record<string, unknown>;

const urnOf = (kind: string, name: string): string =>
  `urn:pulumi:dev::test::pulumi-nodejs:dynamic/unikernel:${kind}::${name}`;
const reasons = ({ failures }: { failures: readonly { reason: string }[] }): readonly string[] =>
  failures.map(({ reason }) => reason);

/** The local platform, and a provider process of one kind that is set to it. */
function onLocalPlatform(kind: string) {
  const scene = {} as { platform: TestPlatform; provider: DynamicProcess };
  before(async () => {
    scene.platform = await TestPlatform.open();
    await scene.platform.start();
    process.env["UNIKERNEL_STATE_DIR"] = scene.platform.paths.stateDir;
    scene.provider = await DynamicProcess.start(kind, { "unikernel:metro": "local" });
  });
  after(async () => {
    await scene.provider.stop();
    await scene.platform.close();
    delete process.env["UNIKERNEL_STATE_DIR"];
  });
  return scene;
}

describe("a preview of published ports", () => {
  const scene = onLocalPlatform("Service");
  const inputsOf = (name: string, port: number): Json => ({
    __urn: urnOf("Service", name),
    ports: [{ port }],
    replicas: 0,
    template: { image: "app:1" },
  });

  it("rejects the port of another program on this machine, and accepts it when that is gone", async () => {
    const program = net.createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => program.once("listening", resolve));
    const { port } = program.address() as net.AddressInfo;
    const check = () => scene.provider.check({}, inputsOf("web", port));
    assert.deepEqual(reasons(await check()), [
      `IN_USE: ports[0].port: another program on this machine listens on port ${port}. Publish another port, or stop the program that uses it.`,
    ]);
    await new Promise((resolve) => program.close(resolve));
    assert.deepEqual(reasons(await check()), []);
  });

  it("names the service that publishes the port, and accepts its replacement", async () => {
    const port = await freePort();
    const first = await scene.provider.check({}, inputsOf("first", port));
    assert.deepEqual(first.failures, []);
    const { outs } = await scene.provider.create(first.inputs);
    // A new process, as for the next update.
    const next = await DynamicProcess.start("Service", { "unikernel:metro": "local" });
    try {
      assert.deepEqual(reasons(await next.check({}, inputsOf("second", port))), [
        `IN_USE: ports[0].port: service '${String(outs["name"])}' of the local platform publishes port ${port}. Publish another port, or delete that service first.`,
      ]);
    } finally {
      await next.stop();
    }
    const replacing = await DynamicProcess.start("Service", { "unikernel:metro": "local" });
    try {
      assert.deepEqual(reasons(await replacing.check({}, inputsOf("first", port))), []);
      assert.deepEqual(reasons(await replacing.check({}, inputsOf("second", port))), [
        `IN_USE: ports[0].port: Service 'first' of this program publishes port ${port} too. Publish another port in one of them.`,
      ]);
    } finally {
      await replacing.stop();
    }
  });
});

describe("a preview of a volume that grows", () => {
  const scene = onLocalPlatform("Volume");

  it("fails without allowRestart, says what is restarted with it, and asks nothing if the size stays", async () => {
    const { platform, provider } = scene;
    const news = { __urn: urnOf("Volume", "data"), name: "data", sizeMb: 16 };
    const { inputs } = await provider.check({}, news);
    const { id } = await provider.create(inputs);
    const [mark = ""] = (await platform.requestItem("GET", `/v1/volumes?uuid=${id}`))["tags"] as string[];
    const tags = [mark.replace(/:[0-9a-f]{16}$/, ":0123456789abcdef")];
    await platform.createRunning({ name: "db", tags, volumes: [{ uuid: id, at: "/data" }] });
    const grow = (more: Json) => provider.check(inputs, { ...news, sizeMb: 32, ...more });
    assert.deepEqual(reasons(await grow({})), [
      "IN_USE: sizeMb: Volume 'data' cannot grow while instance 'db' uses it. Set allowRestart: true on the volume to let the update stop instance 'db', grow the volume and start it again.",
    ]);
    assert.deepEqual(reasons(await grow({ sizeMb: 16, tags: ["x"] })), []);
    assert.deepEqual(provider.printed, []);
    assert.deepEqual(reasons(await grow({ allowRestart: true })), []);
    assert.deepEqual(provider.printed, [
      "Volume 'data': the update stops instance 'db' before it grows the volume, and starts it afterwards.",
    ]);
    const patch = { uuid: (await platform.requestItem("GET", "/v1/instances?name=db")).uuid, prop: "tags", op: "set" };
    await platform.requestItem("PATCH", "/v1/instances", [{ ...patch, value: ["theirs"] }]);
    assert.match(
      reasons(await grow({ allowRestart: true })).join(),
      /^IN_USE: sizeMb: .*, which this stack does not manage\./,
    );
  });
});

describe("a preview of an adoption", () => {
  const scene = onLocalPlatform("Volume");
  const check = (given: Json) => scene.provider.check({}, { __urn: urnOf("Volume", "data"), adopt: true, ...given });
  before(() => scene.platform.requestItem("POST", "/v1/volumes", { name: "theirs", size_mb: 16, tags: ["old"] }));
  beforeEach(() => (scene.provider.printed.length = 0));

  it("says which object is taken over and which properties change", async () => {
    assert.deepEqual(reasons(await check({ name: "theirs", sizeMb: 32, tags: ["new"] })), []);
    assert.deepEqual(scene.provider.printed, [
      "Volume 'data': adopts the existing volume 'theirs' and changes sizeMb, tags.",
      "Volume 'data': the update will grow it from 16 to 32 MiB, then set the tags to new.",
    ]);
  });

  it("leaves open what is not known yet", async () => {
    assert.deepEqual(reasons(await check({ name: "theirs", sizeMb: 16, tags: [UNKNOWN] })), []);
    assert.deepEqual(scene.provider.printed, [
      "Volume 'data': adopts the existing volume 'theirs'.",
      "Volume 'data': tags may change (value not known yet).",
    ]);
  });

  it("fails for an object that cannot be adopted in place, and names the properties", async () => {
    assert.deepEqual(reasons(await check({ name: "theirs", sizeMb: 8, filesystem: "virtiofs" })), [
      'ALREADY_EXISTS: sizeMb: the existing volume \'theirs\' cannot be adopted: sizeMb (object: 16, program: 8), filesystem (object: "ext4", program: "virtiofs") cannot be changed in place. Give these properties the values that the object has, or choose another name.',
    ]);
    assert.deepEqual(scene.provider.printed, []);
  });

  it("says nothing if there is no such object", async () => {
    assert.deepEqual(reasons(await check({ name: "nobody's", sizeMb: 8 })), []);
    assert.deepEqual(scene.provider.printed, []);
  });

  it("accepts the predecessor of a replacement, of which the engine does not tell", async () => {
    const { inputs } = await check({ name: "own", sizeMb: 16 });
    await scene.provider.create(inputs);
    const next = await DynamicProcess.start("Volume", { "unikernel:metro": "local" });
    try {
      const { failures } = await next.check(
        {},
        { __urn: urnOf("Volume", "data"), name: "own", sizeMb: 8, adopt: true },
      );
      assert.deepEqual([failures, next.printed], [[], []]);
    } finally {
      await next.stop();
    }
  });
});

for (const [kind, given, changes] of [
  ["Instance", { image: "app:1", memoryMb: 256 }, "memoryMb"],
  ["Service", { ports: [], replicas: 0, softLimit: 5, template: { image: "app:1" } }, "softLimit"],
] as const) {
  describe(`a preview of the adoption of ${kind === "Instance" ? "an instance" : "a service"}`, () => {
    const scene = onLocalPlatform(kind);

    it("says what changes, also while other properties are not known", async () => {
      const { platform, provider } = scene;
      const port = await freePort();
      const group = { service_group: { name: "theirs", services: [{ port, destination_port: 8080 }] } };
      await platform.createRunning({ name: "theirs", ...(kind === "Service" ? group : {}) });
      const ports = kind === "Service" ? { ports: [{ port, destinationPort: 8080 }] } : {};
      const inputs = { __urn: urnOf(kind, "it"), name: "theirs", adopt: true, ...given, ...ports };
      assert.deepEqual(reasons(await provider.check({}, inputs)), []);
      const whole = `${kind} 'it': adopts the existing ${kind.toLowerCase()} 'theirs' and changes ${changes}.`;
      assert.equal(provider.printed[0], whole);
      const unknowns = kind === "Service" ? { template: UNKNOWN } : { image: UNKNOWN, env: UNKNOWN };
      provider.printed.length = 0;
      assert.deepEqual(reasons(await provider.check({}, { ...inputs, ...unknowns })), []);
      assert.ok(provider.printed.every((line) => line.startsWith(`${kind} 'it': `)));
    });
  });
}
