/** Which API to talk to, and how, from the settings of all sources. */
import { UnikernelError } from "../errors";
import {
  type TimeoutSettings,
  parseBaseUrl,
  parseMaxConcurrency,
  parseControlPlane,
  parseProxy,
  parseTimeouts,
} from "./limits";
import { type Setting, type SettingSources, findSetting, describeSource } from "./sources";

export { type PartialSettings, SETTING_KEYS, toSettingText as settingText } from "./sources";

/** The settings, checked. */
export interface MetroConfig {
  /** What the user wrote: `local`, a code such as `fra`, or a URL. Goes into messages. */
  readonly metro: string;
  /**
   * Base URL without a trailing slash or `/v1`; `undefined` for `local`, whose daemon picks its own port. For a code that
   * is not one of {@link KNOWN_METROS} the address that it would have by convention: the control plane knows better.
   */
  readonly url: string | undefined;
  /** True for a code of which only the control plane knows the address. */
  readonly needsDiscovery: boolean;
  /** Bearer token; `undefined` for `local`, whose daemon keeps its own. */
  readonly token: string | undefined;
  /** Base URL of the control plane; `undefined` where the metro's own API serves it. */
  readonly controlPlane: string | undefined;
  readonly timeouts: TimeoutSettings;
  /** Most requests at the same time; `undefined` for the client's default. */
  readonly maxConcurrency: number | undefined;
  /** URL of a proxy. Secret; `undefined` leaves it to the environment. */
  readonly proxy: string | undefined;
}

/** The metro used when none is configured; the vendor's own tools have the same default. */
export const DEFAULT_METRO = "fra";

/** Metros whose addresses follow from their codes. Source: the vendor's documentation. */
export const KNOWN_METROS: readonly string[] = ["fra", "dal", "sin", "was", "sfo"];

/** Source: the vendor's SDKs. */
const VENDOR_CONTROL_PLANE_URL = "https://controlplane.unikraft.cloud";
const VENDOR_HOST = /(^|\.)unikraft\.cloud$/;

const findMetro = (sources: SettingSources): Setting =>
  findSetting("metro", sources) ?? { key: "metro", value: DEFAULT_METRO, source: "default" };

/**
 * Where the metro to use is, however it was written: `local`, or the base URL of its API. Needs no token and no network.
 *
 * Throws `CONFIG_INVALID` when it is malformed.
 */
export function metroAddress(sources: SettingSources): string {
  const metro = findMetro(sources);
  return metro.value === "local" ? "local" : metroUrl(metro);
}

/**
 * The metro to use.
 *
 * Throws `CONFIG_INVALID` when a setting is malformed, or when a metro other than `local` has no token.
 */
export function resolveMetro(sources: SettingSources): MetroConfig {
  const metro = findMetro(sources);
  const controlPlane = parseControlPlane(sources);
  const transport = {
    timeouts: parseTimeouts(sources),
    maxConcurrency: parseMaxConcurrency(sources),
    proxy: parseProxy(sources),
  };
  if (metro.value === "local") {
    return {
      metro: "local",
      url: undefined,
      needsDiscovery: false,
      token: undefined,
      controlPlane: undefined,
      ...transport,
    };
  }
  const url = metroUrl(metro);
  const token = findSetting("token", sources);
  if (token === undefined) {
    throw new UnikernelError("CONFIG_INVALID", `No token for metro '${metro.value}' (${describeSource(metro)}).`, {
      hint:
        "Set one with 'pulumi config set --secret unikernel:token …' or UKC_TOKEN, " +
        "or run on this machine with 'pulumi config set unikernel:metro local'.",
    });
  }
  const isCode = !metro.value.includes("://");
  return {
    metro: metro.value,
    url,
    needsDiscovery: isCode && !KNOWN_METROS.includes(metro.value),
    token: token.value,
    // A token for somebody's own server is no business of the vendor's.
    controlPlane: controlPlane ?? (VENDOR_HOST.test(new URL(url).hostname) ? VENDOR_CONTROL_PLANE_URL : undefined),
    ...transport,
  };
}

function metroUrl(metro: Setting): string {
  const url = metro.value.includes("://") ? parseBaseUrl(metro.value) : conventionalUrl(metro.value);
  if (url !== undefined) return url;
  throw new UnikernelError("CONFIG_INVALID", `'${metro.value}' (${describeSource(metro)}) is not a metro.`, {
    hint: "Give 'local', a metro code such as 'fra', or the http(s) URL of an API.",
  });
}

const conventionalUrl = (code: string): string | undefined =>
  /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(code) ? `https://api.${code}.unikraft.cloud` : undefined;
