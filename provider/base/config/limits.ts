/** Parsers of the connection settings: timeouts, concurrency, proxy and control plane. */
import * as z from "zod";
import { omitUndefined } from "../objects";
import { UnikernelError } from "../errors";
import { closestMatch } from "../spelling";
import { type Setting, type SettingSources, findSetting, describeSource } from "./sources";

/** Limits of one operation on a resource, in milliseconds. `undefined` uses the default. */
export interface TimeoutSettings {
  readonly createMs?: number;
  readonly updateMs?: number;
  readonly deleteMs?: number;
}

/** From one second to one day. A smaller value was probably meant in seconds. */
const timeoutMs = z.coerce.number().int().min(1_000).max(86_400_000);
const timeoutsSchema = z.strictObject({ createMs: timeoutMs, updateMs: timeoutMs, deleteMs: timeoutMs }).partial();
const TIMEOUT_KEYS = Object.keys(timeoutsSchema.shape);
const maxConcurrencySchema = z.coerce.number().int().min(1).max(256);

/** Throws `CONFIG_INVALID`. The value is quoted unless it may hold a secret. */
function throwInvalidSetting(setting: Setting, problem: string, hint: string): never {
  const quoted = setting.key === "proxy" ? "The value" : `'${setting.value}'`;
  const text = `${quoted} (${describeSource(setting)}) ${problem}.`;
  throw new UnikernelError("CONFIG_INVALID", text, { hint, property: `unikernel:${setting.key}` });
}

/** `unikernel:timeouts`, JSON such as `{"createMs": 600000}`. Throws `CONFIG_INVALID`. */
export function parseTimeouts(sources: SettingSources): TimeoutSettings {
  const setting = findSetting("timeouts", sources);
  if (setting === undefined) return {};
  const hint =
    'Give createMs, updateMs or deleteMs in milliseconds, 1000 to 86400000 each, such as {"createMs": 600000}.';
  let json: unknown;
  try {
    json = JSON.parse(setting.value);
  } catch {
    return throwInvalidSetting(setting, "is not JSON", hint);
  }
  const parsed = timeoutsSchema.safeParse(json);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const unknown = issue?.code === "unrecognized_keys" ? issue.keys[0] : undefined;
    if (unknown === undefined)
      return throwInvalidSetting(
        setting,
        `has no valid number of milliseconds in '${issue?.path.join(".") ?? ""}'`,
        hint,
      );
    const suggestion = closestMatch(unknown, TIMEOUT_KEYS);
    return throwInvalidSetting(
      setting,
      `has an unknown member '${unknown}'`,
      suggestion === undefined ? hint : `Did you mean '${suggestion}', in milliseconds?`,
    );
  }
  return omitUndefined(parsed.data) as TimeoutSettings;
}

/** `unikernel:maxConcurrency`, from 1 to 256; `undefined` for the default. Throws `CONFIG_INVALID`. */
export function parseMaxConcurrency(sources: SettingSources): number | undefined {
  const setting = findSetting("maxConcurrency", sources);
  if (setting === undefined) return undefined;
  const parsed = maxConcurrencySchema.safeParse(setting.value);
  return parsed.success
    ? parsed.data
    : throwInvalidSetting(setting, "is not a whole number from 1 to 256", "Leave it out for the default of 16.");
}

/** `unikernel:proxy`, a URL that may hold a user and a password; `undefined` uses the environment's. Throws `CONFIG_INVALID`. */
export function parseProxy(sources: SettingSources): string | undefined {
  const setting = findSetting("proxy", sources);
  if (setting === undefined) return undefined;
  const url = URL.parse(setting.value);
  if (url !== null && (url.protocol === "http:" || url.protocol === "https:")) return setting.value;
  return throwInvalidSetting(
    setting,
    "is not the http(s) URL of a proxy",
    "Give one such as http://proxy.example.com:3128.",
  );
}

/** `unikernel:controlPlane`, the base URL of a control plane; `undefined` for the default. Throws `CONFIG_INVALID`. */
export function parseControlPlane(sources: SettingSources): string | undefined {
  const setting = findSetting("controlPlane", sources);
  if (setting === undefined) return undefined;
  return (
    parseBaseUrl(setting.value) ??
    throwInvalidSetting(setting, "is not an http(s) URL", "Leave it out to use the vendor's control plane.")
  );
}

/** An http(s) URL without a trailing slash or `/v1`; `undefined` for anything else. */
export function parseBaseUrl(text: string): string | undefined {
  const url = URL.parse(text);
  if (url === null || (url.protocol !== "https:" && url.protocol !== "http:")) return undefined;
  return `${url.origin}${url.pathname}`.replace(/\/+$/, "").replace(/\/v1$/, "");
}
