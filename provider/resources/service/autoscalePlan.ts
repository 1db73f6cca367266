/** `autoscale`: its requests, its value as the API reports it, and the plan of an update. Pure. */
import { isDeepStrictEqual } from "node:util";
import type { AutoscaleItem, AutoscalePolicy, CreateAutoscaleRequest } from "../../contract/models";
import { omitUndefined } from "../../base/objects";
import { type AutoscaleInput, type AutoscalePolicyInput, autoscaleInput } from "./autoscaleInput";
import { omitDefault, omitEmpty } from "../common/omit";
import { toReference } from "../common/fields";
import { matchesReference } from "../common/reference";

/** One change of the autoscale configuration; `description` follows "will". */
export type AutoscaleChange = { readonly description: string } & (
  | { readonly do: "configure"; readonly autoscale: AutoscaleInput }
  | { readonly do: "unconfigure" }
  | { readonly do: "add-policy"; readonly policy: AutoscalePolicyInput }
  | { readonly do: "remove-policy"; readonly name: string }
);

/** Encodes a policy, in the flat form of the API's current documentation. */
export const toWirePolicy = (policy: AutoscalePolicyInput): AutoscalePolicy =>
  omitUndefined({
    name: policy.name,
    type: policy.type,
    enabled: policy.enabled ? undefined : false,
    metric: policy.metric,
    adjustment_type: policy.adjustmentType,
    steps: policy.steps?.map(({ adjustment, lowerBound, upperBound }) =>
      omitUndefined({ adjustment, lower_bound: lowerBound, upper_bound: upperBound }),
    ),
    high_watermark: policy.highWatermark,
    exclusive: policy.exclusive,
    num_requests: policy.numRequests,
    replace: policy.replace,
    idle_time_ms: policy.idleTimeMs,
  });

const DEFAULTS = autoscaleInput.parse({ template: "any" });

/** The smallest request that expresses the configuration; `uuid` is the service. */
export function toWireAutoscale(uuid: string, autoscale: AutoscaleInput): CreateAutoscaleRequest {
  return omitUndefined({
    uuid,
    min_size: omitDefault(DEFAULTS.minSize, autoscale.minSize),
    max_size: omitDefault(DEFAULTS.maxSize, autoscale.maxSize),
    warmup_time_ms: omitDefault(DEFAULTS.warmupTimeMs, autoscale.warmupTimeMs),
    cooldown_time_ms: omitDefault(DEFAULTS.cooldownTimeMs, autoscale.cooldownTimeMs),
    create_args: { template: toReference(autoscale.template) },
    policies: omitEmpty(autoscale.policies.map(toWirePolicy)),
  });
}

/** Spelling of older nodes → current spelling. */
const CURRENT_SPELLINGS: Readonly<Record<string, string>> = {
  on_demand: "on-demand",
  percentage: "percent",
  absolute: "exact",
};
const toCurrentSpelling = (word: string): string => CURRENT_SPELLINGS[word] ?? word;

type ReportedPolicy = NonNullable<AutoscaleItem["policies"]>[number];

/** Properties that a node does not report are taken from the requested policy. */
function fromWirePolicy(item: ReportedPolicy, mine: AutoscalePolicyInput | undefined): AutoscalePolicyInput {
  const { adjustment_type: adjustment } = item;
  const observed = omitUndefined({
    ...(mine ?? {}),
    ...omitUndefined({
      name: item.name,
      type: item.type === undefined ? undefined : toCurrentSpelling(item.type),
      enabled: item.enabled ?? true,
      metric: item.metric,
      adjustmentType: adjustment === undefined ? undefined : toCurrentSpelling(adjustment),
      steps: item.steps?.map(({ adjustment: by, lower_bound, upper_bound }) =>
        omitUndefined({ adjustment: by, lowerBound: lower_bound, upperBound: upper_bound }),
      ),
      highWatermark: item.high_watermark,
      exclusive: item.exclusive,
      numRequests: item.num_requests,
      replace: item.replace,
      idleTimeMs: item.idle_time_ms,
    }),
  }) as AutoscalePolicyInput; // may contain values that only a newer server knows, which show as drift
  type Key = keyof AutoscalePolicyInput;
  // A server may report a default that the program left out.
  const isAsRequested = (key: Key) =>
    isDeepStrictEqual(observed[key], mine?.[key]) || (mine?.[key] === undefined && observed[key] === false);
  return mine !== undefined && (Object.keys(observed) as Key[]).every(isAsRequested) ? mine : observed;
}

/** The reported configuration, in the requested form where both are equivalent; undefined if autoscale is not configured. */
export function fromWireAutoscale(
  item: AutoscaleItem | undefined,
  requested: AutoscaleInput | undefined,
): AutoscaleInput | undefined {
  if (item === undefined || item.status === "unconfigured" || item.enabled === false) return undefined;
  const mine = requested ?? DEFAULTS;
  const { template } = item;
  const isMine = template == null || (requested !== undefined && matchesReference(requested.template, template));
  return {
    template: isMine ? (requested?.template ?? "") : template.uuid,
    minSize: item.min_size ?? mine.minSize,
    maxSize: item.max_size ?? mine.maxSize,
    warmupTimeMs: item.warmup_time_ms ?? mine.warmupTimeMs,
    cooldownTimeMs: item.cooldown_time_ms ?? mine.cooldownTimeMs,
    policies: (item.policies ?? []).map((policy) =>
      fromWirePolicy(
        policy,
        requested?.policies.find(({ name }) => name === policy.name),
      ),
    ),
  };
}

const CONFIGURE_TEXT = "configure autoscale";
const UNCONFIGURE_TEXT = "remove the autoscale configuration, which drains and deletes its instances";

/** The changes of an update, in order. Only policies can change in place; any other change replaces the configuration. */
export function planAutoscale(
  olds: AutoscaleInput | undefined,
  news: AutoscaleInput | undefined,
): readonly AutoscaleChange[] {
  if (news === undefined) return olds === undefined ? [] : [{ description: UNCONFIGURE_TEXT, do: "unconfigure" }];
  const configure = { description: CONFIGURE_TEXT, do: "configure", autoscale: news } as const;
  if (olds === undefined) return [configure];
  if (!isDeepStrictEqual({ ...olds, policies: [] }, { ...news, policies: [] })) {
    return [
      { description: UNCONFIGURE_TEXT, do: "unconfigure" },
      { ...configure, description: "configure autoscale again" },
    ];
  }
  const isIn = (policies: readonly AutoscalePolicyInput[], policy: AutoscalePolicyInput) =>
    policies.some((other) => isDeepStrictEqual(other, policy));
  return [
    // Removals come first: they make room, and a changed policy reuses its name.
    ...olds.policies
      .filter((policy) => !isIn(news.policies, policy))
      .map(({ name }) => ({ description: `remove the policy ${name}`, do: "remove-policy", name }) as const),
    ...news.policies
      .filter((policy) => !isIn(olds.policies, policy))
      .map((policy) => ({ description: `add the policy ${policy.name}`, do: "add-policy", policy }) as const),
  ];
}
