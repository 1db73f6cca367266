/** Arbitrary instances that keep every rule, as a program may write them. */
import * as fc from "fast-check";
import { uuidOf } from "./fakeInstances";

const word = fc.stringMatching(/^[a-z]{1,8}$/);
const path = word.map((name) => `/${name}`);
const reference = fc.oneof(
  word,
  fc.nat(99).map((n) => uuidOf("2", n)),
);
const image = fc.tuple(word, word).map(([app, tag]) => `acme/${app}:${tag}`);
const optional = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });

const files = fc.uniqueArray(
  fc.record({ path: word, data: fc.base64String(), encoding: fc.constantFrom("text", "base64") }),
  { minLength: 1, maxLength: 3, selector: (file) => file.path },
);
const rom = fc.oneof(fc.record({ name: word, image }), fc.record({ name: word, files }));
const schedule = fc.oneof(
  fc.record({ name: word, when: fc.constant("*-*-* 03:00:00"), action: fc.constantFrom("start", "stop", "delete") }),
  fc.record({
    name: word,
    when: fc.constant("Mon 08:00"),
    action: fc.constant("exec"),
    args: fc.array(word, { minLength: 1, maxLength: 2 }),
  }),
);
const scaleToZero = fc.oneof(
  fc.constant({ policy: "off" }),
  fc.record({
    policy: fc.constantFrom("on", "idle"),
    stateful: fc.boolean(),
    cooldownTimeMs: fc.integer({ min: 500, max: 86_400_000 }),
    notifyTimeMs: fc.integer({ min: 0, max: 400 }),
  }),
);
const serviceGroup = fc.record(
  {
    ports: fc.uniqueArray(
      fc.record(
        {
          port: fc.integer({ min: 1000, max: 1010 }),
          destinationPort: fc.integer({ min: 1, max: 65_535 }),
          protocol: fc.constantFrom("tcp", "udp"),
        },
        { requiredKeys: ["port"] },
      ),
      { minLength: 1, maxLength: 3, selector: ({ port, protocol = "tcp" }) => `${protocol}:${port}` },
    ),
    domains: fc.uniqueArray(
      fc.oneof(
        fc.record({ name: word }),
        fc.record(
          { name: word.map((name) => `${name}.example.com`), certificate: reference },
          { requiredKeys: ["name"] },
        ),
      ),
      { minLength: 1, maxLength: 2, selector: ({ name }) => name },
    ),
    softLimit: fc.integer({ min: 1, max: 10 }),
    hardLimit: fc.integer({ min: 10, max: 65_535 }),
  },
  { requiredKeys: ["ports"] },
);
const network = fc.record(
  { tapName: word, ip: fc.constant("10.9.0.4/24"), mac: fc.constant("12:b0:0a:00:04:11"), autoconfig: fc.boolean() },
  { requiredKeys: ["tapName"] },
);

const plain = fc.record(
  {
    args: fc.array(word, { minLength: 1, maxLength: 3 }),
    env: fc.dictionary(word, fc.string(), { maxKeys: 3 }),
    memoryMb: fc.integer({ min: 16, max: 8192 }),
    vcpus: fc.integer({ min: 1, max: 4 }),
    roms: fc.uniqueArray(rom, { maxLength: 3, selector: ({ name }) => name }),
    plugins: fc.uniqueArray(
      fc.record({ name: word, rom: image, config: fc.jsonValue() }, { requiredKeys: ["name", "rom"] }),
      {
        maxLength: 2,
        selector: ({ name }) => name,
      },
    ),
    tags: fc.uniqueArray(word, { maxLength: 16 }),
    annotations: fc.dictionary(word, word, { maxKeys: 3 }),
    hostname: word,
    dependencies: fc.uniqueArray(reference, { maxLength: 3 }),
    schedules: fc.uniqueArray(schedule, { maxLength: 3, selector: ({ name }) => name }),
    autokill: fc.record({ timeMs: fc.nat(9), numRequests: fc.nat(9) }, { requiredKeys: [] }),
    schedPriority: fc.constantFrom("normal", "medium", "high"),
    networkInterfaces: fc.array(network, { maxLength: 2 }),
    autostart: fc.boolean(),
    deleteLock: fc.boolean(),
    drainTimeoutMs: fc.integer({ min: -1, max: 3_600_000 }),
  },
  { requiredKeys: [] },
);

/** Where it is mounted tells mounts apart, and one volume is mounted once. */
const mounts = fc
  .uniqueArray(path, { maxLength: 4 })
  .chain((paths) =>
    fc.tuple(
      ...paths.map((at) =>
        fc.record({ at: fc.constant(at), volume: reference, readonly: fc.boolean(), isOwn: fc.boolean() }),
      ),
    ),
  )
  .map((all) => ({
    volumes: all
      .filter((one, index) => !one.isOwn && all.findIndex((other) => other.volume === one.volume) === index)
      .map(({ at, volume, readonly }) => ({ at, volume, readonly })),
    ephemeralVolumes: all.filter(({ isOwn }) => isOwn).map(({ at, readonly }) => ({ at, readonly, sizeMb: 8 })),
  }));

/** One that lives on, or one that goes when it stops. */
const life = fc.oneof(
  fc.record({ restartPolicy: fc.constantFrom("never", "always", "on-failure") }),
  fc.record({ features: fc.constant(["delete-on-stop"]) }),
);
const serving = fc.oneof(
  fc.constant({}),
  fc.record({ service: reference }),
  fc.record({ serviceGroup }),
  fc.record({ service: reference, scaleToZero }),
);
const source = fc.oneof(
  { weight: 4, arbitrary: fc.record({ image, imagePull: optional(fc.record({ policy: fc.constant("always") })) }) },
  { weight: 1, arbitrary: fc.record({ template: reference }) },
);

/** What a program may write. */
export const anyInstance: fc.Arbitrary<Record<string, unknown>> = fc
  .tuple(source, plain, mounts, life, serving)
  .map(([...parts]) => Object.assign({}, ...parts) as Record<string, unknown>)
  .map((all) => ("scaleToZero" in all ? { ...all, features: [] } : all));
