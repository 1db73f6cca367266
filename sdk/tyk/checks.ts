/** Checks of Tyk settings that the gateway would accept and fail with later. */
import * as net from "node:net";
import * as pulumi from "@pulumi/pulumi";

/**
 * Secrets that everybody knows. Sources: TykTechnologies/tyk, `tyk.conf.example` (`secret`); tyk-charts, `values.yaml`
 * (`global.secrets.APISecret`).
 */
const PUBLIC_SECRETS = ["352d20ee67be67f6340b4c0605b044b7", "changeme"];

/**
 * An error that names the property, never the value of a secret. Its message cannot be changed: @pulumi/pulumi prepends the input of the
 * resource that the setting is part of to the message of the same error, as `error serializing property "template"`.
 */
export function settingError(property: string, reason: string): pulumi.RunError {
  const message = `INPUT_INVALID: tyk: ${property}: ${reason}`;
  return Object.defineProperty(new pulumi.RunError(message), "message", { get: () => message, set: () => undefined });
}

/** A reason why a value cannot be used; `undefined` if it can. */
export type Check = (value: string) => string | undefined;

/**
 * The value, checked now if it is plain and otherwise as soon as it is known. It may be missing or no text where the compiler does not
 * see it, such as a variable that a `.env` file does not have. Throws a `RunError`.
 */
export function checked(
  property: string,
  value: pulumi.Input<string> | undefined,
  check: Check,
): pulumi.Output<string> {
  const assertValid = (known: unknown): string => {
    if (known === undefined || known === null) throw settingError(property, "is missing; set it to a text.");
    if (typeof known !== "string") throw settingError(property, `must be a text, not a ${typeof known}.`);
    const reason = check(known);
    if (reason !== undefined) throw settingError(property, reason);
    return known;
  };
  return pulumi.Output.isInstance(value) || value instanceof Promise
    ? pulumi.output<string>(value).apply(assertValid)
    : pulumi.output(assertValid(value));
}

/** Text with something in it, and nothing around it: a line break is usually the end of the file that it was read from. */
export const textCheck: Check = (value) => {
  if (value.trim() === "") return "must not be empty.";
  if (/\p{Cc}/u.test(value)) return "must not contain line breaks or other control characters.";
  return value === value.trim() ? undefined : "must not begin or end with blanks.";
};

/** A secret of the gateway: neither empty nor public. */
export const secretCheck: Check = (value) => {
  if (value.trim() === "") return "must not be empty: the gateway's own API would be open to everyone.";
  if (PUBLIC_SECRETS.includes(value.trim().toLowerCase()))
    return "is the public default of Tyk's examples; use a secret of your own.";
  return textCheck(value);
};

const isHost = (value: string): boolean =>
  /^[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_.])?$/.test(value) ||
  (/^\[.+\]$/.test(value) && net.isIPv6(value.slice(1, -1)));

/** A host name or address without a port. Tyk appends the port to it, so an IPv6 address needs brackets. */
export const hostCheck: Check = (value) => {
  if (net.isIPv6(value)) return `must have brackets around an IPv6 address: '[${value}]'.`;
  return isHost(value) ? undefined : "must be a host without scheme and port.";
};

/** `host:port`. */
export const addressCheck: Check = (value) => {
  if (value.includes("://")) return "must be 'host:port' without a scheme.";
  const [, host = "", port] = /^(.*):(\d{1,5})$/.exec(value) ?? [];
  return isHost(host) && isPort(Number(port)) ? undefined : "must be 'host:port', such as 'mdcb.example.com:443'.";
};

/** True for 1 to 65535. */
export const isPort = (value: unknown): boolean =>
  Number.isInteger(value) && Number(value) >= 1 && Number(value) <= 65_535;

type Version = readonly [number, number, number];

/** True if a gateway has at least the other version. Throws a `RunError` for a text that is no version. */
export function isAtLeast(version: string, other: Version): boolean {
  const parts = /^v?(\d+)\.(\d+)\.(\d+)(?:[-+].*)?$/.exec(version)?.slice(1).map(Number);
  if (parts === undefined) throw settingError("version", `must be a version such as '5.8.3', got '${version}'.`);
  const index = other.findIndex((part, at) => parts[at] !== part);
  return index < 0 || (parts[index] ?? 0) > (other[index] ?? 0);
}
