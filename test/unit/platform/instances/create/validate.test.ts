/** The rules of a create request that do not depend on existing objects. */
import assert from "node:assert/strict";
import type { CreateInstanceRequest } from "../../../../../provider/contract/models";

import {
  assertWellFormedCreate,
  assertValidCreate,
  waitTimeoutS,
} from "../../../../../provider/platform/instances/create/validate";
import { DEFAULT_QUOTAS } from "../../../../../provider/platform/quota/quotaSettings";
import { ApiItemError, RequestError } from "../../../../../provider/platform/errors";

const named = { name: "a" };
const service = { name: "web" };
const at = "/data";

describe("a create request", () => {
  const malformed: [body: CreateInstanceRequest, message: string][] = [
    [{ image: "a", branch_from: named }, "Cannot specify 'image' when 'branch_from' is set"],
    [{ template: named, branch_from: named }, "Cannot specify 'branch_from' when creating an instance from a template"],
    [{ image: "a", template: named }, "Cannot specify 'image' when creating an instance from a template"],
    [{ image: "a", checkpoint: named }, "Cannot specify 'image' when 'checkpoint' is set"],
    [{ branch_from: named, args: ["x"] }, "Cannot specify 'args' when branching from an existing instance"],
    [{ branch_from: named, env: {} }, "Cannot specify 'env' when branching from an existing instance"],
    [{ branch_from: named, memory_mb: 64 }, "Cannot specify 'memory_mb' when branching from an existing instance"],
    [{ branch_from: named, vcpus: 1 }, "Cannot specify 'vcpus' when branching from an existing instance"],
    [{ image: "a", gateway: "10.0.0.1" }, "Unknown member 'gateway'"],
    [
      { image: "a", volumes: [{ name: "v", size_mb: 8, at }] },
      "Either a reference to an existing volume or the description of a new volume can be provided",
    ],
    [
      { image: "a", volumes: [{ uuid: "v", filesystem: "ext4", at }] },
      "Either a reference to an existing volume or the description of a new volume can be provided",
    ],
  ];
  for (const [body, message] of malformed) {
    it(`is rejected as a whole with the cloud's message: ${message}`, () => {
      assert.throws(
        () => assertWellFormedCreate(body),
        (error) => {
          assert.ok(error instanceof RequestError);
          const code = message.startsWith("Unknown member") ? "Unknown" : "NotBoth";
          assert.deepEqual([error.status, error.itemCode, error.message], [400, code, message]);
          return true;
        },
      );
    });
  }

  it("is rejected as a whole without a source, and with an incomplete or ambiguous service group", () => {
    const rejected: [CreateInstanceRequest, string][] = [
      [{ name: "a" }, "MissingId"],
      [{ image: "a", service_group: { soft_limit: 2 } }, "MalformedRequest"],
      [{ image: "a", service_group: { uuid: "u", services: [{ port: 8080 }] } }, "NotBoth"],
    ];
    for (const [body, itemCode] of rejected) {
      assert.throws(() => assertWellFormedCreate(body), { status: 400, itemCode }, JSON.stringify(body));
    }
    assertWellFormedCreate({ image: "a", service_group: { name: "new", services: [{ port: 8080 }] } });
    assertWellFormedCreate({ branch_from: named, name: "b", service_group: service });
  });

  const rejectedItems: [what: string, body: CreateInstanceRequest, code: string, names: RegExp][] = [
    ["memory out of bounds", { memory_mb: 8193 }, "Invalid", /'memory_mb' must be between 16 and 8192/],
    ["processors out of bounds", { vcpus: 5 }, "Invalid", /'vcpus'/],
    ["a wait without a start", { timeout_s: -1 }, "Invalid", /'autostart'/],
    ["the older wait without a start", { wait_timeout_ms: 1 }, "Invalid", /'autostart'/],
    ["scale to zero without a service", { scale_to_zero: { policy: "on" } }, "Invalid", /service_group/],
    [
      "a notice longer than the cooldown",
      { service_group: service, scale_to_zero: { policy: "on", cooldown_time_ms: 5, notify_time_ms: 5 } },
      "Invalid",
      /notify_time_ms/,
    ],
    [
      "delete-on-stop with scale to zero",
      { service_group: service, features: ["delete-on-stop"], scale_to_zero: { policy: "on" } },
      "Invalid",
      /delete-on-stop/,
    ],
    [
      "delete-on-stop with a restart policy",
      { features: ["delete-on-stop"], restart_policy: "always" },
      "Invalid",
      /delete-on-stop/,
    ],
    [
      "two volumes at one path",
      {
        volumes: [
          { name: "a", at },
          { size_mb: 8, at },
        ],
      },
      "Invalid",
      /'\/data'/,
    ],
    ["a volume at a relative path", { volumes: [{ size_mb: 8, at: "data" }] }, "Invalid", /absolute/],
    ["a volume at a path with '..'", { volumes: [{ size_mb: 8, at: "/a/../b" }] }, "Invalid", /'\.\.'/],
    ["replicas that write to one volume", { replicas: 1, volumes: [{ name: "a", at }] }, "Invalid", /'readonly'/],
    ["two schedules with one name", { schedules: [daily("x"), daily("x")] }, "Invalid", /'x'/],
    ["a schedule with an invalid time", { schedules: [{ ...daily("x"), when: "31 o'clock" }] }, "Invalid", /calendar/],
    ["two network interfaces without networks", { network_interfaces: [{}, {}] }, "Invalid", /\[0\]\.tap_name'/],
    ["an address without a network", { network_interfaces: [{ ip: "10.0.0.5/24" }] }, "Invalid", /\[0\]\.tap_name'/],
    [
      "a chosen hardware address",
      { network_interfaces: [{ tap_name: "a", mac: "52:54:00:00:00:01" }] },
      "NotSupported",
      /'mac'/,
    ],
    ["type full", { type: "full" }, "NotSupported", /'type'/],
    ["a GPU", { gpus: 1 }, "NotSupported", /'gpus'/],
    ["plugins", { plugins: [{ name: "p", rom: "r" }] }, "NotSupported", /'plugins'/],
    ["a priority", { sched_priority: "high" }, "NotAllowed", /'sched_priority'/],
  ];
  for (const [what, body, code, names] of rejectedItems) {
    it(`is rejected for its item: ${what}`, () => {
      assert.throws(
        () => assertValidCreate({ image: "a", ...body }, DEFAULT_QUOTAS.limits),
        (error) => error instanceof ApiItemError && error.itemCode === code && names.test(error.message),
      );
    });
  }

  it("can contain defaults, and the policy 'off' without a service", () => {
    assertValidCreate(
      {
        ...{ image: "a", type: "micro", gpus: 0, plugins: [], sched_priority: "normal", timeout_s: 0, replicas: 0 },
        ...{ scale_to_zero: { policy: "off" }, features: ["delete-on-stop"], restart_policy: "never" },
      },
      DEFAULT_QUOTAS.limits,
    );
    assertValidCreate({ image: "a", replicas: 2, volumes: [{ name: "a", at, readonly: true }] }, DEFAULT_QUOTAS.limits);
  });

  it("waits as long as requested, with older milliseconds rounded up", () => {
    const cases = [
      [{}, 0],
      [{ timeout_s: 5 }, 5],
      [{ timeout_s: -1 }, -1],
      [{ wait_timeout_ms: 1 }, 1],
      [{ wait_timeout_ms: 2000 }, 2],
      [{ wait_timeout_ms: -1 }, -1],
      [{ timeout_s: 0, wait_timeout_ms: 9000 }, 0],
    ] as const;
    for (const [body, seconds] of cases) assert.equal(waitTimeoutS(body), seconds, JSON.stringify(body));
  });
});

function daily(name: string) {
  return { name, when: "daily", action: "stop" as const };
}
