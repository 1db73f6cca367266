/** What a changed `reloadOn` does to the replicas, in words. Pure. */
import { isDeepStrictEqual } from "node:util";
import type { Properties } from "../../../definition/resource";
import { configurationOf } from "./configuration";
import { scopeOf } from "./input";
import { countReplicas } from "../../../rollout/progress/describe";
import { describeStrategy } from "../rollout/describe";
import { exclusiveVolume, toRolloutPolicy } from "../rollout/policy";
import { type ServiceInputs, desiredReplicas } from "../inputs";

/** Said where a metro sends no request to a single replica, as a clause. */
export const noMemberRequests = (metro: string): string =>
  `metro '${metro}' has no way to a single replica; set scope: "group" if one gateway tells the others, or leave out reload, which restarts the replicas`;

/** The replicas that exist, as they were last observed. */
export interface KnownReplicas {
  readonly count: number;
  /** The configuration of each; `undefined` if none is known. Empty if the configurations were not observed. */
  readonly configurations: readonly (string | undefined)[];
  /** The key of these hashes; `undefined` if it is not known. */
  readonly hashKey: string | undefined;
}

/** The configurations in the `instances` output. */
export const memberConfigurations = (instances: unknown): readonly (string | undefined)[] =>
  Array.isArray(instances)
    ? instances.map(({ configuration }: { readonly configuration?: unknown }) =>
        typeof configuration === "string" ? configuration : undefined,
      )
    : [];

/** True if the values are other ones than before. */
const changesConfiguration = (olds: Properties, news: Properties): boolean =>
  Array.isArray(news["reloadOn"]) && !isDeepStrictEqual(olds["reloadOn"], news["reloadOn"]);

/** True if an update replaces every replica to give it its configuration. */
export const restartsReplicas = (olds: Properties, news: Properties): boolean =>
  (news["reload"] ?? undefined) === undefined && changesConfiguration(olds, news);

/** What is left of an unfinished reload, or what is not known; empty at the start of one. */
function describeRemaining({ reloadOn }: ServiceInputs, { configurations: observed, hashKey }: KnownReplicas) {
  const wanted = hashKey === undefined ? undefined : configurationOf(reloadOn, hashKey);
  const configurations = hashKey === undefined ? observed.map(() => undefined) : observed;
  if (wanted === undefined) return { old: configurations.length, isDone: false, isUnfinished: false, isUnknown: true };
  const old = configurations.filter((one) => one !== wanted).length;
  const isUnfinished = old > 0 && old < configurations.length;
  const isUnknown = configurations.length > 0 && configurations.every((one) => one === undefined);
  const isDone = old === 0 && configurations.length > 0;
  return { old, isDone, isUnfinished, isUnknown };
}

/**
 * What becomes of the replicas that stay, as a clause that follows "will"; `undefined` if nothing does. Say nothing of a rollout of a
 * changed template, whose replicas all start with the new configuration.
 */
export function describeReload(olds: ServiceInputs, news: ServiceInputs, replicas: KnownReplicas): string | undefined {
  const count = Math.min(replicas.count, desiredReplicas(news));
  // Without a key, which earlier releases had none of, the marks of the replicas say nothing.
  const isMarked = replicas.hashKey !== undefined || replicas.configurations.length === 0;
  if (news.reloadOn === undefined || count === 0 || (isMarked && !changesConfiguration(olds, news))) return undefined;
  const { reload, rollout, template = { volumes: [] }, ports } = news;
  const remaining = describeRemaining(news, replicas);
  const { old, isDone, isUnfinished, isUnknown } = remaining;
  // All had it before reloadOn was removed, for example.
  if (isDone) return undefined;
  const left = isUnfinished ? Math.min(old, count) : count;
  const policy = toRolloutPolicy(desiredReplicas(news), template, rollout, ports);
  const volume = rollout.strategy === "recreate" ? undefined : exclusiveVolume(template, rollout);
  const action =
    reload === undefined
      ? `restart ${countReplicas(left)} (${policy.strategy}): ${describeStrategy(policy, volume)}`
      : `reload ${countReplicas(left)} by ${reload.method ?? "GET"} ${reload.path}, ${scopeOf(reload) === "group" ? "one request for all" : inTurn(policy.maxUnavailable)}`;
  const verb = reload === undefined ? "restart" : "reload";
  if (isUnfinished)
    return `finish the ${verb}: ${old} of ${replicas.configurations.length} still ${old === 1 ? "has" : "have"} the previous configuration; ${action}`;
  return isUnknown ? `${action}; it is not known which configuration they have now` : action;
}

const inTurn = (maxUnavailable: number): string =>
  maxUnavailable <= 1 ? "one at a time" : `up to ${maxUnavailable} at a time`;
