/** Arbitrary instances that follow every rule, as a program may write them. */
import * as fc from "fast-check";
import { uuidOf } from "./fakeInstances";

const word = fc.stringMatching(/^[a-z]{1,8}$/);
/** A separate path for each kind of mount. Few of them, so that another program often shares some. */
const mountPathIn = (folder: string) =>
  fc.oneof(fc.constantFrom("data", "www"), word).map((name) => `${folder}/${name}`);
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
const rom = fc
  .tuple(fc.oneof(fc.record({ name: word, image }), fc.record({ name: word, files })), fc.boolean())
  .map(([one, isMounted]) => (isMounted ? { ...one, at: `/rom/${one.name}` } : one));
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
const portNumber = fc.integer({ min: 1000, max: 1009 });
const port = fc.oneof(
  fc.record(
    {
      port: portNumber,
      destinationPort: fc.integer({ min: 1, max: 65_535 }),
      handlers: fc.constantFrom([], ["tls"]),
    },
    { requiredKeys: ["port"] },
  ),
  fc.record(
    { port: portNumber, protocol: fc.constant("udp"), ip: fc.constant("192.0.2.1") },
    { requiredKeys: ["port", "protocol"] },
  ),
);
const serviceGroup = fc.record(
  {
    name: word,
    ports: fc.uniqueArray(port as fc.Arbitrary<{ port: number; protocol?: string }>, {
      minLength: 1,
      maxLength: 3,
      selector: (one) => `${one.port} ${one.protocol ?? "tcp"}`,
    }),
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
const networkInterface = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record(
      {
        name: word,
        network: word,
        ip: fc.constant("10.9.0.4/24"),
        mac: fc.constant("12:b0:0a:00:04:11"),
        autoconfig: fc.boolean(),
        relay: fc.record({ interface: reference, relayDns: fc.boolean() }, { requiredKeys: ["interface"] }),
      },
      { requiredKeys: ["network"] },
    ),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      network: word,
      ip: fc.constant("10.9.0.4/24"),
      gateway: fc.constant("10.9.0.1"),
      routes: fc.uniqueArray(fc.constantFrom("10.8.0.0/24", "192.168.0.0/16"), { minLength: 1 }),
    }),
  },
);
const network = fc.oneof(
  { weight: 2, arbitrary: fc.constant({}) },
  {
    weight: 1,
    arbitrary: fc.record(
      {
        networkInterfaces: fc.uniqueArray(networkInterface, {
          minLength: 1,
          maxLength: 2,
          selector: (one) => ("name" in one ? one.name : undefined) ?? one.network,
        }),
        gateway: fc.constantFrom("10.9.0.1", "fd00::1"),
        nameserver: fc.constant("10.9.0.2"),
      },
      { requiredKeys: ["networkInterfaces"] },
    ),
  },
);
const tags = fc.uniqueArray(word, { maxLength: 3 });

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
    autostart: fc.boolean(),
    adopt: fc.boolean(),
    deleteLock: fc.boolean(),
    drainTimeoutMs: fc.integer({ min: -1, max: 3_600_000 }),
  },
  { requiredKeys: [] },
);

/** Mounts differ by path, and one volume is mounted once. */
const volumes = fc.uniqueArray(
  fc.record({
    volume: fc.oneof(fc.constantFrom("one", "two"), reference),
    at: mountPathIn(""),
    readonly: fc.boolean(),
  }),
  { maxLength: 3, comparator: (a, b) => a.at === b.at || a.volume === b.volume },
);
const ownVolume = fc.oneof(
  fc.record(
    {
      at: mountPathIn("/own"),
      sizeMb: fc.constantFrom(8, 16),
      readonly: fc.boolean(),
      quotaPolicy: fc.constantFrom("static", "dynamic"),
      filesystem: fc.constantFrom("ext4", "virtiofs", "lustre"),
      accessMode: fc.constantFrom("rwo", "rox"),
      filesystemArgs: fc.dictionary(word, word, { maxKeys: 2 }),
      tags,
    },
    { requiredKeys: ["at", "sizeMb"] },
  ),
  fc.record(
    { at: mountPathIn("/own"), hostPath: mountPathIn("/srv"), uid: fc.nat(2), gid: fc.nat(2) },
    { requiredKeys: ["at", "hostPath"] },
  ),
);
const mounts = fc.record(
  {
    volumes,
    ephemeralVolumes: fc.uniqueArray(ownVolume as fc.Arbitrary<{ at: string }>, {
      maxLength: 2,
      selector: ({ at }) => at,
    }),
  },
  { requiredKeys: [] },
);

/** A persistent instance, or one with delete-on-stop. */
const lifetime = fc.oneof(
  { weight: 5, arbitrary: fc.record({ restartPolicy: fc.constantFrom("never", "always", "on-failure") }) },
  { weight: 1, arbitrary: fc.record({ features: fc.constant(["delete-on-stop"]) }) },
);
const serving = fc.oneof(
  { weight: 1, arbitrary: fc.constant({}) },
  { weight: 3, arbitrary: fc.record({ service: reference, scaleToZero }, { requiredKeys: ["service"] }) },
  { weight: 1, arbitrary: fc.record({ serviceGroup, scaleToZero }, { requiredKeys: ["serviceGroup"] }) },
);
const gate = fc.record(
  {
    ...{ port: fc.constant(8080), path: fc.constantFrom("/", "/ready"), method: fc.constantFrom("GET", "POST") },
    ...{
      headers: fc.dictionary(word, word, { maxKeys: 2 }),
      statuses: fc.constant([200]),
      contains: word,
      pattern: word,
    },
    ...{ match: fc.constant({ "$.status": "pass" }), intervalMs: fc.integer({ min: 10, max: 100 }) },
    ...{ timeoutMs: fc.integer({ min: 10, max: 100 }), successThreshold: fc.integer({ min: 1, max: 3 }) },
    ...{ failureThreshold: fc.nat(3), startPeriodMs: fc.nat(1_000) },
  },
  { requiredKeys: ["port", "path"] },
);
/** An instance that is replaced without a gap has addresses of its own. */
const succession = fc.oneof(
  { weight: 9, arbitrary: fc.constant({}) },
  {
    weight: 1,
    arbitrary: fc.record(
      { takeOver: fc.boolean(), gate, networkInterfaces: fc.constant([{ network: "dmz", ip: "10.9.0.4/24" }]) },
      { requiredKeys: ["takeOver", "networkInterfaces"] },
    ),
  },
);
const machine = fc.oneof(
  { weight: 9, arbitrary: fc.constant({}) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant("full"), gpus: fc.nat(1) }, { requiredKeys: ["type"] }) },
);
const imagePull = fc.record(
  {
    policy: fc.constantFrom("always", "if_not_present", "never"),
    credentials: fc.oneof(word, fc.record({ username: word, password: word })),
    headers: fc.dictionary(word, word, { maxKeys: 2 }),
  },
  { requiredKeys: [] },
);
const prepareTemplate = fc.record(
  {
    image,
    args: fc.array(word, { maxLength: 2 }),
    env: fc.dictionary(word, word, { maxKeys: 2 }),
    memoryMb: fc.constantFrom(128, 256),
    vcpus: fc.constantFrom(1, 2),
    timeoutMs: fc.nat(9_000),
    autokillTimeMs: fc.nat(9),
  },
  { requiredKeys: ["image"] },
);
const source = fc.oneof(
  { weight: 8, arbitrary: fc.record({ image, imagePull: optional(imagePull) }) },
  { weight: 1, arbitrary: fc.record({ template: reference }) },
  { weight: 1, arbitrary: fc.record({ template: word, prepareTemplate }) },
  { weight: 1, arbitrary: fc.record({ branchFrom: reference }) },
  { weight: 1, arbitrary: fc.record({ checkpoint: reference }) },
);

type RawInputs = Readonly<Record<string, unknown>>;
const omitKeys = (inputs: RawInputs, keys: readonly string[]): RawInputs =>
  Object.fromEntries(Object.entries(inputs).filter(([key]) => !keys.includes(key)));

/** What a branch inherits from its original. */
const INHERITED_BY_BRANCH = ["args", "env", "memoryMb", "vcpus"];

/** What could not be there twice, or ends an instance that has a successor. */
const FORBIDDEN_BY_TAKE_OVER = ["service", "serviceGroup", "scaleToZero", "volumes", "features", "autostart"];

function mayTakeOver({ takeOver, networkInterfaces }: RawInputs): boolean {
  const interfaces = Array.isArray(networkInterfaces) ? (networkInterfaces as readonly RawInputs[]) : [];
  return takeOver === true && interfaces.length > 0 && interfaces.every(({ ip }) => ip !== undefined);
}

/** The same without properties that its other inputs forbid. */
export function consistentInstance(inputs: RawInputs): RawInputs {
  const forbidden = [
    ...(mayTakeOver(inputs) ? FORBIDDEN_BY_TAKE_OVER : ["gate", ...(inputs["takeOver"] === true ? ["takeOver"] : [])]),
    ...("branchFrom" in inputs ? INHERITED_BY_BRANCH : []),
    ...("image" in inputs ? [] : ["type", "gpus"]),
    ...("service" in inputs || "serviceGroup" in inputs ? [] : ["scaleToZero"]),
    ...("image" in inputs && inputs["type"] === "full" ? ["scaleToZero"] : []),
  ];
  const allowed = omitKeys(inputs, forbidden);
  const staysUp = (inputs["restartPolicy"] ?? "never") !== "never" || "scaleToZero" in allowed;
  return staysUp ? omitKeys(allowed, ["features"]) : allowed;
}

/** Inputs of a program. */
export const anyInstance: fc.Arbitrary<RawInputs> = fc
  .tuple(source, plain, network, succession, mounts, lifetime, serving, machine)
  .map(([...parts]) => consistentInstance(Object.assign({}, ...parts) as RawInputs));
