import assert from "node:assert/strict";
import * as fc from "fast-check";
import { createInstanceRequest, type InstanceItem } from "../../../../provider/contract/models";
import { check } from "../../../../provider/definition/check";
import { diff } from "../../../../provider/definition/diff";
import { instance } from "../../../../provider/resources/instance/resource";
import type { InstanceInputs } from "../../../../provider/resources/instance/inputs";
import { routes } from "../../../../provider/contract/routes";
import { readInputs, toCreateRequest } from "../../../../provider/resources/instance/wire";
import { canonicalImage, itemOf, uuidOf } from "../../../support/fakeInstances";
import { anyInstance } from "../../../support/anyInstance";

const checked = async (args: object): Promise<InstanceInputs> => {
  const { inputs, failures } = await check(instance, {}, { name: "it", ...args });
  assert.deepEqual(failures, [], JSON.stringify(args));
  return inputs as InstanceInputs;
};
const driftOf = (item: object, inputs: InstanceInputs): readonly string[] =>
  diff(instance, readInputs(item as InstanceItem, inputs), inputs).map(({ property }) => property);

/** An instance with every input that can be combined. */
const FULL = {
  image: "acme/web:1",
  args: ["/web", "--port=8080"],
  env: { KEY: "value" },
  memoryMb: 256,
  vcpus: 2,
  volumes: [
    { volume: uuidOf("7", 1), at: "/data" },
    { volume: "logs", at: "/logs", readonly: true },
  ],
  ephemeralVolumes: [{ at: "/tmp", sizeMb: 8 }],
  restartPolicy: "on-failure",
  scaleToZero: { policy: "idle", stateful: true, cooldownTimeMs: 5000, notifyTimeMs: 100 },
  roms: [
    { name: "conf", files: [{ path: "a.conf", data: "a" }], at: "/conf" },
    { name: "models", image: "acme/models:2", at: "/models" },
  ],
  plugins: [{ name: "agent", rom: "acme/agent:1", config: { level: 3 } }],
  tags: ["one", "two"],
  annotations: { "acme.com/owner": "me" },
  hostname: "www",
  dependencies: [uuidOf("1", 7), "database"],
  schedules: [
    { name: "night", when: "*-*-* 03:00:00", action: "exec", args: ["/clean"] },
    { name: "morning", when: "Mon..Fri 08:00", action: "start" },
  ],
  autokill: { timeMs: 60_000, numRequests: 1000 },
  schedPriority: "high",
  service: "shop",
  deleteLock: true,
} as const;

/** Input → a manual change, in the API's words. */
const BY_HAND: Readonly<Record<string, object>> = {
  image: { image: canonicalImage("acme/other:1") },
  args: { args: ["/web"] },
  env: { env: { KEY: "other" } },
  memoryMb: { memory_mb: 512 },
  vcpus: { vcpus: 1 },
  volumes: {
    volumes: [
      { uuid: uuidOf("7", 1), name: "a", at: "/data", readonly: false },
      { uuid: uuidOf("7", 9), name: "own", at: "/tmp", readonly: false },
    ],
  },
  restartPolicy: { restart_policy: "never" },
  scaleToZero: { scale_to_zero: { enabled: false, policy: "off" } },
  roms: { roms: [] },
  plugins: { plugins: [{ name: "agent", rom: canonicalImage("acme/agent:1"), config: { level: 4 } }] },
  tags: { tags: ["one"] },
  annotations: { annotations: { "acme.com/owner": "you" } },
  hostname: { hostname: "ftp" },
  dependencies: { dependencies: [] },
  schedules: { schedules: [{ name: "night", when: "*-*-* 04:00:00", action: "exec", args: ["/clean"] }] },
  autokill: { autokill: { time_ms: 60_000 } },
  schedPriority: { sched_priority: "normal" },
  service: { service_group: undefined },
  deleteLock: { delete_lock: false },
};

describe("the wire format of an instance", () => {
  it("keeps names that only JavaScript finds special, through check, request, read and diff", async () => {
    const env = JSON.parse('{"__proto__": "x", "constructor": "y"}') as Record<string, string>;
    const inputs = await checked({ image: "a", env });
    const text = (value: unknown): string => JSON.stringify(Object.entries(value as object).toSorted());
    assert.equal(text(inputs.env), text(env));
    assert.equal(text(toCreateRequest(inputs).env), text(env));
    assert.equal(text(routes.createInstance.body.parse(toCreateRequest(inputs)).env), text(env));
    const item = routes.getInstances.item.parse(itemOf(toCreateRequest(inputs)));
    assert.equal(text(readInputs(item, inputs).env), text(env));
    const others = await checked({ image: "a", env: JSON.parse('{"__proto__": "z", "constructor": "y"}') as object });
    const none = await checked({ image: "a", env: { constructor: "y" } });
    for (const [olds, news] of [
      [inputs, others],
      [inputs, none],
      [none, inputs],
    ] as const)
      assert.deepEqual(diff(instance, olds, news).map(({ property }) => property), ["env"]); // prettier-ignore
    for (const key of ["__proto__", "constructor", "toString"]) {
      const unknown = JSON.parse(`{"image": "a", "${key}": 1}`) as object;
      const { failures } = await check(instance, {}, { name: "it", ...unknown });
      assert.deepEqual(failures.map(({ property }) => property), [key]); // prettier-ignore
    }
  });

  it("shows no drift for server defaults, set order, notations of references and filled values", async () => {
    await fc.assert(
      fc.asyncProperty(anyInstance, async (args) => {
        const inputs = await checked(args);
        const request = toCreateRequest(inputs);
        assert.equal(createInstanceRequest.safeParse(request).error, undefined, JSON.stringify(request));
        const item = { ...itemOf(request), delete_lock: inputs.deleteLock };
        assert.deepEqual(readInputs(item as InstanceItem, inputs), inputs);
      }),
      { numRuns: 1000 },
    );
  });

  it("shows no drift for a node that reports little", async () => {
    await fc.assert(
      fc.asyncProperty(anyInstance, async (args) => {
        const inputs = await checked(args);
        assert.deepEqual(driftOf({ uuid: "u", name: "it", state: "standby" }, inputs), []);
      }),
      { numRuns: 200 },
    );
  });

  it("shows no drift for an empty list of arguments", async () => {
    const inputs = await checked({ image: "a", args: [] });
    assert.deepEqual(driftOf(itemOf(toCreateRequest(inputs)), inputs), []);
  });

  it("omits values equal to the server's default", async () => {
    assert.deepEqual(toCreateRequest(await checked({ image: "a" })), { name: "it", image: "a", autostart: true });
    const off = { policy: "off" as const };
    const zero = { timeMs: 0, numRequests: 0 };
    const inputs = await checked({ image: "a", autostart: false, scaleToZero: off, autokill: zero, type: "micro" });
    assert.deepEqual(toCreateRequest(inputs), { name: "it", image: "a" });
  });

  it("sends an image as an object only with more than a reference", async () => {
    const inputs = await checked({
      image: "a",
      imagePull: { policy: "always", credentials: "c", headers: { A: "b" } },
    });
    assert.deepEqual(toCreateRequest(inputs).image, {
      url: "a",
      pull_policy: "always",
      credentials: "c",
      headers: { A: "b" },
    });
  });

  it("sends a login as base64 of user and password, and shows none that is malformed", async () => {
    const credentials = { username: "ann", password: "s3cret:Value" };
    const inputs = await checked({ image: "a", imagePull: { credentials } });
    // Made with: printf %s 'ann:s3cret:Value' | base64
    assert.deepEqual(toCreateRequest(inputs).image, { url: "a", credentials: "YW5uOnMzY3JldDpWYWx1ZQ==" });
    for (const wrong of [{ ...credentials, email: "x" }, { username: "ann" }, 7, ["s3cret:Value"]]) {
      const { failures } = await check(instance, {}, { image: "a", imagePull: { credentials: wrong } });
      assert.equal(failures.length, 1, JSON.stringify(wrong));
      assert.match(failures[0]?.property ?? "", /^imagePull\.credentials/);
      assert.ok(!JSON.stringify(failures).includes("s3cret"));
    }
  });

  it("names a missing template and how to create it", async () => {
    const prepareTemplate = { image: "acme/web:1", memoryMb: 256, env: { A: "b" }, timeoutMs: 29_001 };
    const inputs = await checked({ template: "web", prepareTemplate });
    assert.deepEqual(toCreateRequest(inputs).template, {
      name: "web",
      prepare: true,
      create_args: { image: "acme/web:1", memory_mb: 256, env: { A: "b" } },
      prepare_timeout_s: 30,
    });
    assert.deepEqual(toCreateRequest(await checked({ branchFrom: uuidOf("1", 1) })).branch_from, {
      uuid: uuidOf("1", 1),
    });
    assert.deepEqual(toCreateRequest(await checked({ checkpoint: "before" })).checkpoint, { name: "before" });
  });

  it("describes an inline service group with domains in the API's notation", async () => {
    const inputs = await checked({
      image: "a",
      serviceGroup: {
        ports: [{ port: 443, destinationPort: 8080, handlers: ["tls", "http"] }],
        domains: [{ name: "shop" }, { name: "www.example.com", certificate: "mine" }],
        hardLimit: 100,
      },
    });
    assert.deepEqual(toCreateRequest(inputs).service_group, {
      services: [{ port: 443, destination_port: 8080, handlers: ["tls", "http"] }],
      domains: [{ name: "shop" }, { name: "www.example.com.", certificate: { name: "mine" } }],
      hard_limit: 100,
    });
  });

  it("matches TCP and UDP ports of one number in any reported order", async () => {
    const ports = [{ port: 53 }, { port: 53, protocol: "udp" }];
    const inputs = await checked({ image: "a", serviceGroup: { ports } });
    const item = itemOf(toCreateRequest(inputs));
    for (const services of [
      ["tcp:53", "udp:53"],
      ["udp:53", "tcp:53"],
    ])
      assert.deepEqual(driftOf({ ...item, services }, inputs), []);
    assert.deepEqual(driftOf({ ...item, services: ["udp:53"] }, inputs), ["serviceGroup"]);
  });

  for (const [property, change] of Object.entries(BY_HAND)) {
    it(`shows manual drift of one property only: ${property}`, async () => {
      const inputs = await checked(FULL);
      const item = { ...itemOf(toCreateRequest(inputs)), delete_lock: true };
      assert.deepEqual(driftOf(item, inputs), []);
      assert.deepEqual(driftOf({ ...item, ...change }, inputs), [property]);
    });
  }

  it("treats a pending change as made, and a failed one as not made", async () => {
    const inputs = await checked({ image: "a", annotations: { A: "new" } });
    const item = itemOf(toCreateRequest(await checked({ image: "a", annotations: { A: "old" } })));
    const update = { prop: "annotations", op: "set", value: { A: "new" } };
    assert.deepEqual(driftOf({ ...item, updates: [{ ...update, status: "pending" }] }, inputs), []);
    assert.deepEqual(driftOf({ ...item, updates: [{ ...update, status: "failed" }] }, inputs), ["annotations"]);
  });

  it("treats a value whose removal is pending as removed", async () => {
    const { image, service } = FULL;
    const inputs = await checked({ image, service });
    const item = { ...itemOf(toCreateRequest(await checked(FULL))), volumes: [], restart_policy: "never" };
    const removable = ["args", "env", "scale_to_zero", "roms", "plugins", "annotations", "hostname", "dependencies"];
    const updates = removable.map((prop, index) => ({ prop, op: index % 2 === 0 ? "del" : "set", status: "pending" }));
    const left = ["memoryMb", "vcpus", "schedPriority", "tags", "schedules", "autokill"];
    assert.deepEqual(driftOf({ ...item, updates }, inputs).toSorted(), left.toSorted());
  });

  it("distinguishes port 53 of TCP from port 53 of UDP", async () => {
    const ports = [{ port: 53 }, { port: 53, protocol: "udp" }];
    const inputs = await checked({ image: "a", serviceGroup: { ports } });
    const item = itemOf(toCreateRequest(inputs));
    for (const services of [
      ["tcp:53", "udp:53"],
      ["udp:53", "tcp:53"],
    ])
      assert.deepEqual(readInputs({ ...item, services } as InstanceItem, inputs), inputs);
    assert.deepEqual(driftOf({ ...item, services: ["udp:53"] }, inputs), ["serviceGroup"]);
    const other = readInputs({ ...item, services: ["udp:54"] } as InstanceItem, inputs);
    assert.deepEqual(other.serviceGroup?.ports, [{ port: 54, protocol: "udp", handlers: [] }]);
  });

  it("leaves defaults to the source of a copy and compares what was requested", async () => {
    const inputs = await checked({ template: "web", vcpus: 2 });
    const item = { ...itemOf(toCreateRequest(inputs)), memory_mb: 512, env: { FROM: "template" }, args: ["/x"] };
    assert.deepEqual(driftOf(item, inputs), []);
    assert.deepEqual(driftOf({ ...item, vcpus: 4 }, inputs), ["vcpus"]);
  });

  it("keeps file content that the server omits, and compares bytes that it returns", async () => {
    const inputs = await checked({ image: "a", roms: [{ name: "r", files: [{ path: "f", data: "text" }] }] });
    const item = itemOf(toCreateRequest(inputs));
    const rom = (file: object) => ({ ...item, roms: [{ name: "r", files: [{ path: "f", ...file }] }] });
    assert.deepEqual(driftOf(rom({}), inputs), []);
    assert.deepEqual(driftOf(rom({ data: Buffer.from("text").toString("base64"), encoding: "base64" }), inputs), []);
    assert.deepEqual(driftOf(rom({ data: "other" }), inputs), ["roms"]);
  });

  it("gives an instance of another creator complete and valid inputs without a difference", async () => {
    await fc.assert(
      fc.asyncProperty(anyInstance, async (args) => {
        const inputs = await checked(args);
        fc.pre(inputs.image !== undefined && inputs.serviceGroup === undefined && inputs.ephemeralVolumes.length === 0);
        const item = { ...itemOf(toCreateRequest(inputs)), delete_lock: inputs.deleteLock } as InstanceItem;
        const { name: _none, ...nothing } = (await check(instance, {}, { image: "x" })).inputs as InstanceInputs;
        const { image: _image, ...empty } = nothing;
        const read = readInputs(item, empty as InstanceInputs);
        const again = await check(instance, {}, read);
        assert.deepEqual(again.failures, []);
        assert.deepEqual(driftOf(item, again.inputs as InstanceInputs), []);
      }),
      { numRuns: 200 },
    );
  });
});
