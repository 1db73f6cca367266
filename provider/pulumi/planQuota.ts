/** Compares the plan as a whole with the account quotas, because resources may fit one by one but not together. Pure. */
import { LARGER_QUOTA, UnikernelError, formatError } from "../base/errors";
import type { PeakAmount, Properties, UpdatePeak } from "../definition/resource";
import type { QuotasItem } from "../resources/fetchQuotas";

/** Amount by quota name of the API; sizes in MiB. */
export type QuotaUsage = Readonly<Record<string, number>>;

/** Resource → the additional quota that it needs. */
export type PlannedUsage = ReadonlyMap<string, QuotaUsage>;

/** What a change adds to each quota; negative if it frees some. */
export const usageIncrease = (news: QuotaUsage, olds: QuotaUsage): QuotaUsage =>
  Object.fromEntries(
    [...new Set([...Object.keys(news), ...Object.keys(olds)])].map((quota) => [
      quota,
      (news[quota] ?? 0) - (olds[quota] ?? 0),
    ]),
  );

/** Inputs with a limit per object, with the names of the limit and of the quota that they count toward. */
const LIMITED_INPUTS = [
  { input: "memoryMb", limit: "memory_mb", quota: "live_memory_mb", unit: " MiB" },
  { input: "vcpus", limit: "vcpus", quota: "live_vcpus", unit: "" },
  { input: "sizeMb", limit: "volume_mb", quota: "total_volume_mb", unit: " MiB" },
  { input: "minSize", limit: "autoscale_size", quota: undefined, unit: "" },
  { input: "maxSize", limit: "autoscale_size", quota: undefined, unit: "" },
] as const;

/** Inputs that determine an amount, by quota. */
const COUNTED_INPUTS: Readonly<Record<string, readonly string[]>> = {
  services: ["ports", "serviceGroup.ports"],
  service_groups: ["serviceGroup"],
  instances: ["replicas"],
  live_instances: ["replicas"],
  volumes: ["ephemeralVolumes", "template.ephemeralVolumes"],
};

type InputValue = { readonly property: string; readonly value: number };

/** The values of an input in a resource, in its template or autoscale configuration, and in the volumes of either. */
function findValues(inputs: Properties, input: string, prefix = ""): readonly InputValue[] {
  const found: InputValue[] = [];
  const value = inputs[input];
  if (typeof value === "number") found.push({ property: prefix + input, value });
  const { template, autoscale, ephemeralVolumes: ephemeral } = inputs;
  for (const [name, inner] of Object.entries({ template, autoscale })) {
    if (inner === null || typeof inner !== "object") continue;
    found.push(...findValues(inner as Properties, input, `${prefix}${name}.`));
  }
  if (Array.isArray(ephemeral)) {
    ephemeral.forEach((volume: unknown, index) => {
      if (volume === null || typeof volume !== "object") return;
      found.push(...findValues(volume as Properties, input, `${prefix}ephemeralVolumes[${index}].`));
    });
  }
  return found;
}

/** A range in words. */
function describeRange(min: number | undefined, max: number | undefined, unit: string): string {
  if (min === undefined) return `at most ${max ?? ""}${unit}`;
  return max === undefined ? `at least ${min}${unit}` : `${min} to ${max}${unit}`;
}

/** Values outside the account's limits, as sentences. Unchanged values are not checked again. */
export function findExceededLimits({ limits }: QuotasItem, inputs: Properties, olds: Properties): readonly string[] {
  const bounds = limits as Readonly<Record<string, number | undefined>>;
  return LIMITED_INPUTS.flatMap(({ input, limit, unit }) => {
    const [min, max] = [bounds[`min_${limit}`], bounds[`max_${limit}`]];
    const oldValues = findValues(olds, input);
    return findValues(inputs, input)
      .filter(({ property, value }) => !oldValues.some((old) => old.property === property && old.value === value))
      .filter(({ value }) => value < (min ?? 0) || value > (max ?? Infinity))
      .map(({ property, value }) =>
        quotaExceededMessage(property, `must be ${describeRange(min, max, unit)} in this account, got ${value}.`),
      );
  });
}

const quotaExceededMessage = (property: string, sentence: string): string =>
  formatError(
    new UnikernelError("QUOTA_EXCEEDED", sentence, {
      ...(property === "" ? {} : { property }),
      hint: `Reduce the amount, delete unused resources, ${LARGER_QUOTA}`,
    }),
  );

/** The input that determines the use of a quota; empty for the resource itself. */
function findConsumingInput(quota: string, inputs: Properties): string {
  const limited = LIMITED_INPUTS.find((one) => one.quota === quota);
  if (limited !== undefined) return findValues(inputs, limited.input)[0]?.property ?? "";
  const valueAtPath = (path: string) =>
    path.split(".").reduce<unknown>((value, key) => (value as Properties | undefined)?.[key], inputs);
  const isPresent = (value: unknown) => (Array.isArray(value) ? value.length > 0 : value !== undefined);
  return (COUNTED_INPUTS[quota] ?? []).find((path) => isPresent(valueAtPath(path))) ?? "";
}

/** A quota that the plan exceeds. */
export interface ExceededQuota {
  readonly quota: string;
  /** Message for users. */
  readonly sentence: string;
}

/** By how much a plan exceeds a quota. */
interface Excess {
  readonly quota: string;
  /** What the plan needs in addition to what is used. */
  readonly wanted: number;
  /** Such as ` MiB`. */
  readonly unit: string;
  /** Such as `5120 of 6000 MiB are used.` */
  readonly usage: string;
}

/** The quotas that the plan exceeds with this resource. Quotas that a node does not report are skipped. */
function findExcess({ used, hard }: QuotasItem, plannedUsage: PlannedUsage, resource: string): readonly Excess[] {
  const [usedByQuota, hardByQuota] = [
    used as Readonly<Record<string, unknown>>,
    hard as Readonly<Record<string, unknown>>,
  ];
  return Object.entries(plannedUsage.get(resource) ?? {}).flatMap(([quota, increase]) => {
    const [inUse, max] = [usedByQuota[quota] ?? 0, hardByQuota[quota]];
    const wanted = [...plannedUsage.values()].reduce((sum, usage) => sum + (usage[quota] ?? 0), 0);
    if (increase <= 0 || typeof inUse !== "number" || typeof max !== "number" || inUse + wanted <= max) return [];
    const unit = LIMITED_INPUTS.find((one) => one.quota === quota)?.unit ?? "";
    return [{ quota, wanted, unit, usage: `${inUse} of ${max}${unit} are used.` }];
  });
}

/** The quotas that the plan exceeds with this resource once it is applied. */
export function findExceededQuotas(
  quotas: QuotasItem,
  plannedUsage: PlannedUsage,
  resource: string,
  kind: string,
  inputs: Properties,
): readonly ExceededQuota[] {
  return findExcess(quotas, plannedUsage, resource).map(({ quota, wanted, unit, usage }) => {
    const property = findConsumingInput(quota, inputs);
    const subject = property === "" ? `with this ${kind}, the plan` : "the plan";
    const needs = `${subject} needs ${wanted}${unit} more of ${quota}; ${usage}`;
    return { quota, sentence: quotaExceededMessage(property, needs) };
  });
}

/** The quotas that the plan exceeds while this resource is created or updated, as sentences. */
export function findExceededPeaks(
  quotas: QuotasItem,
  plannedUsage: PlannedUsage,
  resource: string,
  { property, reason, quotas: peak }: UpdatePeak,
  operation: "create" | "update",
): readonly string[] {
  const usage = Object.fromEntries(Object.entries(peak).map(([quota, { amount }]) => [quota, amount]));
  const atPeak = new Map(plannedUsage).set(resource, usage);
  return findExcess(quotas, atPeak, resource).map(({ quota, wanted, unit, usage: inUse }) => {
    const { amount, arithmetic, ...own }: PeakAmount = peak[quota] ?? { amount: 0, arithmetic: "0" };
    const others = wanted === amount ? "" : `, and with the rest of the plan ${wanted}${unit}`;
    const needs = `${own.reason ?? reason} during the ${operation}, which needs ${arithmetic}${unit} more of ${quota}${others}; ${inUse}`;
    return quotaExceededMessage(own.property ?? property, needs);
  });
}
