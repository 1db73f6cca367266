/** The table of changes: every property with every operation, and what it rejects. */
import assert from "node:assert/strict";
import { INSTANCE_PROPS, type InstanceProp } from "../../../../../provider/contract/models";
import { applyPatch } from "../../../../../provider/platform/instances/update/patch";
import { DEFAULT_QUOTAS } from "../../../../../provider/platform/quota/quotaSettings";
import { ApiItemError } from "../../../../../provider/platform/errors";
import type { InstanceDefinition } from "../../../../../provider/platform/store/instances";

const before: InstanceDefinition = {
  ...{ repository: "app", digest: "sha256:1", kernelDigest: "sha256:k", initrdDigest: "sha256:i" },
  ...{ imageArgs: ["/server"], imageEnv: {}, args: ["/bin/x"], argsFromImage: false, env: { A: "1", B: "2" } },
  ...{ memoryMb: 128, vcpus: 1, restartPolicy: "never", scaleToZero: { policy: "on" }, tags: ["a", "b"] },
  ...{ annotations: { k: "v", l: "w" }, deleteLock: true, hostname: "web", deleteOnStop: false, dependencies: ["u1"] },
  roms: [{ name: "r1", at: "/r1", files: [{ path: "f", data: "" }] }],
  schedules: [{ name: "s1", when: "daily", action: "stop" }],
  ...{ autokill: { timeMs: 5, numRequests: 6 }, templateAutokillMs: 0, history: [] },
};
const context = { limits: DEFAULT_QUOTAS.limits, hasService: true };
const change = (prop: InstanceProp, op: "set" | "add" | "del", value?: unknown, from = before, more = {}) =>
  applyPatch(from, { prop, op, value }, { ...context, ...more });
const code = (expected: string) => (error: unknown) => error instanceof ApiItemError && error.itemCode === expected;

const rom = (name: string) => ({ name, at: `/${name}`, files: [{ path: "f", data: "" }] });
const schedule = (name: string) => ({ name, when: "daily", action: "stop" as const });
const image = {
  ...{ repository: "app", digest: "sha256:2", kernelDigest: "sha256:k2", imageArgs: ["/new"], imageEnv: { X: "y" } },
};

/** The reference's table: property, operation, value, and the changed part of the definition. */
const TABLE: [InstanceProp, "set" | "add" | "del", unknown, Partial<InstanceDefinition>][] = [
  ["image", "set", image, { ...image, args: ["/bin/x"], initrdDigest: undefined }],
  ["args", "set", ["/a", "b"], { args: ["/a", "b"] }],
  ["args", "set", "/a", { args: ["/a"] }],
  ["args", "add", ["-v"], { args: ["/bin/x", "-v"] }],
  ["args", "del", undefined, { args: ["/server"], argsFromImage: true }],
  ["env", "set", { C: "3" }, { env: { C: "3" } }],
  ["env", "add", { B: "9", C: "3" }, { env: { A: "1", B: "9", C: "3" } }],
  ["env", "del", "A", { env: { B: "2" } }],
  ["env", "del", ["A", "B", "ghost"], { env: {} }],
  ["env", "del", undefined, { env: {} }],
  ["memory_mb", "set", 256, { memoryMb: 256 }],
  ["vcpus", "set", 2, { vcpus: 2 }],
  ["scale_to_zero", "set", { policy: "idle", stateful: true }, { scaleToZero: { policy: "idle", stateful: true } }],
  ["scale_to_zero", "del", undefined, { scaleToZero: undefined }],
  ["tags", "set", ["c", "c"], { tags: ["c"] }],
  ["tags", "add", ["b", "c"], { tags: ["a", "b", "c"] }],
  ["tags", "del", ["a"], { tags: ["b"] }],
  ["tags", "del", undefined, { tags: [] }],
  ["delete_lock", "set", false, { deleteLock: false }],
  ["delete_lock", "del", undefined, { deleteLock: false }],
  ["schedules", "set", [schedule("s2")], { schedules: [schedule("s2")] }],
  ["schedules", "add", [schedule("s2")], { schedules: [schedule("s1"), schedule("s2")] }],
  ["schedules", "del", ["s1"], { schedules: [] }],
  ["schedules", "del", "ghost", {}],
  ["autokill", "set", { time_ms: 7 }, { autokill: { timeMs: 7, numRequests: 0 } }],
  ["autokill", "del", undefined, { autokill: { timeMs: 0, numRequests: 0 } }],
  ["hostname", "set", "db", { hostname: "db" }],
  ["hostname", "del", undefined, { hostname: undefined }],
  ["roms", "set", [rom("r2")], { roms: [rom("r2")] }],
  ["roms", "add", [rom("r2")], { roms: [rom("r1"), rom("r2")] }],
  ["roms", "del", ["r1"], { roms: [] }],
  ["dependencies", "set", ["u2"], { dependencies: ["u2"] }],
  ["dependencies", "add", ["u1", "u2"], { dependencies: ["u1", "u2"] }],
  ["dependencies", "del", ["u1"], { dependencies: [] }],
  ["sched_priority", "set", "normal", {}],
  ["readiness_probe", "set", { tcp: { port: 80 } }, { readinessProbe: { tcp: { port: 80 } } }],
  ["readiness_probe", "del", undefined, { readinessProbe: undefined }],
  ["rotation", "set", "out", { rotation: "out" }],
  ["rotation", "del", undefined, { rotation: undefined }],
  ["annotations", "set", { m: "x" }, { annotations: { m: "x" } }],
  ["annotations", "add", { l: "z", m: "x" }, { annotations: { k: "v", l: "z", m: "x" } }],
  ["annotations", "del", ["k"], { annotations: { l: "w" } }],
  ["annotations", "del", undefined, { annotations: {} }],
];

describe("a change of an instance", () => {
  for (const [prop, op, value, expected] of TABLE) {
    it(`sets one property and nothing else: ${op} ${prop} ${JSON.stringify(value) ?? "without a value"}`, () => {
      assert.deepEqual(change(prop, op, value), { ...before, ...expected });
    });
  }

  it("is rejected for an unsupported operation, with the supported ones", () => {
    const known = new Set(TABLE.map(([prop, op]) => `${op} ${prop}`));
    const operations = ["set", "add", "del"] as const;
    const unknown = INSTANCE_PROPS.filter((prop) => prop !== "plugins").flatMap((prop) =>
      operations.filter((op) => !known.has(`${op} ${prop}`)).map((op) => [prop, op] as const),
    );
    assert.deepEqual(
      unknown.map(([prop, op]) => `${op} ${prop}`),
      [
        ...["add image", "del image", "add memory_mb", "del memory_mb", "add vcpus", "del vcpus"],
        ...["add scale_to_zero", "add delete_lock", "add autokill", "add hostname"],
        ...["add sched_priority", "del sched_priority", "add readiness_probe", "add rotation"],
      ],
    );
    for (const [prop, op] of unknown) assert.throws(() => change(prop, op, undefined), code("Invalid"), prop);
    assert.throws(() => change("image", "add"), /'set'/);
  });

  const REJECTED: [what: string, prop: InstanceProp, op: "set" | "add" | "del", value: unknown, code: string][] = [
    ["a text for a number", "memory_mb", "set", "256", "Invalid"],
    ["a fraction", "memory_mb", "set", 1.5, "Invalid"],
    ["too little memory", "memory_mb", "set", 15, "Invalid"],
    ["too much memory", "memory_mb", "set", 8193, "Invalid"],
    ["no processor", "vcpus", "set", 0, "Invalid"],
    ["no value", "env", "set", undefined, "Invalid"],
    ["null", "env", "set", null, "Invalid"],
    ["a number in an environment", "env", "add", { A: 1 }, "Invalid"],
    ["an empty argument", "args", "add", [""], "Invalid"],
    ["an invalid host name", "hostname", "set", "a_b", "Invalid"],
    ["a tag with a blank", "tags", "add", ["a b"], "Invalid"],
    ["a 17th tag", "tags", "add", Array.from({ length: 15 }, (_, n) => `t${n}`), "Invalid"],
    ["a control character", "annotations", "add", { a: "\n" }, "Invalid"],
    ["a ROM with a name that is taken", "roms", "add", [rom("r1")], "Invalid"],
    ["a ninth ROM", "roms", "add", Array.from({ length: 8 }, (_, n) => rom(`x${n}`)), "Invalid"],
    ["a schedule with a name that is taken", "schedules", "add", [schedule("s1")], "Invalid"],
    ["an invalid time", "schedules", "set", [{ ...schedule("s"), when: "noonish" }], "Invalid"],
    ["exec without a program", "schedules", "set", [{ ...schedule("s"), action: "exec" }], "Invalid"],
    ["a notice before the instance is idle", "scale_to_zero", "set", { policy: "on", notify_time_ms: 1000 }, "Invalid"],
    ["a value for a deletion", "hostname", "del", "web", "Invalid"],
    ["plugins", "plugins", "set", [], "NotSupported"],
    ["another priority", "sched_priority", "set", "high", "NotAllowed"],
  ];
  for (const [what, prop, op, value, expected] of REJECTED) {
    it(`is rejected: ${what}`, () => assert.throws(() => change(prop, op, value), code(expected)));
  }

  it("of the image replaces its arguments unless the instance has its own", () => {
    const asImage = { ...before, args: ["/server"], argsFromImage: true };
    assert.deepEqual(change("image", "set", image, asImage).args, ["/new"]);
    assert.deepEqual(change("image", "set", image).args, ["/bin/x"]);
  });

  it("to scale to zero needs a service and a restartable instance, except 'off'", () => {
    const [on, off] = [{ policy: "on" }, { policy: "off" }];
    const lonely = { hasService: false };
    assert.throws(() => change("scale_to_zero", "set", on, before, lonely), /service_group/);
    assert.throws(() => change("scale_to_zero", "set", on, { ...before, deleteOnStop: true }), /delete-on-stop/);
    assert.deepEqual(change("scale_to_zero", "set", off, before, lonely).scaleToZero, off);
  });

  it("is rejected without quoting the value", () => {
    assert.throws(
      () => change("env", "set", { PASSWORD: ["hunter2"] }),
      (error: Error) => !error.message.includes("hunter2") && error.message.includes("'env'"),
    );
  });
});
