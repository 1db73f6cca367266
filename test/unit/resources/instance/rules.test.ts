import assert from "node:assert/strict";
import { check } from "../../../../provider/definition/check";
import type { Definition } from "../../../../provider/definition/resource";
import { UNKNOWN } from "../../../../provider/definition/unknowns";
import { instance } from "../../../../provider/resources/instance/resource";
import { service } from "../../../../provider/resources/service/resource";

const failuresOf = async (definition: Definition, given: object): Promise<readonly string[]> =>
  (await check(definition, {}, { name: "it", ...given })).failures.map((f) => `${f.property}: ${f.reason}`);

const a = { image: "a" };
const exec = { name: "n", when: "daily", action: "exec" };
const one = { name: "r", image: "a" };

/** A ROM with this many files of the maximum size. */
const romOf = (name: string, files: number) => ({
  name,
  files: Array.from({ length: files }, (_, n) => ({ path: `f${n}`, data: "x".repeat(1_000_000) })),
});

/** Case → inputs and the printed text. */
const BAD: Readonly<Record<string, readonly [given: object, printed: string | readonly string[]]>> = {
  "no source": [{}, "image: required: give an image, or one of template, branchFrom and checkpoint."],
  "two sources": [
    { ...a, checkpoint: "c" },
    "checkpoint: cannot be given together with image: an instance has one source.",
  ],
  "a variable without a name": [{ ...a, env: { "": "b" } }, 'env[""]: must not be empty.'],
  "a branch with its own settings": [
    { branchFrom: "b", memoryMb: 256, env: { A: "b" } },
    [
      "env: cannot be given together with branchFrom: a branch has its original's.",
      "memoryMb: cannot be given together with branchFrom: a branch has its original's.",
    ],
  ],
  "a template to prepare without its name": [
    { ...a, prepareTemplate: a },
    "template: required: give the template a name.",
  ],
  "scale-to-zero without a service": [
    { ...a, scaleToZero: { policy: "on" } },
    "scaleToZero: needs a service or a serviceGroup, whose connections wake it.",
  ],
  "a notice that is too late": [
    { ...a, service: "s", scaleToZero: { policy: "on", cooldownTimeMs: 500, notifyTimeMs: 500 } },
    "scaleToZero.notifyTimeMs: must be less than cooldownTimeMs, which is 500, got 500.",
  ],
  "a service and an inline service group": [
    { ...a, service: "s", serviceGroup: { ports: [{ port: 8080 }] } },
    "serviceGroup: cannot be given together with service: an instance is in one.",
  ],
  "a soft limit above the hard limit": [
    { ...a, serviceGroup: { ports: [{ port: 8080 }], softLimit: 9, hardLimit: 8 } },
    "serviceGroup.softLimit: must be at most hardLimit, which is 8, got 9.",
  ],
  "an invalid port in an inline service group": [
    { ...a, serviceGroup: { ports: [{ port: 443, handlers: ["http"] }] } },
    'serviceGroup.ports[0].handlers: port 443 needs the handlers "http" and "tls"; write handlers: ["http", "tls"], or publish another port for plain TCP.',
  ],
  "a restart policy with delete-on-stop": [
    { ...a, features: ["delete-on-stop"], restartPolicy: "always" },
    'restartPolicy: is not possible together with the feature "delete-on-stop".',
  ],
  "two mounts at one path": [
    { ...a, volumes: [{ volume: "v", at: "/x" }], roms: [{ ...one, at: "/x" }] },
    "roms[0].at: something else is mounted at /x already; mount one thing at a path.",
  ],
  "a volume at two paths": [
    {
      ...a,
      volumes: [
        { volume: "v", at: "/x" },
        { volume: "v", at: "/y" },
      ],
    },
    'volumes[1].volume: the volume "v" is given twice.',
  ],
  "an inline volume without a size": [
    { ...a, ephemeralVolumes: [{ at: "/x" }] },
    "ephemeralVolumes[0].sizeMb: give either a size in MiB or a hostPath.",
  ],
  "a ROM with neither image nor files": [{ ...a, roms: [{ name: "r" }] }, "roms[0]: give either an image or files."],
  "two ROMs with one name": [{ ...a, roms: [one, one] }, 'roms[1].name: the name "r" is given twice.'],
  "nine ROMs": [{ ...a, roms: Array.from({ length: 9 }, () => one) }, "roms: must have at most 8 items."],
  "a file of more than 1 MB, without its content": [
    { ...a, roms: [{ name: "r", files: [{ path: "f", data: "x".repeat(1_000_001) }] }] },
    "roms[0].files[0].data: must have at most 1,000,000 bytes; use an image.",
  ],
  "more files than a request can contain": [
    { ...a, roms: [romOf("r", 16), romOf("s", 16)] },
    // 32 files of 1,000,000 bytes.
    "roms: the request would have 31 MiB, and a metro takes at most 8; put what is large into an image.",
  ],
  "more environment than a request can contain, files and escapes included, without showing it": [
    { ...a, env: { SECRET: "\n".repeat(3 * 1024 * 1024) }, roms: [romOf("r", 4)] },
    // 6 MiB of escaped line ends, and 4,000,000 bytes of files.
    "env: the request would have 10 MiB, and a metro takes at most 8; put what is large into an image.",
  ],
  "content that is not text, without showing it": [
    { ...a, roms: [{ name: "r", files: [{ path: "f", data: 735_291 }] }] },
    "roms[0].files[0].data: must be of type string, got number.",
  ],
  "an exec schedule without a program": [
    { ...a, schedules: [exec] },
    'schedules[0].args: required for the action "exec": give the command line.',
  ],
  "two schedules with one name": [
    { ...a, schedules: [1, 2].map(() => ({ ...exec, action: "stop" })) },
    'schedules[1].name: the name "n" is given twice.',
  ],
  "a GPU in a micro instance": [{ ...a, gpus: 1 }, 'gpus: needs type: "full".'],
  "scale to zero with type full": [
    { ...a, type: "full", service: "s", scaleToZero: { policy: "on" } },
    'scaleToZero: is not possible with type "full"; leave type out.',
  ],
  "a tag with an invalid character": [
    { ...a, tags: ["a b"] },
    'tags[0]: must be 1 to 256 letters, digits and - + _ . : =, got "a b".',
  ],
  "seventeen tags": [
    { ...a, tags: Array.from({ length: 17 }, (_, n) => `t${n}`) },
    "tags: must have at most 16 items.",
  ],
  "an annotation with an invalid key": [
    { ...a, annotations: { "-x": "y" } },
    "annotations[\"-x\"]: must be [prefix/]name, of letters, digits, '-', '_' and '.', got \"-x\".",
  ],
  "a control character in an annotation": [
    { ...a, annotations: { x: "a\nb" } },
    'annotations.x: must not hold control characters, got "a\\nb".',
  ],
  "too many annotations": [
    { ...a, annotations: Object.fromEntries(Array.from({ length: 257 }, (_, n) => [`k${n}`, ""])) },
    "annotations: must have at most 256 entries.",
  ],
  "an address without a TAP device": [
    { ...a, networkInterfaces: [{ ip: "10.0.0.1/24" }] },
    "networkInterfaces[0].ip: needs a tapName.",
  ],
  "a gateway that is not an address": [{ ...a, gateway: "gate" }, 'gateway: must be an IP address, got "gate".'],
  "a gateway for the platform's own network": [
    { ...a, gateway: "10.0.0.1" },
    "gateway: goes with networkInterfaces only.",
  ],
  "a drain timeout of more than an hour": [
    { ...a, drainTimeoutMs: 3_600_001 },
    "drainTimeoutMs: must be at most 3600000, got 3600001.",
  ],
  "an invalid host name": [{ ...a, hostname: "a.b" }, 'hostname: must be a DNS label, got "a.b".'],
};

describe("invalid inputs of an instance", () => {
  for (const [what, [given, printed]] of Object.entries(BAD)) {
    it(`are rejected: ${what}`, async () => assert.deepEqual(await failuresOf(instance, given), [printed].flat()));
  }

  it("exclude files that fit in a request", async () => {
    assert.deepEqual(await failuresOf(instance, { ...a, roms: [romOf("r", 8)] }), []);
  });

  it("exclude unknown values", async () => {
    const given = { image: UNKNOWN, service: UNKNOWN, scaleToZero: { policy: "on", notifyTimeMs: UNKNOWN } };
    assert.deepEqual(
      await failuresOf(instance, { ...given, checkpoint: "c", volumes: [{ volume: UNKNOWN, at: "/x" }] }),
      [],
    );
  });

  it("are rejected in a service template too, whatever else is unknown", async () => {
    const template = { image: UNKNOWN, features: ["delete-on-stop"], roms: [{ name: "r" }] };
    assert.deepEqual(await failuresOf(service, { ports: [{ port: 8080 }], template }), [
      "template.roms[0]: give either an image or files.",
      'template.restartPolicy: is not possible together with the feature "delete-on-stop".',
    ]);
  });
});
