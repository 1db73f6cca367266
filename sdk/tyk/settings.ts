/** The plain settings of a Tyk gateway: JavaScript passes any name and any value, and the gateway ignores or misreads them. */
import * as pulumi from "@pulumi/pulumi";
import { suggestName } from "../registration/unknownSettings";
import type { TykArgs, TykControlPlaneArgs, TykRedisArgs } from "./args";
import { isPort, settingError, textCheck } from "./checks";

/** What a value must be, as the end of a sentence; `undefined` if it is. */
type Rule = (value: unknown) => string | undefined;

/** For each setting its rule, or "input" for one that may be an output and is checked with the environment. */
type Rules<Args> = { readonly [Name in keyof Args]-?: Rule | "input" };

const rule =
  (isValid: (value: unknown) => boolean, expected: string): Rule =>
  (value) =>
    isValid(value) ? undefined : expected;

const flag = rule((value) => typeof value === "boolean", "true or false");
const port = rule(isPort, "a port from 1 to 65535");
const list = rule(Array.isArray, "a list");
const object = rule((value) => typeof value === "object" && value !== null && !Array.isArray(value), "an object");
const guestPath = rule(
  (value) => typeof value === "string" && value.length > 1 && value.startsWith("/") && textCheck(value) === undefined,
  "an absolute path of the guest",
);

const HASH_FUNCTIONS: readonly unknown[] = ["murmur32", "murmur64", "murmur128", "sha256"];

const GATEWAY: Rules<TykArgs> = {
  version: rule((value) => typeof value === "string", "a version such as '5.8.3'"),
  secret: "input",
  nodeSecret: "input",
  redis: object,
  controlPlane: object,
  listenPort: port,
  // The gateway splits the list at commas and keeps blanks.
  tags: (value) =>
    list(value) ??
    ((value as unknown[]).every((tag) => typeof tag === "string" && /^[^\s,]+$/.test(tag))
      ? undefined
      : "a list of texts with neither blanks nor commas"),
  configPath: guestPath,
  templatePath: guestPath,
  appPath: guestPath,
  middlewarePath: guestPath,
  policyFile: guestPath,
  hashKeyFunction: rule((value) => HASH_FUNCTIONS.includes(value), `one of ${HASH_FUNCTIONS.join(", ")}`),
  analytics: flag,
};

const REDIS: Rules<TykRedisArgs> = {
  host: "input",
  port,
  addresses: list,
  password: "input",
  username: rule(
    (value) => typeof value === "string" && textCheck(value) === undefined,
    "a text without blanks around it",
  ),
  database: rule((value) => Number.isSafeInteger(value) && Number(value) >= 0, "a whole number from 0"),
  useSsl: flag,
  cluster: flag,
};

const CONTROL_PLANE: Rules<TykControlPlaneArgs> = {
  connectionString: "input",
  apiKey: "input",
  organisationId: "input",
  groupId: "input",
  useSsl: flag,
  insecureSkipVerify: flag,
};

/** Throws a `RunError` for a setting that does not exist, or whose plain value has another type or range. */
export function assertSettings(args: TykArgs): void {
  assertGroup("", args, GATEWAY);
  if ((args.redis as TykRedisArgs | undefined) === undefined) throw settingError("redis", "is missing.");
  assertGroup("redis.", args.redis, REDIS);
  if (args.controlPlane !== undefined) assertGroup("controlPlane.", args.controlPlane, CONTROL_PLANE);
}

function assertGroup<Args extends object>(prefix: string, args: Args, rules: Rules<Args>): void {
  const known: ReadonlyMap<string, Rule | "input"> = new Map(Object.entries<Rule | "input">(rules));
  for (const [name, value] of Object.entries(args) as [string, unknown][]) {
    if (value === undefined) continue;
    const check = known.get(name);
    if (check === undefined) throw settingError(prefix + name, describeUnknown(name, [...known.keys()]));
    if (check === "input") continue;
    if (pulumi.Output.isInstance(value) || value instanceof Promise)
      throw settingError(prefix + name, "cannot be an output: it must be known before the image is built.");
    const expected = check(value);
    if (expected !== undefined) throw settingError(prefix + name, `must be ${expected}, got ${describe(value)}.`);
  }
}

function describeUnknown(name: string, known: readonly string[]): string {
  const similar = suggestName(name, known);
  return `is no setting. ${similar === undefined ? `Known are ${known.join(", ")}.` : `Did you mean '${similar}'?`}`;
}

/** No object is shown: it may have secrets. */
const describe = (value: unknown): string => {
  if (typeof value === "string") return `'${value.replace(/\p{Cc}/gu, "�")}'`;
  if (value === null || typeof value !== "object") return String(value);
  return Array.isArray(value) ? `[${value.map(describe).join(", ")}]` : "an object";
};
