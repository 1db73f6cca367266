/** Plans a Service's update as ordered steps. The preview describes them and the update executes them. Pure. */
import { isDeepStrictEqual } from "node:util";
import type { ServiceProp } from "../../contract/models";
import { canonicalDomainName } from "../../base/hostNames";
import { type AutoscaleChange, planAutoscale } from "./autoscalePlan";
import type { PlannedPatch } from "../common/patchOperation";
import { toWireDomain } from "./domains";
import { fingerprint } from "../workload/request";
import { type PublishedPort, isSamePort, toWirePort } from "./ports";
import { countReplicas } from "../../rollout/progress/describe";
import { describeRoll } from "./rollout/describe";
import { type KnownReplicas, describeReload } from "./reload/describe";
import { type KnownMember, describeRemaining, findOldMembers } from "./rollout/remaining";
import { exclusiveVolume, toRolloutPolicy } from "./rollout/policy";
import { templateHash } from "./hashKey";
import { type ServiceInputs, desiredReplicas } from "./inputs";
import { autokillMs } from "./wire";

type ServiceGroupInputs = Pick<ServiceInputs, "ports" | "domains" | "softLimit" | "hardLimit" | "autokill">;

/** A comparable form of an unordered list, whose items may contain unordered lists. */
const toCanonicalSet = (items: readonly object[]): readonly string[] =>
  items
    .map((item) => JSON.stringify(item, (_key, value: unknown) => (Array.isArray(value) ? value.toSorted() : value)))
    .sort();

/** The old ports without IP addresses that are no longer requested: the metro may choose, and it keeps the current one. */
const withoutUnrequestedIps = (
  olds: readonly PublishedPort[],
  news: readonly PublishedPort[],
): readonly PublishedPort[] =>
  olds.map((old) => {
    const same = news.find((one) => isSamePort(one, old));
    return same !== undefined && same.ip === undefined ? { ...old, ip: undefined } : old;
  });

const arePortsEqual = (olds: readonly PublishedPort[], news: readonly PublishedPort[]): boolean =>
  isDeepStrictEqual(
    toCanonicalSet(withoutUnrequestedIps(olds, news).map(toWirePort)),
    toCanonicalSet(news.map(toWirePort)),
  );

const namePort = ({ port, protocol }: PublishedPort): string =>
  protocol === "tcp" ? String(port) : `${port}/${protocol}`;

/** `publish 443`, or `publish 443, and stop publishing 80`, whose clients are then refused. */
function describePorts(olds: readonly PublishedPort[], news: readonly PublishedPort[]): string {
  const after = news.map(namePort);
  const removed = olds.map(namePort).filter((port) => !after.includes(port));
  return `publish ${after.join(", ")}${removed.length === 0 ? "" : `, and stop publishing ${removed.join(", ")}`}`;
}

function planDomains(olds: ServiceGroupInputs, news: ServiceGroupInputs): readonly PlannedPatch<"domains">[] {
  const [before, after] = [olds.domains ?? [], news.domains ?? []].map((list) =>
    list.map((domain) => ({ ...toWireDomain(domain), name: canonicalDomainName(domain.name) })),
  );
  if (isDeepStrictEqual(toCanonicalSet(before ?? []), toCanonicalSet(after ?? []))) return [];
  const prop = "domains" as const;
  if (news.domains === undefined) {
    const value = (olds.domains ?? []).map(toWireDomain);
    return [
      {
        description: `release the domains ${(before ?? []).map(({ name }) => name).join(", ")}`,
        prop,
        op: "del",
        value,
      },
    ];
  }
  const names = (after ?? []).map(({ name }) => name).join(", ");
  return [{ description: `set the domains to ${names}`, prop, op: "set", value: news.domains.map(toWireDomain) }];
}

/** The API requires soft ≤ hard after each PATCH, so the hard limit is raised first and lowered last. */
function planLimits(
  olds: ServiceGroupInputs,
  news: ServiceGroupInputs,
): readonly PlannedPatch<"soft_limit" | "hard_limit">[] {
  const soft = {
    description: `set the soft limit to ${news.softLimit}`,
    prop: "soft_limit",
    value: news.softLimit,
  } as const;
  const hard = {
    description: `set the hard limit to ${news.hardLimit}`,
    prop: "hard_limit",
    value: news.hardLimit,
  } as const;
  const changes = [
    ...(news.hardLimit > olds.hardLimit ? [hard] : []),
    ...(news.softLimit !== olds.softLimit ? [soft] : []),
    ...(news.hardLimit < olds.hardLimit ? [hard] : []),
  ];
  return changes.map((change) => ({ ...change, op: "set" }));
}

function planAutokill(olds: ServiceGroupInputs, news: ServiceGroupInputs): readonly PlannedPatch<"autokill">[] {
  const [before, after] = [autokillMs(olds), autokillMs(news)];
  if (before === after) return [];
  const prop = "autokill" as const;
  if (after === 0) return [{ description: "turn automatic deletion off", prop, op: "clear" }];
  const description = `delete it after ${after} ms without an instance`;
  return [{ description, prop, op: "set", value: { time_ms: after } }];
}

/** The PATCHes of a service group. Ports come first because they are the most likely to be rejected. */
export function planServiceGroup(
  olds: ServiceGroupInputs,
  news: ServiceGroupInputs,
): readonly PlannedPatch<ServiceProp>[] {
  const ports: PlannedPatch<ServiceProp>[] = arePortsEqual(olds.ports, news.ports)
    ? []
    : [
        {
          description: describePorts(olds.ports, news.ports),
          prop: "services",
          op: "set",
          value: news.ports.map(toWirePort),
        },
      ];
  return [...ports, ...planDomains(olds, news), ...planLimits(olds, news), ...planAutokill(olds, news)];
}

/** A step of an update. */
export type ServiceStep =
  | ({ readonly do: "patch" } & PlannedPatch<ServiceProp>)
  | AutoscaleChange
  /** Launches and drains replicas until they match the inputs. */
  | { readonly do: "roll"; readonly description: string };

/** What the last operation observed of the replicas, one entry each; empty if it did not. */
interface LastObserved {
  readonly members?: readonly KnownMember[];
  readonly configurations?: KnownReplicas["configurations"];
  /** The key of their marks; `undefined` if it is not known. */
  readonly hashKey?: string | undefined;
}

/**
 * What a rollout will do, in words that follow "will"; undefined if the replicas do not change.
 *
 * @param existing the replicas that exist; `olds` may count none, because none has the requested template
 */
function describeRollout(
  olds: ServiceInputs,
  news: ServiceInputs,
  existing: number,
  { members = [], configurations = [], hashKey }: LastObserved = {},
): string | undefined {
  const [before, after] = [desiredReplicas(olds), desiredReplicas(news)];
  const hasNone = before === 0 && (existing === 0 || olds.template === undefined);
  const isSameInState = hasNone || fingerprint(olds.template ?? {}) === fingerprint(news.template ?? {});
  const hash = hashKey === undefined || news.template === undefined ? undefined : templateHash(hashKey, news.template);
  const requested = { image: news.template?.image ?? "", hash };
  // The state counts the replicas of one template. After a rollout that did not end there are two, and what each has tells more.
  const old = findOldMembers(requested, members);
  if (after === 0 || (old === undefined ? isSameInState : old.length === 0)) {
    const current = old === undefined || (isSameInState && old.length === 0) ? before : existing;
    const [count, action] = after > current ? [after - current, "launch"] : [current - after, "drain and delete"];
    const scaling = count === 0 ? [] : [`${action} ${countReplicas(count)}`];
    const reload = describeReload(olds, news, { count: Math.min(before, existing), configurations, hashKey });
    const parts = [...scaling, ...(reload === undefined ? [] : [reload])];
    return parts.length === 0 ? undefined : parts.join("; ");
  }
  const { rollout, template = { volumes: [] }, ports } = news;
  const policy = toRolloutPolicy(after, template, rollout, ports);
  const roll = describeRoll(policy, rollout.strategy === "recreate" ? undefined : exclusiveVolume(template, rollout));
  const remaining = describeRemaining(requested, members, existing === before);
  if (remaining === undefined) return roll;
  if (old !== undefined && members.length - old.length >= after)
    return `finish the roll: ${remaining.text}; drain and delete ${countReplicas(members.length - after)}`;
  return remaining.isPartial ? `finish the roll: ${remaining.text}; ${roll}` : `${roll}; ${remaining.text}`;
}

/**
 * The steps of an update. The rollout is last, except that removing autoscale follows it, so that instances always serve.
 *
 * @param existing the replicas that exist, whatever template they were made from
 */
export function planServiceUpdate(
  olds: ServiceInputs,
  news: ServiceInputs,
  existing: number,
  observed: LastObserved = {},
): readonly ServiceStep[] {
  const patches = planServiceGroup(olds, news).map((change) => ({ ...change, do: "patch" }) as const);
  const autoscale = planAutoscale(olds.autoscale, news.autoscale);
  const description = describeRollout(olds, news, existing, observed);
  const roll = description === undefined ? [] : [{ do: "roll", description } as const];
  return news.autoscale === undefined ? [...patches, ...roll, ...autoscale] : [...patches, ...autoscale, ...roll];
}

/** Does an update launch or drain replicas? Parameters as of {@link planServiceUpdate}. */
export const rollsReplicas = (olds: ServiceInputs, news: ServiceInputs, existing: number): boolean =>
  describeRollout(olds, news, existing) !== undefined;
