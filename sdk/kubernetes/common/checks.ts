/** Checks of a component's arguments, at the line of the program that creates it and so at preview. */
import * as pulumi from "@pulumi/pulumi";
import * as z from "zod";
import { argumentError } from "../../registration/argumentError";
import { suggestName } from "../../registration/unknownSettings";

const isLater = (value: unknown): boolean => pulumi.Output.isInstance(value) || value instanceof Promise;

/** A text that is not empty, or an output. */
export const inputText = z.custom<pulumi.Input<string>>(
  (value) => isLater(value) || (typeof value === "string" && value !== ""),
  "must be a text that is not empty, or an output.",
);

/** A text that may be empty, or an output. */
const inputValue = z.custom<pulumi.Input<string>>(
  (value) => isLater(value) || typeof value === "string",
  "must be a text or an output; write numbers and flags as texts.",
);

/** Values by name. */
export const byName = <Value extends z.ZodType>(pattern: RegExp, wrongName: string, value: Value) =>
  z.record(z.string().regex(pattern), value, {
    error: (issue) => (issue.code === "invalid_key" ? wrongName : undefined),
  });

/** Variables by name. Source of the names: Kubernetes 1.34, `IsEnvVarName`. */
export const variables = byName(
  /^[-._a-zA-Z][-._a-zA-Z0-9]*$/,
  "cannot be the name of a variable; use letters, digits, '_', '-' and '.', and no digit first.",
  inputValue,
);

/** Throws an {@link argumentError} for a resource name from which Pulumi would make names that the cluster or its pods cannot have. */
export function assertObjectName(component: string, name: string, maxLength: number): void {
  if (/^[a-z](?:[-a-z0-9]*[a-z0-9])?$/.test(name) && name.length <= maxLength) return;
  const rule = `use at most ${maxLength} lower-case letters, digits and dashes, with a letter first and no dash last`;
  throw argumentError(component, `its objects cannot have names that begin with this resource name; ${rule}.`);
}

/** A text that must be known before anything is created. */
export const knownText = z
  .string("must be a text that is known at preview, not an output.")
  .min(1, "must not be empty; leave it out instead.");

/** A name of the DNS. Source: RFC 1123, 2.1, in lower case as Kubernetes asks for. */
const DNS_NAME = /[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*/.source;
const HOST_RULE = "must be a lower-case name such as api.example.com, without scheme, port and path.";

/** The name of a host. */
export const hostName = knownText.regex(new RegExp(`^${DNS_NAME}$`), HOST_RULE);

/** The name of a host, or `*.` and a name for all hosts below it. */
export const hostPattern = knownText.regex(new RegExp(`^(?:\\*\\.)?${DNS_NAME}$`), HOST_RULE);

/** A whole number of a range. */
export const wholeNumber = (min: number, max: number) => {
  const expected = `must be a whole number from ${min} to ${max}.`;
  return z.int(expected).min(min, expected).max(max, expected);
};

/** A duration in milliseconds that Kubernetes, which counts in seconds, can keep. */
export const secondsInMs = (minSeconds: number, maxSeconds: number) => {
  const expected = `must be whole seconds in milliseconds, ${minSeconds * 1000} to ${maxSeconds * 1000}.`;
  return z
    .int(expected)
    .min(minSeconds * 1000, expected)
    .max(maxSeconds * 1000, expected)
    .multipleOf(1000, expected);
};

/** The message for a text that is none of some. */
export const oneOf: z.core.$ZodErrorMap = (issue) =>
  issue.code === "invalid_value"
    ? `must be ${issue.values.map((value) => JSON.stringify(value)).join(" or ")}.`
    : undefined;

/** True or false. */
export const flag = z.boolean("must be true or false.");

/** An object with these members and no others. */
export const members = <Shape extends z.ZodRawShape>(shape: Shape) =>
  z.strictObject(shape, {
    error: (issue) =>
      issue.code === "unrecognized_keys" ? describeUnknown(issue.keys, Object.keys(shape)) : "must be an object.",
  });

function describeUnknown(unknown: readonly string[], known: readonly string[]): string {
  const [name = ""] = unknown;
  const similar = suggestName(name, known);
  const way = similar === undefined ? `known are ${known.join(", ")}.` : `did you mean '${similar}'?`;
  return `has no argument '${name}'; ${way}`;
}

/** The checked arguments, with their defaults. Throws the first thing that is wrong with them as an {@link argumentError}. */
export function parseArguments<Schema extends z.ZodType>(
  component: string,
  schema: Schema,
  args: object,
): z.output<Schema> {
  const parsed = schema.safeParse(args, {
    error: (issue) => (issue.input === undefined ? "is missing." : undefined),
  });
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const isMissing = issue !== undefined && issue.path.reduce<unknown>(memberOf, args) === undefined;
  const reason = isMissing ? "is missing." : (issue?.message ?? "is invalid.");
  throw argumentError(component, `${formatPath(issue?.path ?? [])}${reason}`);
}

const memberOf = (value: unknown, key: PropertyKey): unknown =>
  typeof value === "object" && value !== null ? (value as Readonly<Record<PropertyKey, unknown>>)[key] : undefined;

const formatPath = (path: readonly PropertyKey[]): string =>
  path.length === 0
    ? ""
    : `${path.map((part, index) => (typeof part === "number" ? `[${part}]` : `${index === 0 ? "" : "."}${String(part)}`)).join("")}: `;
