/**
 * Finds settings, and the source of each one.
 *
 * Precedence, highest first: argument, provider configuration (`new unikernel.Provider(…)`), stack configuration
 * (`pulumi config set unikernel:metro …`), environment, default.
 */
import { type EnvironmentVariable, environmentVariable } from "./environment";

/** The environment variable of each setting, by its name in a Provider and in the stack's configuration. */
export const VARIABLE_BY_SETTING = {
  metro: "UKC_METRO",
  token: "UKC_TOKEN",
  controlPlane: "UNIKERNEL_CONTROL_PLANE",
  timeouts: "UNIKERNEL_TIMEOUTS",
  maxConcurrency: "UNIKERNEL_MAX_CONCURRENCY",
  proxy: "UNIKERNEL_PROXY",
  rolloutEventsFile: "UNIKERNEL_ROLLOUT_EVENTS_FILE",
} as const satisfies Readonly<Record<string, EnvironmentVariable>>;

/** Name of a setting. */
export type SettingKey = keyof typeof VARIABLE_BY_SETTING;

/** Every setting, by name. */
export const SETTING_KEYS = Object.keys(VARIABLE_BY_SETTING) as readonly SettingKey[];

/** Settings of one source, as text. `undefined` or empty means not set. */
export type PartialSettings = { readonly [K in SettingKey]?: string | undefined };

/** A setting as text. The engine parses values that were set by path, so a setting may arrive as another type. */
export const toSettingText = (value: unknown): string | undefined =>
  value === undefined || typeof value === "string" ? value : JSON.stringify(value);

/** The settings of every source. */
export type SettingSources = Readonly<Partial<Record<"argument" | "provider" | "stack", PartialSettings>>>;

/** Where a setting was found. */
export type ConfigSource = "argument" | "provider" | "stack" | "environment" | "default";

/** A setting with its source, so that an error can name the place to fix. */
export interface Setting {
  readonly key: SettingKey;
  readonly value: string;
  readonly source: ConfigSource;
}

/** Finds a setting by precedence; `undefined` if no source has it. */
export function findSetting(key: SettingKey, sources: SettingSources): Setting | undefined {
  for (const source of ["argument", "provider", "stack"] as const) {
    const value = sources[source]?.[key];
    if (value !== undefined && value !== "") return { key, value, source };
  }
  const value = environmentVariable(VARIABLE_BY_SETTING[key]);
  return value === undefined ? undefined : { key, value, source: "environment" };
}

/** Describes the source of a setting, for messages. */
export function describeSource({ key, source }: Setting): string {
  switch (source) {
    case "argument":
      return "passed as an argument";
    case "provider":
      return `from unikernel:${key} or the Provider's arguments`;
    case "stack":
      return `from the stack's configuration, unikernel:${key}`;
    case "environment":
      return `from ${VARIABLE_BY_SETTING[key]}`;
    case "default":
      return "the default";
    default:
      return source satisfies never;
  }
}
