/** What the arguments of GatewayOnKubernetes amount to, with defaults, and which of them contradict one another. Pure. */
import * as pulumi from "@pulumi/pulumi";
import * as z from "zod";
import { type Fail, failFor } from "../../registration/argumentError";
import { isAtLeast } from "../../tyk/checks";
import {
  byName,
  flag,
  hostPattern,
  inputText,
  knownText,
  members,
  oneOf,
  parseArguments,
  secondsInMs,
  variables,
  wholeNumber,
} from "../common/checks";
import type { GatewayOnKubernetesArgs, KubernetesTykArgs } from "./args";

const MAX_VOLUME_MB = 16_777_216;
const MAX_MEMORY_MB = 1_048_576;
const MAX_REPLICAS = 1_000;
const MAX_SECONDS = 3_600;

/** First version with `/ready`. */
const READY_SINCE = [5, 8, 3] as const;

/** Passed to `tyk`, which checks it. */
const passed = <T>() =>
  z.custom<T>(
    (value) => typeof value === "object" && value !== null && !pulumi.Output.isInstance(value),
    "must be an object that is known at preview; its members may be outputs.",
  );

const probe = (path: string, initialDelayMs: number, periodMs: number) =>
  members({
    path: knownText.startsWith("/", "must begin with '/'.").default(path),
    initialDelayMs: secondsInMs(0, MAX_SECONDS).default(initialDelayMs),
    periodMs: secondsInMs(1, MAX_SECONDS).default(periodMs),
    timeoutMs: secondsInMs(1, MAX_SECONDS).default(3_000),
    failureThreshold: wholeNumber(1, MAX_REPLICAS).default(3),
  }).prefault({});

const storage = members({
  storageClass: knownText.optional(),
  lookUpClass: flag.default(true),
  accessMode: z.enum(["ReadWriteMany", "ReadWriteOnce"], { error: oneOf }).default("ReadWriteMany"),
  singleNode: flag.default(false),
  sizeMb: wholeNumber(1, MAX_VOLUME_MB).default(1_024),
});

const ownRedis = members({
  image: inputText,
  password: inputText,
  storageClass: knownText.optional(),
  sizeMb: wholeNumber(1, MAX_VOLUME_MB).default(1_024),
  memoryMb: wholeNumber(16, MAX_MEMORY_MB).default(256),
});

const ingress = members({
  className: knownText,
  host: hostPattern.optional(),
  path: knownText.startsWith("/", "must begin with '/'.").default("/"),
  tlsSecret: inputText.optional(),
  annotations: z.record(z.string(), inputText).default({}),
});

const specs = byName(
  /^[a-z0-9]([-a-z0-9]{0,251}[a-z0-9])?$/,
  "cannot be the name of an object; use lower-case letters, digits and dashes.",
  passed<object>(),
);

const schema = members({
  image: inputText,
  tyk: passed<KubernetesTykArgs>(),
  redis: passed<GatewayOnKubernetesArgs["redis"]>(),
  namespace: inputText.optional(),
  replicas: wholeNumber(1, MAX_REPLICAS).default(2),
  storage: storage.optional(),
  memoryMb: wholeNumber(16, MAX_MEMORY_MB).default(512),
  cpuMillis: wholeNumber(1, 1_024_000).default(250),
  env: variables.default({}),
  secrets: variables.default({}),
  probes: members({ liveness: probe("/hello", 5_000, 10_000), readiness: probe("/ready", 1_000, 5_000) }).prefault({}),
  ingress: ingress.optional(),
  autoscale: members({
    minReplicas: wholeNumber(1, MAX_REPLICAS).optional(),
    maxReplicas: wholeNumber(1, MAX_REPLICAS),
    cpuPercent: wholeNumber(1, 1_000).default(60),
  }).optional(),
  operator: members({
    apis: specs.default({}),
    policies: specs.default({}),
    organisation: knownText.default("default"),
  }).optional(),
});

type CheckedArguments = z.output<typeof schema>;

/** A probe with its defaults. */
export type GatewayProbe = CheckedArguments["probes"]["liveness"];

/** The volumes with their defaults. */
export type GatewayStorage = z.output<typeof storage>;

/** The component's own Redis with its defaults. */
export type OwnRedis = z.output<typeof ownRedis>;

/** The Ingress with its defaults. */
export type GatewayIngress = z.output<typeof ingress>;

/** What to create. */
export interface GatewayPlan extends Omit<CheckedArguments, "storage" | "redis"> {
  /** Label that tells the objects of this component from those of others in the namespace. */
  readonly instance: string;
  /** Where all objects are; `undefined` for the namespace of the provider. */
  readonly namespace: pulumi.Input<string> | undefined;
  /** `undefined` for gateways without volumes. */
  readonly storage: GatewayStorage | undefined;
  /** `undefined` for a Redis that exists. */
  readonly ownRedis: OwnRedis | undefined;
  /** True if the gateways are on one node. */
  readonly isPinned: boolean;
  /** The number of gateways that there always are. */
  readonly fewestReplicas: number;
}

/**
 * Checks the arguments and adds what they leave out. Throws a `RunError` with `INPUT_INVALID`.
 *
 * @param component for errors, such as `GatewayOnKubernetes 'gateway'`
 * @param instance label of the objects
 */
export function planGateway(component: string, instance: string, args: GatewayOnKubernetesArgs): GatewayPlan {
  const checked = parseArguments(component, schema, args);
  const fail: Fail = failFor(component);
  const { redis } = args;
  const own =
    "image" in redis && redis.image !== undefined ? parseArguments(`${component}: redis`, ownRedis, redis) : undefined;
  const plan: GatewayPlan = {
    ...checked,
    instance,
    namespace: checked.namespace,
    storage: checked.tyk.controlPlane === undefined ? (checked.storage ?? storage.parse({})) : undefined,
    ownRedis: own,
    isPinned: checked.storage?.singleNode === true,
    fewestReplicas: checked.autoscale?.minReplicas ?? checked.replicas,
  };
  if (checked.tyk.controlPlane !== undefined && checked.storage !== undefined)
    fail("storage: has no effect with tyk.controlPlane, which provides APIs and policies; remove it.");
  checkStorage(plan, fail);
  checkProbes(plan, fail);
  checkIngress(plan, fail);
  checkVariables(plan, fail);
  const { autoscale, fewestReplicas } = plan;
  if (autoscale !== undefined && autoscale.maxReplicas < fewestReplicas)
    fail(`autoscale.maxReplicas: is ${autoscale.maxReplicas}, less than the fewest, ${fewestReplicas}.`);
  if (plan.operator !== undefined && plan.tyk.controlPlane !== undefined)
    fail("operator: has no effect with tyk.controlPlane, which provides APIs and policies; remove it.");
  return plan;
}

function checkStorage({ storage: volumes, replicas, autoscale }: GatewayPlan, fail: Fail): void {
  if (volumes === undefined) return;
  const { accessMode, singleNode } = volumes;
  if (accessMode === "ReadWriteMany") {
    if (singleNode) fail("storage.singleNode: is for ReadWriteOnce; with ReadWriteMany gateways may be on any node.");
    return;
  }
  if (singleNode) return;
  const way = "use a storage class with ReadWriteMany, or set singleNode: true to keep all gateways on one node.";
  if (autoscale !== undefined)
    fail(
      `storage.accessMode: ReadWriteOnce volumes are mounted on one node, and autoscale starts gateways on others; ${way}`,
    );
  if (replicas > 1)
    fail(
      `storage.accessMode: ReadWriteOnce volumes are mounted on one node, and ${replicas} replicas may be on several; ${way}`,
    );
}

function checkProbes({ tyk, probes, env }: GatewayPlan, fail: Fail): void {
  if (/^\/hello(?:$|[?/])/.test(probes.readiness.path))
    fail("probes.readiness.path: '/hello' responds with 200 even without Redis and APIs; use '/ready'.");
  const isOlder = typeof tyk.version === "string" && !isAtLeast(tyk.version, READY_SINCE);
  if (isOlder && probes.readiness.path === "/ready" && env["TYK_GW_READINESSCHECKENDPOINTNAME"] === undefined)
    fail(`tyk.version: ${tyk.version} has no '/ready'; use 5.8.3 or later, or set probes.readiness.path.`);
  checkEndpoint("TYK_GW_HEALTHCHECKENDPOINTNAME", env, "liveness", probes.liveness.path, fail);
  checkEndpoint("TYK_GW_READINESSCHECKENDPOINTNAME", env, "readiness", probes.readiness.path, fail);
}

/** A probe of another path than the variable names would restart gateways for ever, or never give them traffic. */
function checkEndpoint(
  variable: string,
  env: GatewayPlan["env"],
  probed: "liveness" | "readiness",
  path: string,
  fail: Fail,
): void {
  const named = env[variable];
  if (typeof named !== "string" || path === `/${named.replace(/^\//, "")}`) return;
  fail(`probes.${probed}.path: is '${path}', but ${variable} names another one; set both to the same path.`);
}

function checkIngress({ ingress: given }: GatewayPlan, fail: Fail): void {
  if (given === undefined) return;
  if ("kubernetes.io/ingress.class" in given.annotations)
    fail("ingress.annotations: 'kubernetes.io/ingress.class' is deprecated; className is the class, so remove it.");
  if (given.tlsSecret !== undefined && given.host === undefined)
    fail("ingress.tlsSecret: needs host, for which the certificate is.");
}

function checkVariables({ env, secrets }: GatewayPlan, fail: Fail): void {
  const twice = Object.keys(secrets).filter((one) => one in env);
  if (twice.length > 0) fail(`secrets: env already has ${twice.join(", ")}; give each variable once.`);
  const set = SET_BY_COMPONENT.filter((one) => one in env || one in secrets);
  if (set.length > 0) fail(`env: the component sets ${set.join(", ")}; remove it.`);
}

/** Variables that the volumes, ports and probes of the component depend on. */
const SET_BY_COMPONENT = [
  "TYK_GW_LISTENPORT",
  "TYK_GW_CONTROLAPIPORT",
  "TYK_GW_APPPATH",
  "TYK_GW_MIDDLEWAREPATH",
  "TYK_GW_POLICIES_POLICYPATH",
  "TYK_GW_SECRET",
  "TYK_GW_NODESECRET",
];
