/** What the arguments of UnikernelDeployment amount to, and what the chosen runtime would ignore. Pure. */
import type * as pulumi from "@pulumi/pulumi";
import * as z from "zod";
import { argumentError } from "../../registration/argumentError";
import {
  flag,
  hostName,
  inputText,
  knownText,
  members,
  oneOf,
  parseArguments,
  secondsInMs,
  variables,
  wholeNumber,
} from "../common/checks";
import type { UnikernelDeploymentArgs } from "./args";

const absolutePath = knownText.startsWith("/", "must begin with '/'.");
const port = wholeNumber(1, 65_535);

/** urunc joins the words with blanks, and neither it nor the guest knows a way to quote one. */
const word = knownText.regex(
  /^[^\s"]+$/,
  "must not contain blanks or quotes, which separate the parameters of a kernel.",
);

const urunc = members({
  kind: z.enum(["urunc"], { error: oneOf }),
  args: z.array(word).min(1, "must not be empty; leave it out instead.").optional(),
  runtimeClass: knownText.default("urunc"),
});

const virtualKubelet = members({
  kind: z.enum(["virtualKubelet"], { error: oneOf }),
  scaleToZero: members({
    policy: z.enum(["on", "idle", "off"], { error: oneOf }),
    stateful: flag.optional(),
    cooldownTimeMs: wholeNumber(0, 86_400_000).optional(),
  }).optional(),
  domain: hostName.optional(),
});

const probe = members({
  port,
  path: absolutePath.optional(),
  periodMs: secondsInMs(1, 3_600).default(5_000),
  timeoutMs: secondsInMs(1, 3_600).default(3_000),
});

const schema = members({
  image: z.custom<UnikernelDeploymentArgs["image"]>(
    (value) => (typeof value === "string" && value !== "") || (typeof value === "object" && value !== null),
    "must be a GatewayImage or a reference.",
  ),
  runtime: z.discriminatedUnion("kind", [urunc, virtualKubelet], {
    error: 'must be "urunc" or "virtualKubelet".',
  }),
  namespace: inputText.optional(),
  replicas: wholeNumber(1, 1_000).default(2),
  memoryMb: wholeNumber(16, 1_048_576).default(128),
  env: variables.default({}),
  secrets: variables.default({}),
  ports: z.array(members({ port, destinationPort: port.optional() })).default([]),
  volumes: z
    .array(
      members({ claim: inputText, at: absolutePath, readonly: flag.default(false), subPath: knownText.optional() }),
    )
    .default([]),
  liveness: probe.optional(),
  readiness: probe.optional(),
  pullSecret: inputText.optional(),
});

type CheckedArguments = z.output<typeof schema>;

/** A check with its defaults. */
export type UnikernelProbe = z.output<typeof probe>;

/** What to create. */
export interface UnikernelPlan extends Omit<CheckedArguments, "image"> {
  /** Label that tells the objects of this component from those of others in the namespace. */
  readonly instance: string;
  /** `undefined` for the namespace of the provider. */
  readonly namespace: pulumi.Input<string> | undefined;
}

/** Checks the arguments and adds what they leave out. Throws a `RunError` with `INPUT_INVALID`. */
export function planUnikernels(component: string, instance: string, args: UnikernelDeploymentArgs): UnikernelPlan {
  const { image: _, ...checked } = parseArguments(component, schema, args);
  const plan: UnikernelPlan = { ...checked, instance, namespace: checked.namespace };
  const [problem] = [...findIgnored(plan), ...findContradictions(plan)];
  if (problem !== undefined) throw argumentError(component, problem);
  return plan;
}

/** What the runtime would ignore. Source for the virtual kubelet: its documentation, "Limitations". */
function findIgnored({ runtime, liveness, readiness, volumes }: UnikernelPlan): readonly string[] {
  if (runtime.kind === "urunc")
    return volumes.length === 0
      ? []
      : ["volumes: urunc gives a unikernel no volumes; put the files into the image, or use the virtual kubelet."];
  const never = "the virtual kubelet never runs probes; remove it, and use a rollout gate of a Service for readiness.";
  return [
    ...(liveness === undefined ? [] : [`liveness: ${never}`]),
    ...(readiness === undefined ? [] : [`readiness: ${never}`]),
    ...volumes.flatMap(({ subPath }, index) =>
      subPath === undefined
        ? []
        : [`volumes[${index}].subPath: the virtual kubelet ignores it and mounts the whole volume; remove it.`],
    ),
  ];
}

function findContradictions({ runtime, ports, env, secrets, volumes }: UnikernelPlan): readonly string[] {
  const twice = Object.keys(secrets).filter((name) => name in env);
  const samePort = ports.filter((one, index) => ports.findIndex((other) => other.port === one.port) !== index);
  const samePath = volumes.filter((one, index) => volumes.findIndex(({ at }) => at === one.at) !== index);
  return [
    ...samePath.map(({ at }) => `volumes: two are at ${at}; give each its own path.`),
    ...(twice.length === 0 ? [] : [`secrets: env already has ${twice.join(", ")}; give each variable once.`]),
    ...samePort.map((one) => `ports: ${one.port} is there twice; give each port once.`),
    ...(runtime.kind === "virtualKubelet" && runtime.domain !== undefined && ports.length === 0
      ? ["runtime.domain: needs ports, which the domain leads to."]
      : []),
  ];
}
