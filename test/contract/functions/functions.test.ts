/** Functions as a program calls them, against the local platform. */
import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import * as unikernel from "../../../sdk";
import { eventually } from "../../support/localPlatform";
import { TestPlatform } from "../../support/testPlatform";

/** The value of an output with its secret flag. */
const whole = <T>(output: pulumi.Output<T>): Promise<T> => (output as unknown as { promise(): Promise<T> }).promise();

const messageOf = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => "no error",
    (error: unknown) => (error instanceof Error ? error.message : String(error)),
  );

describe("functions", () => {
  let platform: TestPlatform;
  let before: Record<string, string | undefined>;

  beforeEach(async () => {
    platform = await TestPlatform.open();
    await platform.start();
    before = { UKC_METRO: process.env["UKC_METRO"], UKC_TOKEN: process.env["UKC_TOKEN"] };
    Object.assign(process.env, { UKC_METRO: platform.daemon.url, UKC_TOKEN: platform.daemon.token });
  });

  afterEach(async () => {
    for (const [name, value] of Object.entries(before)) {
      if (value === undefined) Reflect.deleteProperty(process.env, name);
      else process.env[name] = value;
    }
    await platform.close();
  });

  it("read one object by uuid and by name", async () => {
    const { uuid } = await platform.createRunning({ name: "one", memory_mb: 64, env: { SECRET: "s3cret-value" } });
    const byUuid = await unikernel.getInstance({ uuid });
    const byName = await unikernel.getInstance({ name: "one" });
    assert.ok((byName.uptimeMs ?? 0) >= (byUuid.uptimeMs ?? Infinity), "it runs on between the two");
    assert.deepEqual({ ...byUuid, uptimeMs: 0 }, { ...byName, uptimeMs: 0 });
    assert.deepEqual([byUuid.name, byUuid.state, byUuid.memoryMb, byUuid.startCount], ["one", "running", 64, 1]);
    assert.match(byUuid.digest, /^sha256:[0-9a-f]{64}$/);
    assert.doesNotMatch(JSON.stringify(byUuid), /s3cret-value/);
  });

  it("report invalid arguments and objects that do not exist", async () => {
    assert.match(await messageOf(unikernel.getVolume({})), /^INPUT_INVALID: .*exactly one of 'uuid' and 'name'/);
    assert.match(
      await messageOf(unikernel.getVolume({ nam: "x" } as unikernel.GetVolumeArgs)),
      /^INPUT_INVALID: .*nam: unknown property; did you mean 'name'\?/,
    );
    assert.match(await messageOf(unikernel.getVolume({ name: "nothing" })), /^NOT_FOUND: Reading volume 'nothing'/);
    process.env["UKC_TOKEN"] = "wrong";
    assert.match(await messageOf(unikernel.getQuotas()), /^API_UNAUTHORIZED: /);
  });

  it("list every page, each object once, oldest first", async () => {
    const names = Array.from({ length: 207 }, (_, index) => `i${String(index).padStart(3, "0")}`);
    const odd = (index: number): string[] => (index % 2 === 0 ? ["even"] : ["odd", `n:${index}`]);
    // An account's quotas are far lower: only one kind is listed here.
    for (const [index, name] of names.slice(0, 60).entries()) {
      await platform.requestItem("POST", "/v1/instances", { name, image: "app:1", tags: odd(index) });
    }
    const all = await unikernel.getInstances();
    assert.deepEqual(
      all.instances.map(({ name }) => name),
      names.slice(0, 60),
    );
    const some = await unikernel.getInstances({ tags: ["odd"], namePrefix: "i00" });
    assert.deepEqual(
      some.instances.map(({ name }) => name),
      ["i001", "i003", "i005", "i007", "i009"],
    );
    assert.deepEqual((await unikernel.getInstances({ states: ["running"] })).instances, []);
    for (const name of names)
      await platform.requestItem("POST", "/v1/services", {
        name,
        services: [{ port: 0 + 20000 + names.indexOf(name) }],
      });
    const services = await unikernel.getServices();
    assert.deepEqual(
      services.services.map(({ name }) => name),
      names,
    );
  });

  it("read a service with its ports, domains and members", async () => {
    const port = 21_731;
    const service = await platform.requestItem("POST", "/v1/services", {
      name: "web",
      services: [{ port, destination_port: 8080 }],
    });
    await platform.createRunning({ name: "one", service_group: { uuid: service.uuid } });
    const read = await unikernel.getService({ name: "web" });
    assert.deepEqual(
      read.ports.map((one) => [one.port, one.destinationPort]),
      [[port, 8080]],
    );
    assert.deepEqual(
      read.instances.map(({ name }) => name),
      ["one"],
    );
    assert.ok(read.fqdns.length > 0 && read.fqdns.every((fqdn) => !fqdn.endsWith(".")));
  });

  it("read part of a log, images and quotas", async () => {
    platform.guests.set("talker", { console: "hello from the guest\n", onStop: { kind: "exited", exitCode: 0 } });
    const { uuid } = await platform.createRunning({ name: "talker" });
    await eventually("the guest has spoken", async () => (await unikernel.getInstanceLogs({ uuid })).output !== "");
    const log = await unikernel.getInstanceLogs({ uuid, offsetBytes: 6, limitBytes: 4 });
    assert.deepEqual([log.output, log.rangeStart, log.rangeEnd], ["from", 6, 10]);
    assert.deepEqual(
      (await unikernel.getImages({ tags: ["app:1"] })).images.map(({ tags }) => tags),
      [["app:1"]],
    );
    const quotas = await unikernel.getQuotas();
    assert.deepEqual([quotas.used.instances, quotas.hard.instances], [1, 64]);
  });

  it("accept outputs and wait for their dependencies", async () => {
    const volume = await platform.requestItem("POST", "/v1/volumes", { name: "data", size_mb: 16 });
    const read = await whole(unikernel.getVolumeOutput({ uuid: pulumi.output(volume.uuid) }));
    assert.deepEqual([read.name, read.sizeMb, read.attachedTo], ["data", 16, []]);
  });

  it("return secrets only for secret arguments, never because the token is secret", async () => {
    await platform.requestItem("POST", "/v1/volumes", { name: "data", size_mb: 16 });
    pulumi.runtime.setAllConfig({ "unikernel:token": platform.daemon.token }, ["unikernel:token"]);
    try {
      const plain = unikernel.getVolumeOutput({ name: "data" });
      const hidden = unikernel.getVolumeOutput({ name: pulumi.secret("data") });
      assert.deepEqual([(await whole(plain)).sizeMb, (await whole(hidden)).sizeMb], [16, 16]);
      assert.deepEqual([await pulumi.isSecret(plain), await pulumi.isSecret(hidden)], [false, true]);
    } finally {
      pulumi.runtime.setAllConfig({});
    }
  });

  it("use the settings of the given Provider", async () => {
    const other = await TestPlatform.open();
    try {
      await other.start();
      await other.requestItem("POST", "/v1/volumes", { name: "elsewhere", size_mb: 16 });
      await pulumi.runtime.setMocks({
        newResource: ({ name, inputs }) => ({ id: name, state: inputs as object }),
        call: () => ({}),
      });
      const provider = new unikernel.Provider("other", { metro: other.daemon.url, token: other.daemon.token });
      const { volumes } = await unikernel.getVolumes({}, { provider });
      assert.deepEqual(
        volumes.map(({ name }) => name),
        ["elsewhere"],
      );
      assert.deepEqual((await unikernel.getVolumes()).volumes, []);
    } finally {
      await other.close();
    }
  });
});
