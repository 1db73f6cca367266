/** Checks of Tyk settings that the gateway would accept and fail with later. */
import * as pulumi from "@pulumi/pulumi";

/**
 * Secrets that everybody knows. Sources: TykTechnologies/tyk, `tyk.conf.example` (`secret`); tyk-charts, `values.yaml`
 * (`global.secrets.APISecret`).
 */
const PUBLIC_SECRETS = ["352d20ee67be67f6340b4c0605b044b7", "CHANGEME"];

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
 * The value, checked now if it is plain and otherwise as soon as it is known. It may be missing where the compiler does not see it, such
 * as a variable that a `.env` file does not have. Throws a `RunError`.
 */
export function checked(
  property: string,
  value: pulumi.Input<string> | undefined,
  check: Check,
): pulumi.Output<string> {
  const assertValid = (known: string | undefined): string => {
    if (typeof known !== "string") throw settingError(property, "is missing; set it to a text.");
    const reason = check(known);
    if (reason !== undefined) throw settingError(property, reason);
    return known;
  };
  if (value === undefined) return pulumi.output(assertValid(value));
  return typeof value === "string" ? pulumi.output(assertValid(value)) : pulumi.output(value).apply(assertValid);
}

/** A secret of the gateway: neither empty nor public. */
export const secretCheck: Check = (value) => {
  if (value.trim() === "") return "must not be empty: the gateway's own API would be open to everyone.";
  if (PUBLIC_SECRETS.includes(value)) return "is the public default of Tyk's examples; use a secret of your own.";
  return undefined;
};

/** Text with something in it. */
export const textCheck: Check = (value) => (value.trim() === "" ? "must not be empty." : undefined);

/** A host name or address without a port. */
export const hostCheck: Check = (value) =>
  /^[^\s/:,]+$|^\[?[0-9A-Fa-f:.]+\]?$/.test(value) ? undefined : "must be a host without scheme and port.";

/** `host:port`. */
export const addressCheck: Check = (value) => {
  if (value.includes("://")) return "must be 'host:port' without a scheme.";
  const port = Number(/^(?:[^\s/:,]+|\[[0-9A-Fa-f:.]+\]):(\d{1,5})$/.exec(value)?.[1] ?? 0);
  return port >= 1 && port <= 65_535 ? undefined : "must be 'host:port', such as 'mdcb.example.com:443'.";
};

/** Throws a `RunError` unless the value is a port. */
export function assertPort(property: string, value: number): void {
  if (!Number.isInteger(value) || value < 1 || value > 65_535)
    throw settingError(property, `must be a port from 1 to 65535, got ${value}.`);
}

/** Throws a `RunError` unless the value is an absolute path of the guest. */
export function assertGuestPath(property: string, value: string): void {
  if (!/^\/[^\0]+$/.test(value)) throw settingError(property, `must be an absolute path of the guest, got '${value}'.`);
}
