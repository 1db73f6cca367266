/** The platform's limits, as its reference lists them in section 18: a value at a limit is accepted, and one beyond it is rejected before any request. */
import assert from "node:assert/strict";
import { check } from "../../../provider/definition/check";
import type { Definition, Properties } from "../../../provider/definition/resource";
import { getInstanceLogs } from "../../../provider/functions/instances";
import { type ResourceKind, resourceOf } from "../../../provider/resources/all";

/** A value at the limit, one beyond it, and the text about that: where it is, and what is allowed. */
type Limit = readonly [at: unknown, beyond: unknown, message: string];
/** The inputs that contain a value. */
type Around = (value: unknown) => Properties;

const times = (count: number, make: (index: number) => unknown): readonly unknown[] =>
  Array.from({ length: count }, (_, index) => make(index));

const file = (index: number) => ({ path: `/${index}`, data: "" });
const plugin = (index: number) => ({ name: `p${index}`, rom: "plugin:1" });
const ofLength = (length: number): string => "a".repeat(length);

const ofInstance =
  (property: string): Around =>
  (value) => ({ image: "app:1", [property]: value });
const withCooldown =
  (property: string): Around =>
  (value) => ({ image: "app:1", service: "web", scaleToZero: { policy: "on", [property]: value } });
const inGroup =
  (property: string): Around =>
  (value) => ({ image: "app:1", serviceGroup: { ports: [{ port: 9000 }], [property]: value } });
const inGroupPort =
  (property: string): Around =>
  (value) => ({ image: "app:1", serviceGroup: { ports: [{ port: 9000, [property]: value }] } });

const template = { image: "app:1" };
const ofService =
  (property: string): Around =>
  (value) => ({ ports: [{ port: 9000 }], template, [property]: value });
const ofPort =
  (property: string): Around =>
  (value) => ({ ports: [{ port: 9000, [property]: value }], template });
const scaled =
  (property: string): Around =>
  (value) => ({ ports: [{ port: 9000 }], autoscale: { template: "base", [property]: value } });

const LIMITS: Readonly<Record<string, Readonly<Record<string, readonly [around: Around, ...limits: Limit[]]>>>> = {
  Instance: {
    memory: [ofInstance("memoryMb"), [16, 15, "memoryMb: must be at least 16, got 15."]],
    "virtual CPUs": [ofInstance("vcpus"), [1, 0, "vcpus: must be at least 1, got 0."]],
    "drain timeout": [
      ofInstance("drainTimeoutMs"),
      [-1, -2, "drainTimeoutMs: must be at least -1, got -2."],
      [3_600_000, 3_600_001, "drainTimeoutMs: must be at most 3600000, got 3600001."],
    ],
    "cooldown before standby": [
      withCooldown("cooldownTimeMs"),
      [0, -1, "scaleToZero.cooldownTimeMs: must be at least 0, got -1."],
      [86_400_000, 86_400_001, "scaleToZero.cooldownTimeMs: must be at most 86400000, got 86400001."],
    ],
    "notice before standby": [
      (value) => {
        const cooldownTimeMs = 86_400_000;
        return {
          image: "app:1",
          service: "web",
          scaleToZero: { policy: "on", cooldownTimeMs, notifyTimeMs: value },
        };
      },
      [0, -1, "scaleToZero.notifyTimeMs: must be at least 0, got -1."],
      // It is less than the cooldown, whose limit applies too.
      [86_399_999, 86_400_001, "scaleToZero.notifyTimeMs: must be at most 86400000, got 86400001."],
    ],
    "inline files of a ROM": [
      (files) => ({ image: "app:1", roms: [{ name: "conf", files }] }),
      [times(16, file), times(17, file), "roms[0].files: must have at most 16 items."],
    ],
    ROMs: [
      ofInstance("roms"),
      [
        times(8, (index) => ({ name: `r${index}`, image: "rom:1" })),
        times(9, (index) => ({ name: `r${index}`, image: "rom:1" })),
        "roms: must have at most 8 items.",
      ],
    ],
    plugins: [ofInstance("plugins"), [times(8, plugin), times(9, plugin), "plugins: must have at most 8 items."]],
    "name of a plugin": [
      (name) => ({ image: "app:1", plugins: [{ name, rom: "plugin:1" }] }),
      [ofLength(63), ofLength(64), "plugins[0].name: must be 1 to 63 letters, digits, - or _, got "],
    ],
    "network interfaces": [
      ofInstance("networkInterfaces"),
      [times(4, () => ({})), times(5, () => ({})), "networkInterfaces: must have at most 4 items."],
    ],
    GPUs: [(gpus) => ({ image: "app:1", type: "full", gpus }), [1, 2, "gpus: must be at most 1, got 2."]],
    tag: [
      (tag) => ({ image: "app:1", tags: [tag] }),
      [ofLength(256), ofLength(257), "tags[0]: must be 1 to 256 letters, digits and - + _ . : =, got "],
    ],
    tags: [
      ofInstance("tags"),
      [times(15, (index) => `t${index}`), times(16, (index) => `t${index}`), "tags: must have at most 15 items."],
    ],
    "size of an inline volume": [
      (sizeMb) => ({ image: "app:1", ephemeralVolumes: [{ at: "/tmp/own", sizeMb }] }),
      [1, 0, "ephemeralVolumes[0].sizeMb: must be at least 1, got 0."],
    ],
    "port of an inline service group": [
      inGroupPort("port"),
      [1, 0, "serviceGroup.ports[0].port: must be at least 1, got 0."],
      [65_535, 65_536, "serviceGroup.ports[0].port: must be at most 65535, got 65536."],
    ],
    "destination port of an inline service group": [
      inGroupPort("destinationPort"),
      [1, 0, "serviceGroup.ports[0].destinationPort: must be at least 1, got 0."],
      [65_535, 65_536, "serviceGroup.ports[0].destinationPort: must be at most 65535, got 65536."],
    ],
    "soft limit of an inline service group": [
      inGroup("softLimit"),
      [1, 0, "serviceGroup.softLimit: must be at least 1, got 0."],
      [65_535, 65_536, "serviceGroup.softLimit: must be at most 65535, got 65536."],
    ],
    "hard limit of an inline service group": [
      inGroup("hardLimit"),
      [1, 0, "serviceGroup.hardLimit: must be at least 1, got 0."],
      [65_535, 65_536, "serviceGroup.hardLimit: must be at most 65535, got 65536."],
    ],
  },
  Service: {
    replicas: [
      ofService("replicas"),
      [0, -1, "replicas: must be at least 0, got -1."],
      [253, 254, "replicas: must be at most 253, got 254."],
    ],
    port: [
      ofPort("port"),
      [1, 0, "ports[0].port: must be at least 1, got 0."],
      [65_535, 65_536, "ports[0].port: must be at most 65535, got 65536."],
    ],
    "destination port": [
      ofPort("destinationPort"),
      [1, 0, "ports[0].destinationPort: must be at least 1, got 0."],
      [65_535, 65_536, "ports[0].destinationPort: must be at most 65535, got 65536."],
    ],
    "soft limit": [
      ofService("softLimit"),
      [1, 0, "softLimit: must be at least 1, got 0."],
      [65_535, 65_536, "softLimit: must be at most 65535, got 65536."],
    ],
    "hard limit": [
      ofService("hardLimit"),
      [1, 0, "hardLimit: must be at least 1, got 0."],
      [65_535, 65_536, "hardLimit: must be at most 65535, got 65536."],
    ],
    "minimum size": [scaled("minSize"), [0, -1, "autoscale.minSize: must be at least 0, got -1."]],
    "maximum size": [scaled("maxSize"), [1, 0, "autoscale.maxSize: must be at least 1, got 0."]],
    "autoscale policies": [
      scaled("policies"),
      [
        times(8, (index) => ({ name: `p${index}`, type: "idle", idleTimeMs: 1 })),
        times(9, (index) => ({ name: `p${index}`, type: "idle", idleTimeMs: 1 })),
        "autoscale.policies: must have at most 8 items.",
      ],
    ],
  },
  Volume: {
    size: [
      (sizeMb) => ({ sizeMb }),
      [1, 0, "sizeMb: must be at least 1, got 0."],
      [1_048_576, 1_048_577, "sizeMb: must be at most 1048576, got 1048577."],
    ],
  },
};

/** The failures of inputs, each with its property. */
async function failuresOf(definition: unknown, inputs: Properties): Promise<readonly string[]> {
  const { failures } = await check(definition as Definition, {}, inputs);
  return failures.map(({ property, reason }) => `${property}: ${reason}`);
}

async function assertLimit(definition: unknown, around: Around, [at, beyond, message]: Limit): Promise<void> {
  assert.deepEqual(await failuresOf(definition, around(at)), []);
  const [first = "", ...others] = await failuresOf(definition, around(beyond));
  assert.deepEqual(others, []);
  // A text that is too long is quoted in part.
  assert.equal(first.slice(0, message.length), message);
}

describe("the limits of the platform", () => {
  for (const [kind, properties] of Object.entries(LIMITS)) {
    for (const [what, [around, ...limits]] of Object.entries(properties)) {
      it(`hold at their edge: ${what} of ${kind}`, async () => {
        for (const limit of limits) await assertLimit(resourceOf(kind as ResourceKind), around, limit);
      });
    }
  }

  /** Kind → other inputs, and the maximum length of its name: those of instances and services become DNS labels. */
  const NAMED: Readonly<Partial<Record<ResourceKind, readonly [others: Properties, length: number]>>> = {
    Instance: [{ image: "app:1" }, 63],
    Service: [{ ports: [{ port: 9000 }], template }, 63],
    Volume: [{ sizeMb: 8 }, 255],
  };
  for (const [kind, [others, length]] of Object.entries(NAMED)) {
    it(`hold for the name: ${kind}, up to ${length} characters without a slash`, async () => {
      const resource = resourceOf(kind as ResourceKind);
      const named = (name: string) => failuresOf(resource, { ...others, name });
      assert.deepEqual(await named(ofLength(length)), []);
      assert.match((await named(ofLength(length + 1))).join("\n"), new RegExp(`^name: must .*\\b${length}\\b.*$`));
      assert.match((await named("a/b")).join("\n"), /^name: must .*, got "a\/b"\.$/);
    });
  }

  it("hold for the bytes of one getInstanceLogs call", async () => {
    const around: Around = (limitBytes) => ({ name: "web", limitBytes });
    await assertLimit(getInstanceLogs, around, [0, -1, "limitBytes: must be at least 0, got -1."]);
    await assertLimit(getInstanceLogs, around, [16_383, 16_384, "limitBytes: must be at most 16383, got 16384."]);
  });
});
