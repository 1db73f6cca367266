/** Arbitrary services, volumes and certificates that follow every rule, as a program may write them. */
import * as fc from "fast-check";
import { templateInput } from "../../provider/resources/service/inputs";
import { anyInstance } from "./anyInstance";
import { makeCertificate } from "./certificates";
import { uuidOf } from "./fakeInstances";

const word = fc.stringMatching(/^[a-z]{1,8}$/);
const reference = fc.oneof(
  word,
  fc.nat(99).map((n) => uuidOf("3", n)),
);
const optional = { requiredKeys: [] };

const port = fc.oneof(
  fc.constantFrom<object>(
    { port: 80, handlers: ["http"] },
    { port: 80, handlers: ["redirect", "http"], destinationPort: 443 },
    { port: 443, handlers: ["http", "tls"] },
    { port: 443, handlers: ["tls", "http"], destinationPort: 8080 },
  ),
  fc.record(
    {
      port: fc.integer({ min: 1000, max: 1009 }),
      destinationPort: fc.integer({ min: 1000, max: 1009 }),
      handlers: fc.constantFrom([], ["tls"]),
    },
    { requiredKeys: ["port"] },
  ),
  fc.record(
    {
      port: fc.integer({ min: 1000, max: 1009 }),
      protocol: fc.constant("udp"),
      ip: fc.constantFrom("192.0.2.1", "192.0.2.2"),
    },
    { requiredKeys: ["port", "protocol"] },
  ),
);
const ports = fc.uniqueArray(port as fc.Arbitrary<{ port: number; protocol?: string }>, {
  minLength: 1,
  maxLength: 4,
  selector: (one) => `${one.port} ${one.protocol ?? "tcp"}`,
});

/** Few, so that a change often keeps a name and changes its details. */
const label = fc.constantFrom("shop", "api", "www");
const domains = fc.uniqueArray(
  fc.oneof(
    fc.record({ name: label }),
    fc.record(
      {
        name: label.chain((one) =>
          fc.constantFrom(`${one}.example.com`, `${one}.example.com.`, `${one.toUpperCase()}.example.com`),
        ),
        certificate: reference,
      },
      { requiredKeys: ["name"] },
    ),
    fc.record({ name: label.map((one) => `*.${one}.org`), certificate: reference }),
  ),
  { minLength: 1, maxLength: 3, selector: ({ name }) => name.replace(/\.$/, "").toLowerCase() },
);

const limits = fc
  .tuple(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 0, max: 20 }))
  .map(([softLimit, room]) => ({ softLimit, hardLimit: softLimit + room }));

const steps = fc.constantFrom(
  [{ adjustment: 1 }],
  [
    { adjustment: -1, upperBound: 10 },
    { adjustment: 1, lowerBound: 10 },
  ],
  [
    { adjustment: -50, lowerBound: 1, upperBound: 10 },
    { adjustment: 0, lowerBound: 10, upperBound: 20.5 },
    { adjustment: 100, lowerBound: 20.5, upperBound: 30 },
  ],
);
const flag = fc.boolean();
const policy = fc.oneof(
  fc.record(
    {
      name: word,
      type: fc.constant("step"),
      metric: fc.constantFrom("cpu", "inflight_reqs", "reqs_per_sec"),
      adjustmentType: fc.constantFrom("change", "exact", "percent"),
      steps,
      highWatermark: fc.constantFrom(0, 0.5, 1),
      enabled: flag,
    },
    { requiredKeys: ["name", "type", "metric", "adjustmentType", "steps"] },
  ),
  fc.record({ name: word, type: fc.constant("on-demand"), exclusive: flag }, { requiredKeys: ["name", "type"] }),
  fc.record(
    { name: word, type: fc.constant("create"), numRequests: fc.nat(9), replace: flag },
    { requiredKeys: ["name", "type", "numRequests"] },
  ),
  fc.record({ name: word, type: fc.constant("idle"), idleTimeMs: fc.nat(9), enabled: flag }),
);
const autoscale = fc.record(
  {
    template: reference,
    minSize: fc.integer({ min: 0, max: 2 }),
    maxSize: fc.integer({ min: 2, max: 8 }),
    warmupTimeMs: fc.integer({ min: 1, max: 3000 }),
    cooldownTimeMs: fc.integer({ min: 1, max: 3000 }),
    policies: fc.uniqueArray(policy as fc.Arbitrary<{ name: string }>, {
      maxLength: 3,
      selector: ({ name }) => name,
    }),
  },
  { requiredKeys: ["template"] },
);

/**
 * Properties that a template shares with an instance. One with delete-on-stop is never started again. Its service adds two
 * tags.
 */
const template = anyInstance.map((one): Record<string, unknown> => ({
  image: "acme/web:1",
  ...Object.fromEntries(Object.entries(one).filter(([key]) => key in templateInput.shape)),
  ...("features" in one ? { restartPolicy: "never" } : {}),
  ...("tags" in one ? { tags: (one["tags"] as string[]).slice(0, 14) } : {}),
}));

/** A volume has one writer. */
const withReadOnlyVolumes = (inputs: Record<string, unknown>): Record<string, unknown> => ({
  ...inputs,
  volumes: ((inputs["volumes"] ?? []) as object[]).map((mount) => ({ ...mount, readonly: true })),
});

const configuration = fc.array(fc.oneof(fc.nat(2), word, fc.record({ version: fc.nat(2) })), {
  minLength: 1,
  maxLength: 2,
});
const reload = fc.record(
  {
    ...{ path: fc.constantFrom("/reload", "/reload?block=true"), port: fc.constant(8080) },
    ...{ method: fc.constantFrom("GET", "POST", "PUT"), headers: fc.dictionary(word, word, { maxKeys: 2 }) },
    ...{ scope: fc.constant("member") },
    expect: fc.constantFrom(
      { statuses: [200], match: { "$.status": "ok" } },
      { contains: "reloaded", pattern: "^reloaded" },
    ),
  },
  { requiredKeys: ["path", "port"] },
);
const reloaded = fc.oneof(
  { weight: 4, arbitrary: fc.constant({}) },
  { weight: 2, arbitrary: fc.record({ reloadOn: configuration }) },
  { weight: 1, arbitrary: fc.record({ reloadOn: configuration, reload }) },
);
const instances = fc.oneof(
  fc.tuple(template, fc.integer({ min: 0, max: 3 }), reloaded).map(([inputs, replicas, more]) => ({
    template: replicas > 1 ? withReadOnlyVolumes(inputs) : inputs,
    replicas,
    ...more,
  })),
  fc.constant({ replicas: 0 }),
  fc.record({ autoscale }),
);

const manner = fc.record(
  {
    strategy: fc.constant("rolling"),
    maxSurge: fc.integer({ min: 1, max: 2 }),
    maxUnavailable: fc.nat(2),
    stableForMs: fc.constantFrom(0, 500),
    healthyWithinMs: fc.integer({ min: 60_000, max: 3_600_000 }),
    drainTimeoutMs: fc.nat(60_000),
    halfClosedTimeoutMs: fc.nat(60_000),
    onFailure: fc.constantFrom("rollback", "pause", "keepBoth"),
    sharedVolumes: flag,
  },
  optional,
);
const gate = fc.record(
  {
    ...{ type: fc.constant("http"), path: fc.constantFrom("/", "/hello"), port: fc.constant(8080) },
    ...{ method: fc.constantFrom("GET", "POST"), headers: fc.dictionary(word, word, { maxKeys: 2 }) },
    ...{ statuses: fc.constant([200]), match: fc.constant({ "$.status": "pass" }), contains: word, pattern: word },
    ...{ intervalMs: fc.integer({ min: 10, max: 100 }), timeoutMs: fc.integer({ min: 10, max: 100 }) },
    ...{ successThreshold: fc.integer({ min: 1, max: 3 }), failureThreshold: fc.nat(3) },
    ...{ startPeriodMs: fc.nat(1_000), holdTimeoutMs: fc.nat(1_000), isolation: fc.constant("clone") },
  },
  { requiredKeys: ["path"] },
);
/** What only one strategy has. */
const strategy = fc.oneof(
  fc.constant({ strategy: "canary", steps: [{ count: 1, pauseMs: 100 }] }),
  fc.record({ strategy: fc.constant("blueGreen"), keepOldForMs: fc.nat(1_000) }),
);
const rollout = fc.oneof(
  { weight: 8, arbitrary: manner },
  { weight: 1, arbitrary: fc.tuple(manner, gate).map(([limits, probe]) => ({ ...limits, gate: probe })) },
  { weight: 1, arbitrary: strategy },
);

/** A Service. */
export const anyService: fc.Arbitrary<Record<string, unknown>> = fc
  .tuple(
    fc.record(
      { ports, domains, autokill: fc.record({ timeMs: fc.nat(9) }), rollout, adopt: flag },
      { requiredKeys: ["ports"] },
    ),
    fc.oneof(fc.constant({}), limits),
    instances,
  )
  .map(([...parts]) => Object.assign({}, ...parts) as Record<string, unknown>);

/** Sizes not exceeded by any object that a volume can be created from. */
const sizeMb = fc.integer({ min: 64, max: 80 });
const content = fc.oneof(
  fc.record(
    { sizeMb, filesystem: fc.constant("ext4"), accessMode: fc.constantFrom("rwo", "rox") },
    { requiredKeys: ["sizeMb"] },
  ),
  fc.record({ sizeMb, filesystem: fc.constant("virtiofs"), accessMode: fc.constantFrom("rwo", "rwx") }),
  fc.record({ sizeMb, filesystem: fc.constant("lustre"), args: fc.dictionary(word, word, { maxKeys: 2 }) }),
  fc.record({ template: reference, sizeMb }, { requiredKeys: ["template"] }),
  fc.record({ cloneFrom: reference, sizeMb }, { requiredKeys: ["cloneFrom"] }),
  fc.record(
    { hostPath: word.map((one) => `/srv/${one}`), filesystem: fc.constant("virtiofs"), uid: fc.nat(2), gid: fc.nat(2) },
    { requiredKeys: ["hostPath", "filesystem"] },
  ),
);

/** A Volume. */
export const anyVolume: fc.Arbitrary<Record<string, unknown>> = fc
  .tuple(
    content,
    fc.record(
      {
        quotaPolicy: fc.constantFrom("static", "dynamic"),
        tags: fc.uniqueArray(word, { maxLength: 3 }),
        deleteLock: flag,
        allowDataLoss: flag,
        adopt: flag,
      },
      optional,
    ),
  )
  .map(([...parts]) => Object.assign({}, ...parts) as Record<string, unknown>);

/** Created on first use: each runs a process. */
let keyPairs: readonly Record<string, unknown>[] | undefined;
const keyPairAt = (index: number): Record<string, unknown> => {
  keyPairs ??= ["www.example.com", "www.example.com", "*.example.com", "shop.example.org"].map((commonName) => {
    const { chain, pkey } = makeCertificate(commonName, [commonName]);
    return { commonName, chain, key: pkey };
  });
  return { ...keyPairs[index % keyPairs.length] };
};

/** A Certificate. */
export const anyCertificate: fc.Arbitrary<Record<string, unknown>> = fc
  .tuple(fc.nat(3), flag)
  .map(([index, adopt]) => ({ ...keyPairAt(index), ...(adopt ? { adopt } : {}) }));
