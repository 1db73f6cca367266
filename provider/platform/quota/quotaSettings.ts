/** Quotas of the local platform as they can be set: `instances=10`. Pure. */
import { UnikernelError } from "../../base/errors";
import { closestMatch } from "../../base/spelling";

/** Hard limits over the whole platform. Source: the example in the cloud's documentation, so that what fits here fits there. */
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

/** Ranges for one object. Source: as above, but for the vCPUs, of which a VM here may have more. */
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

/** Name of a hard limit over the whole platform. */
export type HardQuotaName = keyof typeof PLATFORM_LIMITS;
type LimitName = keyof typeof OBJECT_LIMITS;

/** All quotas of one platform; `_mb` is MiB. */
export interface Quotas {
  /** Over the whole platform. */
  readonly hard: Readonly<Record<HardQuotaName, number>>;
  /** Ranges for one object. */
  readonly limits: Readonly<Record<LimitName, number>>;
}

/** Every quota by its name. */
export type FlatQuotas = Readonly<Record<HardQuotaName | LimitName, number>>;

const DEFAULTS: FlatQuotas = { ...PLATFORM_LIMITS, ...OBJECT_LIMITS };
const quotaNames = Object.keys(DEFAULTS) as (keyof FlatQuotas)[]; // the keys of a constant table

/** Quotas that nobody has set. */
export const DEFAULT_QUOTAS: Quotas = { hard: PLATFORM_LIMITS, limits: OBJECT_LIMITS };

/** One record of all quotas. */
export const flattenQuotas = ({ hard, limits }: Quotas): FlatQuotas => ({ ...hard, ...limits });

/**
 * What entries such as `instances=10` set; of two for one name the later counts.
 *
 * Throws `INPUT_INVALID` for an unknown name, and for a value that is no whole number from 0 on.
 */
export function parseQuotaEntries(entries: readonly string[]): Partial<FlatQuotas> {
  return Object.fromEntries(entries.map(parseEntry));
}

function parseEntry(entry: string): [keyof FlatQuotas, number] {
  const [name = "", value, ...more] = entry.split("=").map((part) => part.trim());
  const known = quotaNames.find((one) => one === name);
  if (known === undefined) {
    const meant = closestMatch(name, quotaNames);
    throw new UnikernelError("INPUT_INVALID", `There is no quota '${name}'.`, {
      hint: meant === undefined ? `The quotas are: ${quotaNames.join(", ")}.` : `Is '${meant}' meant?`,
    });
  }
  if (value === undefined || more.length > 0 || !/^\d{1,9}$/.test(value)) {
    throw new UnikernelError("INPUT_INVALID", `'${entry}' does not set a quota.`, {
      hint: `Write '${known}=${DEFAULTS[known]}': a name, '=', and a whole number from 0 on.`,
    });
  }
  return [known, Number(value)];
}

/** The quotas of a platform for which some are set. Throws `INPUT_INVALID` where a least value is above its greatest. */
export function resolveQuotas(set: Partial<FlatQuotas>): Quotas {
  const all = { ...DEFAULTS, ...set };
  for (const what of ["memory_mb", "vcpus", "volume_mb", "autoscale_size"] as const) {
    const [min, max] = [all[`min_${what}`], all[`max_${what}`]];
    if (min <= max) continue;
    throw new UnikernelError("INPUT_INVALID", `The quota 'min_${what}' (${min}) is above 'max_${what}' (${max}).`, {
      hint: "Set both.",
    });
  }
  const pick = <K extends keyof FlatQuotas>(some: Readonly<Record<K, number>>): Record<K, number> =>
    Object.fromEntries(Object.keys(some).map((name) => [name, all[name as K]])) as Record<K, number>; // the same keys
  return { hard: pick(PLATFORM_LIMITS), limits: pick(OBJECT_LIMITS) };
}
