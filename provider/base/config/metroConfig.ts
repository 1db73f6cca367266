/** Resolves the metro, its address and token, and the connection settings, from all sources of settings. */
import { UnikernelError } from "../errors";
import {
  type TimeoutSettings,
  parseBaseUrl,
  parseMaxConcurrency,
  parseControlPlane,
  parseProxy,
  parseTimeouts,
} from "./limits";
import { closestMatch } from "../spelling";
import { type Setting, type SettingSources, findSetting, describeSource } from "./sources";

export { type PartialSettings, SETTING_KEYS, toSettingText as settingText } from "./sources";

/** Validated settings. */
export interface MetroConfig {
  /** The metro as configured: `local`, a code such as `fra`, or a URL. Used in messages. */
  readonly metro: string;
  /**
   * Base URL without a trailing slash or `/v1`; `undefined` for `local`, whose daemon picks its own port. For a code outside
   * {@link KNOWN_METROS}, the conventional address, used if the control plane cannot be queried.
   */
  readonly url: string | undefined;
  /** True for a code whose address only the control plane knows. */
  readonly needsDiscovery: boolean;
  /** Bearer token; `undefined` for `local`, whose daemon has its own. Secret. */
  readonly token: string | undefined;
  /** Base URL of the control plane; `undefined` if the metro's own API serves it. */
  readonly controlPlane: string | undefined;
  readonly timeouts: TimeoutSettings;
  /** Limit of concurrent requests; `undefined` for the client's default. */
  readonly maxConcurrency: number | undefined;
  /** URL of a proxy. Secret. `undefined` uses the environment's. */
  readonly proxy: string | undefined;
}

/** The part of the settings that decides where an image is pushed. */
export type MetroIdentity = Pick<MetroConfig, "metro"> & Partial<Pick<MetroConfig, "token">>;

/** The metro used if none is configured, as in the vendor's tools. */
export const DEFAULT_METRO = "fra";

/** Metros with conventional addresses. Source: the vendor's documentation. */
export const KNOWN_METROS: readonly string[] = ["fra", "dal", "sin", "was", "sfo"];

/** Source: the vendor's SDKs. */
const VENDOR_CONTROL_PLANE_URL = "https://controlplane.unikraft.cloud";
const VENDOR_HOST = /(^|\.)unikraft\.cloud$/;

/** True if the vendor operates the metro at this base URL. The token of any other must not be sent to the vendor. */
export const isVendorUrl = (url: string): boolean => VENDOR_HOST.test(new URL(url).hostname);

/** True for a metro that the vendor operates: every code, and its URLs. */
export const isVendorMetro = (metro: string): boolean =>
  metro !== "local" && (!metro.includes("://") || isVendorUrl(metro));

/** The token of a metro if the vendor operates it, which its registries accept too; `undefined` for any other metro, and for `local`. */
export const vendorToken = ({ metro, token }: MetroIdentity): string | undefined =>
  isVendorMetro(metro) ? token : undefined;

const findMetro = (sources: SettingSources): Setting =>
  findSetting("metro", sources) ?? { key: "metro", value: DEFAULT_METRO, source: "default" };

/**
 * The address of the configured metro: `local`, or the base URL of its API. Needs neither a token nor the network.
 *
 * Throws `CONFIG_INVALID` if the metro is malformed.
 */
export function metroAddress(sources: SettingSources): string {
  const metro = findMetro(sources);
  return metro.value === "local" ? "local" : metroUrl(metro);
}

/**
 * Resolves and validates the configuration of the metro.
 *
 * Throws `CONFIG_INVALID` if a setting is malformed, or if a metro other than `local` has no token.
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
        sources.argument === undefined
          ? `${suggestMetro(metro.value)} one with 'pulumi config set --secret unikernel:token …' or UKC_TOKEN, ` +
            "or run on this machine with 'pulumi config set unikernel:metro local'."
          : `${suggestMetro(metro.value)} one in UKC_TOKEN, or give --metro local for the local platform.`,
    });
  }
  const isCode = !metro.value.includes("://");
  return {
    metro: metro.value,
    url,
    needsDiscovery: isCode && !KNOWN_METROS.includes(metro.value),
    token: token.value,
    controlPlane: controlPlane ?? (isVendorUrl(url) ? VENDOR_CONTROL_PLANE_URL : undefined),
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

/** The metro that a misspelt code may stand for; undefined for a known one, a URL, and a code that resembles none. */
export function similarMetro(metro: string): string | undefined {
  const known = ["local", ...KNOWN_METROS];
  return known.includes(metro) || metro.includes("://") ? undefined : closestMatch(metro, known);
}

/** How a hint to set a token begins: a misspelt `local`, or a misspelt code, looks like the code of another metro. */
function suggestMetro(metro: string): string {
  const similar = similarMetro(metro);
  return similar === undefined ? "Set" : `Did you mean '${similar}'? Otherwise set`;
}

const conventionalUrl = (code: string): string | undefined =>
  /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(code) ? `https://api.${code}.unikraft.cloud` : undefined;
