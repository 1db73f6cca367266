/**
 * Quotas against the plan as a whole. Each resource by itself may fit where all of them do not; the engine checks them one by
 * one, so what was checked before is added up.
 */
import { UnikernelError, explain } from "../base/errors";
import type { Properties } from "../definition/resource";
import type { QuotasItem } from "../resources/fetchQuotas";

/** Amounts by quota. */
export type Demands = Readonly<Record<string, number>>;

/** Resource → what it will take beyond what it has. */
export type Plan = ReadonlyMap<string, Demands>;

/** What a change takes of each quota: what is new less what was there. */
export const growth = (news: Demands, olds: Demands): Demands =>
  Object.fromEntries(
    [...new Set([...Object.keys(news), ...Object.keys(olds)])].map((quota) => [
      quota,
      (news[quota] ?? 0) - (olds[quota] ?? 0),
    ]),
  );

/** Inputs whose values are bounded, wherever resources have them, with the limit each has and the quota each counts for. */
const BOUNDED = [
  { input: "memoryMb", limit: "memory_mb", quota: "live_memory_mb", unit: " MiB" },
  { input: "vcpus", limit: "vcpus", quota: "live_vcpus", unit: "" },
  { input: "sizeMb", limit: "volume_mb", quota: "total_volume_mb", unit: " MiB" },
  { input: "minSize", limit: "autoscale_size", quota: undefined, unit: "" },
  { input: "maxSize", limit: "autoscale_size", quota: undefined, unit: "" },
] as const;

/** Where resources say how many of something they have, by quota. */
const COUNTED: Readonly<Record<string, readonly string[]>> = {
  services: ["ports", "serviceGroup.ports"],
  service_groups: ["serviceGroup"],
  instances: ["replicas"],
  live_instances: ["replicas"],
  volumes: ["ephemeralVolumes", "template.ephemeralVolumes"],
};

type Found = { readonly property: string; readonly value: number };

/** The values of an input in a resource, in its template or autoscale configuration, and in the volumes of either. */
function valuesOf(inputs: Properties, input: string, prefix = ""): readonly Found[] {
  const found: Found[] = [];
  const value = inputs[input];
  if (typeof value === "number") found.push({ property: prefix + input, value });
  const { template, autoscale, ephemeralVolumes: own } = inputs;
  for (const [name, inner] of Object.entries({ template, autoscale })) {
    if (inner === null || typeof inner !== "object") continue;
    found.push(...valuesOf(inner as Properties, input, `${prefix}${name}.`));
  }
  if (Array.isArray(own)) {
    own.forEach((volume: unknown, index) => {
      if (volume === null || typeof volume !== "object") return;
      found.push(...valuesOf(volume as Properties, input, `${prefix}ephemeralVolumes[${index}].`));
    });
  }
  return found;
}

/** Bounds in words. */
function allowed(least: number | undefined, most: number | undefined, unit: string): string {
  if (least === undefined) return `at most ${most ?? ""}${unit}`;
  return most === undefined ? `at least ${least}${unit}` : `${least} to ${most}${unit}`;
}

/** What is too small or too big for this account, as sentences. What is there already was allowed once. */
export function overLimits({ limits }: QuotasItem, inputs: Properties, olds: Properties): readonly string[] {
  const bounds = limits as Readonly<Record<string, number | undefined>>;
  return BOUNDED.flatMap(({ input, limit, unit }) => {
    const [least, most] = [bounds[`min_${limit}`], bounds[`max_${limit}`]];
    const had = valuesOf(olds, input);
    return valuesOf(inputs, input)
      .filter(({ property, value }) => !had.some((old) => old.property === property && old.value === value))
      .filter(({ value }) => value < (least ?? 0) || value > (most ?? Infinity))
      .map(({ property, value }) =>
        say(property, `this account may have ${allowed(least, most, unit)} each, got ${value}.`),
      );
  });
}

const say = (property: string, sentence: string): string =>
  explain(
    new UnikernelError("QUOTA_EXCEEDED", sentence, {
      ...(property === "" ? {} : { property }),
      hint: "Ask for less, delete what is no longer used, or ask for a larger quota.",
    }),
  );

/** The input that takes of a quota; empty where it is the resource as such. */
function propertyOf(quota: string, inputs: Properties): string {
  const bounded = BOUNDED.find((one) => one.quota === quota);
  if (bounded !== undefined) return valuesOf(inputs, bounded.input)[0]?.property ?? "";
  const said = (path: string) =>
    path.split(".").reduce<unknown>((value, key) => (value as Properties | undefined)?.[key], inputs);
  const isSome = (value: unknown) => (Array.isArray(value) ? value.length > 0 : value !== undefined);
  return (COUNTED[quota] ?? []).find((path) => isSome(said(path))) ?? "";
}

/** A quota that does not suffice. */
export interface Exceeded {
  readonly quota: string;
  /** As users read it. */
  readonly sentence: string;
}

/** What the plan exceeds through this resource. What a node does not bound is not judged. */
export function overQuotas(
  { used, hard }: QuotasItem,
  plan: Plan,
  resource: string,
  kind: string,
  inputs: Properties,
): readonly Exceeded[] {
  const [taken, bound] = [used as Readonly<Record<string, unknown>>, hard as Readonly<Record<string, unknown>>];
  return Object.entries(plan.get(resource) ?? {}).flatMap(([quota, mine]) => {
    const [has, most] = [taken[quota] ?? 0, bound[quota]];
    const wanted = [...plan.values()].reduce((sum, demands) => sum + (demands[quota] ?? 0), 0);
    if (mine <= 0 || typeof has !== "number" || typeof most !== "number" || has + wanted <= most) return [];
    const unit = BOUNDED.find((one) => one.quota === quota)?.unit ?? "";
    const property = propertyOf(quota, inputs);
    const subject = property === "" ? `with this ${kind} the plan` : "the plan";
    const needs = `${subject} as a whole needs ${wanted}${unit} more of ${quota}; ${has} are used of ${most}${unit}.`;
    return [{ quota, sentence: say(property, needs) }];
  });
}
