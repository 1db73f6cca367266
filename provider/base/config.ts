/**
 * Settings and where each one came from.
 *
 * Precedence, first found wins: argument, provider configuration (`new unikernel.Provider(…)`), stack configuration
 * (`pulumi config set unikernel:metro …`), environment (`UKC_METRO`, `UKC_TOKEN`), default.
 */
import { environment } from "./environment";
import { UnikernelError } from "./errors";

/** Where a setting was found. */
export type ConfigSource = "argument" | "provider" | "stack" | "environment" | "default";

/** A setting with its source, so that an error can name the place to mend. */
export interface Setting {
  readonly value: string;
  readonly source: ConfigSource;
}

/** Settings as one source gives them. `undefined` or empty means not given there. */
export interface PartialSettings {
  readonly metro?: string | undefined;
  readonly token?: string | undefined;
}

/** Which API to talk to, and how. */
export interface MetroConfig {
  /** What the user wrote: `local`, a code such as `fra`, or a URL. Goes into messages. */
  readonly metro: string;
  /** Base URL without a trailing slash or `/v1`; `undefined` for `local`, whose daemon picks its own port. */
  readonly url: string | undefined;
  /** Bearer token; `undefined` for `local`, whose daemon keeps its own. */
  readonly token: string | undefined;
}

/** The metro used when none is configured; the vendor's own tools have the same default. */
export const DEFAULT_METRO = "fra";

const ENVIRONMENT = { metro: "UKC_METRO", token: "UKC_TOKEN" } as const;

/** Finds one setting by precedence; `undefined` when no source has it and there is no default. */
export function findSetting(
  key: keyof PartialSettings,
  sources: Readonly<Partial<Record<"argument" | "provider" | "stack", PartialSettings>>>,
): Setting | undefined {
  for (const source of ["argument", "provider", "stack"] as const) {
    const value = sources[source]?.[key];
    if (value !== undefined && value !== "") return { value, source };
  }
  const fromEnvironment = environment(ENVIRONMENT[key]);
  if (fromEnvironment !== undefined) return { value: fromEnvironment, source: "environment" };
  return key === "metro" ? { value: DEFAULT_METRO, source: "default" } : undefined;
}

const SOURCE_WORDS: Readonly<Record<ConfigSource, string>> = {
  argument: "given as an argument",
  provider: "from unikernel:metro or the Provider's arguments",
  stack: "from the stack's configuration",
  environment: `from ${ENVIRONMENT.metro}`,
  default: "the default",
};

/** findSetting always finds a metro: there is a default. */
const findMetro = (sources: Parameters<typeof findSetting>[1]): Setting =>
  findSetting("metro", sources) ?? { value: DEFAULT_METRO, source: "default" };

/**
 * Where the metro to use is, however it was written: `local`, or the base URL of its API. Needs no token.
 *
 * Throws `CONFIG_INVALID` when it is malformed.
 */
export function metroAddress(sources: Parameters<typeof findSetting>[1]): string {
  const metro = findMetro(sources);
  return metro.value === "local" ? "local" : metroUrl(metro);
}

/**
 * The metro to use.
 *
 * Throws `CONFIG_INVALID` when a metro is malformed, or when a metro other than `local` has no token.
 */
export function resolveMetro(
  sources: Readonly<Partial<Record<"argument" | "provider" | "stack", PartialSettings>>>,
): MetroConfig {
  const metro = findMetro(sources);
  if (metro.value === "local") return { metro: "local", url: undefined, token: undefined };

  const url = metroUrl(metro);
  const token = findSetting("token", sources);
  if (token === undefined) {
    throw new UnikernelError("CONFIG_INVALID", `No token for metro '${metro.value}' (${SOURCE_WORDS[metro.source]}).`, {
      hint:
        "Set one with 'pulumi config set --secret unikernel:token …' or UKC_TOKEN, " +
        "or run on this machine with 'pulumi config set unikernel:metro local'.",
    });
  }
  return { metro: metro.value, url, token: token.value };
}

function metroUrl(metro: Setting): string {
  if (metro.value.includes("://")) {
    const url = URL.parse(metro.value);
    if (url !== null && (url.protocol === "https:" || url.protocol === "http:")) {
      return `${url.origin}${url.pathname}`.replace(/\/+$/, "").replace(/\/v1$/, "");
    }
  } else if (/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(metro.value)) {
    return `https://api.${metro.value}.unikraft.cloud`;
  }
  throw new UnikernelError("CONFIG_INVALID", `'${metro.value}' (${SOURCE_WORDS[metro.source]}) is not a metro.`, {
    hint: "Give 'local', a metro code such as 'fra', or the http(s) URL of an API.",
  });
}
