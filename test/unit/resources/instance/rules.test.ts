import assert from "node:assert/strict";
import { check } from "../../../../provider/definition/check";
import type { Definition } from "../../../../provider/definition/resource";
import { UNKNOWN } from "../../../../provider/definition/unknowns";
import { instance } from "../../../../provider/resources/instance/resource";
import { service } from "../../../../provider/resources/service/resource";

const failuresOf = async (definition: Definition, args: object): Promise<readonly string[]> =>
  (await check(definition, {}, { name: "it", ...args })).failures.map((f) => `${f.property}: ${f.reason}`);

const a = { image: "a" };
const exec = { name: "n", when: "daily", action: "exec" };
const one = { name: "r", image: "a" };

/** A ROM with this many files of the maximum size. */
const romOf = (name: string, files: number) => ({
  name,
  files: Array.from({ length: files }, (_, n) => ({ path: `f${n}`, data: "x".repeat(1_000_000) })),
});

/** Case → inputs and the printed text. */
const BAD: Readonly<Record<string, readonly [args: object, printed: string | readonly string[]]>> = {
  "no source": [{}, "image: required: give image, template, branchFrom or checkpoint."],
  "two sources": [{ ...a, checkpoint: "c" }, "checkpoint: cannot be combined with image: an instance has one source."],
  "a variable without a name": [{ ...a, env: { "": "b" } }, 'env[""]: must not be empty.'],
  "a branch with its own settings": [
    { branchFrom: "b", memoryMb: 256, env: { A: "b" } },
    [
      "env: cannot be combined with branchFrom: a branch keeps the value of its original.",
      "memoryMb: cannot be combined with branchFrom: a branch keeps the value of its original.",
    ],
  ],
  "a template to prepare without its name": [
    { ...a, prepareTemplate: a },
    "template: required with prepareTemplate: give the template a name.",
  ],
  "scale-to-zero without a service": [
    { ...a, scaleToZero: { policy: "on" } },
    "scaleToZero: requires service or serviceGroup, whose connections wake the instance.",
  ],
  "a notice that is too late": [
    { ...a, service: "s", scaleToZero: { policy: "on", cooldownTimeMs: 500, notifyTimeMs: 500 } },
    "scaleToZero.notifyTimeMs: must be less than cooldownTimeMs (500), got 500.",
  ],
  "a service and an inline service group": [
    { ...a, service: "s", serviceGroup: { ports: [{ port: 8080 }] } },
    "serviceGroup: cannot be combined with service: an instance joins one of them.",
  ],
  "a soft limit above the hard limit": [
    { ...a, serviceGroup: { ports: [{ port: 8080 }], softLimit: 9, hardLimit: 8 } },
    "serviceGroup.softLimit: must be at most hardLimit (8), got 9.",
  ],
  "an invalid port in an inline service group": [
    { ...a, serviceGroup: { ports: [{ port: 443, handlers: ["http"] }] } },
    'serviceGroup.ports[0].handlers: port 443 needs the handlers "http" and "tls"; write handlers: ["http", "tls"], or publish another port for plain TCP.',
  ],
  "addresses to take over that are not known beforehand": [
    { ...a, takeOver: true },
    "takeOver: requires networkInterfaces with ip, the addresses that are taken over.",
  ],
  "a successor that cannot exist beside its predecessor": [
    {
      ...{ ...a, takeOver: true, networkInterfaces: [{ network: "n", ip: "10.0.0.5/24" }] },
      ...{ service: "s", volumes: [{ volume: "v", at: "/data" }], autostart: false, features: ["delete-on-stop"] },
    },
    [
      "service: cannot be combined with takeOver: its ports would reach the old and the new instance.",
      "volumes[0]: cannot be combined with takeOver: two instances cannot write to it; mount it with readonly.",
      "features: cannot be combined with takeOver: an instance that ends has no successor.",
      "autostart: cannot be combined with takeOver: the addresses move once the new instance runs.",
    ],
  ],
  "a job that would take over, with ports of its own": [
    {
      ...{ ...a, takeOver: true, networkInterfaces: [{ network: "n", ip: "10.0.0.5/24" }] },
      ...{ serviceGroup: { ports: [{ port: 8080 }] }, waitFor: "completed" },
    },
    [
      "serviceGroup: cannot be combined with takeOver: only one instance can have its ports.",
      "waitFor: cannot be combined with takeOver: a job ends, and keeps no addresses.",
    ],
  ],
  "a gate of an instance that takes nothing over": [
    { ...a, gate: { port: 80 } },
    "gate: requires takeOver: true; it decides when the instance takes over the addresses of another one.",
  ],
  "a gate that asks nothing of what it is to find": [
    {
      ...a,
      takeOver: true,
      networkInterfaces: [{ network: "n", ip: "10.0.0.5/24" }],
      gate: { port: 80, statuses: [200] },
    },
    "gate.statuses: needs an HTTP gate; give its path.",
  ],
  "a gate that needs a body that it does not get": [
    {
      ...{ ...a, takeOver: true, networkInterfaces: [{ network: "n", ip: "10.0.0.5/24" }] },
      gate: { port: 80, path: "/", method: "HEAD", contains: "ready" },
    },
    'gate.contains: can never hold with the method "HEAD", whose responses have no body; use "GET".',
  ],
  "ports that answer through nothing": [
    { ...a, waitFor: "answering" },
    'waitFor: "answering" requires service or serviceGroup, through which the ports are asked; or use "running".',
  ],
  "a job that is gone when it has ended": [
    { ...a, waitFor: "completed", features: ["delete-on-stop"] },
    'features: "delete-on-stop" cannot be combined with waitFor: "completed"; leave it out, so that the exit code can be read.',
  ],
  "a job that does not run": [
    { ...a, waitFor: "completed", autostart: false },
    'autostart: false cannot be combined with waitFor: "completed"; leave it out, so that the job runs.',
  ],
  "a job that never ends": [
    { ...a, waitFor: "completed", restartPolicy: "always" },
    'restartPolicy: "always" cannot be combined with waitFor: "completed"; use "never", or "on-failure" to try again.',
  ],
  "a restart policy with delete-on-stop": [
    { ...a, features: ["delete-on-stop"], restartPolicy: "always" },
    'restartPolicy: not supported with the feature \"delete-on-stop\".',
  ],
  "two mounts at one path": [
    { ...a, volumes: [{ volume: "v", at: "/x" }], roms: [{ ...one, at: "/x" }] },
    "roms[0].at: another entry is already mounted at /x; use a different path.",
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
    "ephemeralVolumes[0].sizeMb: give either sizeMb or hostPath.",
  ],
  "a ROM of neither image nor files": [{ ...a, roms: [{ name: "r" }] }, "roms[0]: give either image or files."],
  "two ROMs of one name": [{ ...a, roms: [one, one] }, 'roms[1].name: the name "r" is given twice.'],
  "nine ROMs": [{ ...a, roms: Array.from({ length: 9 }, () => one) }, "roms: must have at most 8 items."],
  "a file of more than 1 MB, without its content": [
    { ...a, roms: [{ name: "r", files: [{ path: "f", data: "x".repeat(1_000_001) }] }] },
    "roms[0].files[0].data: must have at most 1,000,000 bytes; use an image for larger files.",
  ],
  "more files than a request can contain": [
    { ...a, roms: [romOf("r", 16), romOf("s", 16)] },
    // 32 files of 1,000,000 bytes.
    "roms: the request would have 31 MiB, but the limit is 8 MiB; move large content into an image.",
  ],
  "more environment than a request can contain, files and escapes included, without showing it": [
    { ...a, env: { SECRET: "\n".repeat(3 * 1024 * 1024) }, roms: [romOf("r", 4)] },
    // 6 MiB of escaped line ends, and 4,000,000 bytes of files.
    "env: the request would have 10 MiB, but the limit is 8 MiB; move large content into an image.",
  ],
  "content that is not text, without showing it": [
    { ...a, roms: [{ name: "r", files: [{ path: "f", data: 735_291 }] }] },
    "roms[0].files[0].data: must be a string, got a number.",
  ],
  "an exec schedule without a program": [
    { ...a, schedules: [exec] },
    'schedules[0].args: required for the action \"exec\": give its command line.',
  ],
  "two schedules with one name": [
    { ...a, schedules: [1, 2].map(() => ({ ...exec, action: "stop" })) },
    'schedules[1].name: the name "n" is given twice.',
  ],
  "a GPU in a small machine": [{ ...a, gpus: 1 }, 'gpus: requires type: \"full\".'],
  "a full machine that sleeps": [
    { ...a, type: "full", service: "s", scaleToZero: { policy: "on" } },
    'scaleToZero: not supported with type: \"full\"; remove type.',
  ],
  "a tag with an invalid character": [
    { ...a, tags: ["a b"] },
    'tags[0]: must be 1 to 256 letters, digits and - + _ . : =, got "a b".',
  ],
  "sixteen tags": [{ ...a, tags: Array.from({ length: 16 }, (_, n) => `t${n}`) }, "tags: must have at most 15 items."],
  "an annotation with an invalid key": [
    { ...a, annotations: { "-x": "y" } },
    "annotations[\"-x\"]: must be [prefix/]name with letters, digits, '-', '_' and '.', got \"-x\".",
  ],
  "a control character in an annotation": [
    { ...a, annotations: { x: "a\nb" } },
    'annotations.x: must not contain control characters, got "a\\nb".',
  ],
  "too many annotations": [
    { ...a, annotations: Object.fromEntries(Array.from({ length: 257 }, (_, n) => [`k${n}`, ""])) },
    "annotations: must have at most 256 entries.",
  ],
  "an address without a TAP device": [
    { ...a, networkInterfaces: [{ ip: "10.0.0.1/24" }] },
    "networkInterfaces[0].ip: requires network.",
  ],
  "the name of a TAP device": [
    { ...a, networkInterfaces: [{ tapName: "dmz" }] },
    "networkInterfaces[0].tapName: named `network` here, because not every metro has TAP devices.",
  ],
  "a gateway that is not an address": [{ ...a, gateway: "gate" }, 'gateway: must be an IP address, got "gate".'],
  "a gateway for the platform's own network": [
    { ...a, gateway: "10.0.0.1" },
    "gateway: allowed only with networkInterfaces.",
  ],
  "a drain timeout of more than an hour": [
    { ...a, drainTimeoutMs: 3_600_001 },
    "drainTimeoutMs: must be at most 3600000, got 3600001.",
  ],
  "an invalid host name": [{ ...a, hostname: "a.b" }, 'hostname: must be a DNS label, got "a.b".'],
};

describe("invalid inputs of an instance", () => {
  for (const [what, [args, printed]] of Object.entries(BAD)) {
    it(`are rejected: ${what}`, async () => assert.deepEqual(await failuresOf(instance, args), [printed].flat()));
  }

  it("of a service's template send who looks for waitFor to the place where it is", async () => {
    const given = { ports: [{ port: 80 }], template: { image: "a", waitFor: "completed", stableForMs: 1 } };
    assert.deepEqual(await failuresOf(service, given), [
      "template.waitFor: an input of an Instance; a Service waits until its replicas answer, as its rollout says, so leave it out, or run a job as an Instance.",
      "template.stableForMs: an input of an Instance; for a Service, set rollout.stableForMs.",
    ]);
  });

  it("exclude files that fit in a request", async () => {
    assert.deepEqual(await failuresOf(instance, { ...a, roms: [romOf("r", 8)] }), []);
  });

  it("exclude unknown values", async () => {
    const args = { image: UNKNOWN, service: UNKNOWN, scaleToZero: { policy: "on", notifyTimeMs: UNKNOWN } };
    assert.deepEqual(
      await failuresOf(instance, { ...args, checkpoint: "c", volumes: [{ volume: UNKNOWN, at: "/x" }] }),
      [],
    );
  });

  it("are rejected in a service template too, whatever else is unknown", async () => {
    const template = { image: UNKNOWN, features: ["delete-on-stop"], roms: [{ name: "r" }] };
    assert.deepEqual(await failuresOf(service, { ports: [{ port: 8080 }], template }), [
      "template.roms[0]: give either image or files.",
      'template.restartPolicy: not supported with the feature \"delete-on-stop\".',
    ]);
  });
});
