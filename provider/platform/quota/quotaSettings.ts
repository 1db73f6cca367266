/** The quotas of the local platform, and the parser of settings such as `instances=10`. Pure. */
import { UnikernelError } from "../../base/errors";
import { closestMatch } from "../../base/spelling";

/**
 * Limits of the whole platform. Source: the example in the cloud's documentation, so that what fits locally also fits there.
 */
const PLATFORM_LIMITS = {
  instances: 64,
  live_instances: 64,
  live_vcpus: 64,
  live_memory_mb: 32768,
  service_groups: 253,
  services: 253,
  volumes: 253,
  total_volume_mb: 20480,
} as const;

/** Ranges of one object. Source: as above, except for vCPUs: a local VM may have more. */
const OBJECT_LIMITS = {
  min_memory_mb: 16,
  max_memory_mb: 8192,
  min_vcpus: 1,
  max_vcpus: 4,
  min_volume_mb: 8,
  max_volume_mb: 20480,
  min_autoscale_size: 0,
  max_autoscale_size: 16,
} as const;

/** Name of a limit of the whole platform. */
export type HardQuotaName = keyof typeof PLATFORM_LIMITS;
type LimitName = keyof typeof OBJECT_LIMITS;

/** All quotas; `_mb` means MiB. */
export interface Quotas {
  /** Limits of the whole platform. */
  readonly hard: Readonly<Record<HardQuotaName, number>>;
  /** Ranges of one object. */
  readonly limits: Readonly<Record<LimitName, number>>;
}

/** Every quota by its name. */
export type FlatQuotas = Readonly<Record<HardQuotaName | LimitName, number>>;

const DEFAULTS: FlatQuotas = { ...PLATFORM_LIMITS, ...OBJECT_LIMITS };
const quotaNames = Object.keys(DEFAULTS) as (keyof FlatQuotas)[]; // the keys of a constant table

/** The default quotas. */
export const DEFAULT_QUOTAS: Quotas = { hard: PLATFORM_LIMITS, limits: OBJECT_LIMITS };

/** All quotas in one record. */
export const flattenQuotas = ({ hard, limits }: Quotas): FlatQuotas => ({ ...hard, ...limits });

/**
 * Parses entries such as `instances=10`; the last entry of a name wins.
 *
 * Throws `INPUT_INVALID` for an unknown name, and for a value that is not an integer of at least 0.
 */
export function parseQuotaEntries(entries: readonly string[]): Partial<FlatQuotas> {
  return Object.fromEntries(entries.map(parseEntry));
}

/** The entries of `UNIKERNEL_QUOTAS`, such as `instances=10,total_volume_mb=100`; none if it is not set. Throws as {@link parseQuotaEntries}. */
export const parseEnvironmentQuotas = (text: string | undefined): Partial<FlatQuotas> =>
  parseQuotaEntries(text?.split(",") ?? []);

function parseEntry(entry: string): [keyof FlatQuotas, number] {
  const [name = "", value, ...more] = entry.split("=").map((part) => part.trim());
  const known = quotaNames.find((one) => one === name);
  if (known === undefined) {
    const similar = closestMatch(name, quotaNames);
    throw new UnikernelError("INPUT_INVALID", `Unknown quota '${name}'.`, {
      hint: similar === undefined ? `Known quotas: ${quotaNames.join(", ")}.` : `Did you mean '${similar}'?`,
    });
  }
  if (value === undefined || more.length > 0 || !/^\d{1,9}$/.test(value)) {
    throw new UnikernelError("INPUT_INVALID", `Invalid quota '${entry}'.`, {
      hint: `Use a name, '=' and an integer of at least 0, such as '${known}=${DEFAULTS[known]}'.`,
    });
  }
  return [known, Number(value)];
}

/** The default quotas with some of them replaced. Throws `INPUT_INVALID` when a minimum exceeds its maximum. */
export function resolveQuotas(set: Partial<FlatQuotas>): Quotas {
  const all = { ...DEFAULTS, ...set };
  for (const name of ["memory_mb", "vcpus", "volume_mb", "autoscale_size"] as const) {
    const [min, max] = [all[`min_${name}`], all[`max_${name}`]];
    if (min <= max) continue;
    throw new UnikernelError("INPUT_INVALID", `The quota 'min_${name}' (${min}) exceeds 'max_${name}' (${max}).`, {
      hint: "Set both so that the minimum does not exceed the maximum.",
    });
  }
  const pick = <K extends keyof FlatQuotas>(some: Readonly<Record<K, number>>): Record<K, number> =>
    Object.fromEntries(Object.keys(some).map((key) => [key, all[key as K]])) as Record<K, number>; // the same keys
  return { hard: pick(PLATFORM_LIMITS), limits: pick(OBJECT_LIMITS) };
}
