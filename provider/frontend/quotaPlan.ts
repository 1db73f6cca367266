/**
 * Quotas against the plan as a whole. Each resource by itself may fit where all of them do not; the engine checks them one by
 * one, so what was checked before is added up.
 */
import { UnikernelError, explain } from "../base/errors";
import type { Properties } from "../definition/define";
import type { QuotasItem } from "../resources/quotas";

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
] as const;

type Found = { readonly property: string; readonly value: number };

/** The values of an input in a resource, in its template, and in the volumes of either. */
function valuesOf(inputs: Properties, input: string, prefix = ""): readonly Found[] {
  const found: Found[] = [];
  const value = inputs[input];
  if (typeof value === "number") found.push({ property: prefix + input, value });
  const { template, ephemeralVolumes: own } = inputs;
  if (template !== null && typeof template === "object") {
    found.push(...valuesOf(template as Properties, input, `${prefix}template.`));
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

/** What the plan exceeds through this resource, as sentences. What a node does not bound is not judged. */
export function overQuotas(
  { used, hard }: QuotasItem,
  plan: Plan,
  resource: string,
  inputs: Properties,
): readonly string[] {
  const [taken, bound] = [used as Readonly<Record<string, unknown>>, hard as Readonly<Record<string, unknown>>];
  return Object.entries(plan.get(resource) ?? {}).flatMap(([quota, mine]) => {
    const [has, most] = [taken[quota] ?? 0, bound[quota]];
    const wanted = [...plan.values()].reduce((sum, demands) => sum + (demands[quota] ?? 0), 0);
    if (mine <= 0 || typeof has !== "number" || typeof most !== "number" || has + wanted <= most) return [];
    const { input, unit } = BOUNDED.find((one) => one.quota === quota) ?? { input: "", unit: "" };
    const property = input === "" ? "" : (valuesOf(inputs, input)[0]?.property ?? "");
    return [
      say(property, `the plan as a whole needs ${wanted}${unit} more of ${quota}; ${has} are used of ${most}${unit}.`),
    ];
  });
}
