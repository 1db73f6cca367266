/** The steps of a Service's update, in order: what a preview says and what an update does. Pure. */
import { isDeepStrictEqual } from "node:util";
import type { ServiceProp } from "../../contract/models";
import { canonicalDomainName } from "../../base/hostNames";
import { type AutoscaleChange, planAutoscale } from "./autoscalePlan";
import type { PlannedPatch } from "../common/patchOperation";
import { toWireDomain } from "./domains";
import { fingerprint } from "../workload/request";
import { type PublishedPort, isSamePort, toWirePort } from "./ports";
import { toRolloutPolicy } from "./rolloutInput";
import { type ServiceInputs, desiredReplicas } from "./inputs";
import { autokillMs } from "./wire";

type ServiceGroupInputs = Pick<ServiceInputs, "ports" | "domains" | "softLimit" | "hardLimit" | "autokill">;

/** A list whose order means nothing, nor that of the handlers in it. */
const toCanonicalSet = (items: readonly object[]): readonly string[] =>
  items
    .map((item) => JSON.stringify(item, (_key, value: unknown) => (Array.isArray(value) ? value.toSorted() : value)))
    .sort();

/** The ports as they are. An address that is no longer chosen is the metro's to choose, which has chosen the one that is there. */
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

const describePorts = (ports: readonly PublishedPort[]): string =>
  ports.map(({ port, protocol }) => (protocol === "tcp" ? String(port) : `${port}/${protocol}`)).join(", ");

function planDomains(olds: ServiceGroupInputs, news: ServiceGroupInputs): readonly PlannedPatch<"domains">[] {
  const [had, wanted] = [olds.domains ?? [], news.domains ?? []].map((list) =>
    list.map((domain) => ({ ...toWireDomain(domain), name: canonicalDomainName(domain.name) })),
  );
  if (isDeepStrictEqual(toCanonicalSet(had ?? []), toCanonicalSet(wanted ?? []))) return [];
  const prop = "domains" as const;
  if (news.domains === undefined) {
    const value = (olds.domains ?? []).map(toWireDomain);
    return [
      { description: `release the domains ${(had ?? []).map(({ name }) => name).join(", ")}`, prop, op: "del", value },
    ];
  }
  const names = (wanted ?? []).map(({ name }) => name).join(", ");
  return [{ description: `set the domains to ${names}`, prop, op: "set", value: news.domains.map(toWireDomain) }];
}

/** Each limit is judged against the other as it is at that moment: room is made before it is taken. */
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
  const [had, wanted] = [autokillMs(olds), autokillMs(news)];
  if (had === wanted) return [];
  const prop = "autokill" as const;
  if (wanted === 0) return [{ description: "turn automatic deletion off", prop, op: "clear" }];
  const description = `delete it after ${wanted} ms without an instance`;
  return [{ description, prop, op: "set", value: { time_ms: wanted } }];
}

/** The PATCHes of a service group, ports first: they are what may be refused. */
export function planServiceGroup(
  olds: ServiceGroupInputs,
  news: ServiceGroupInputs,
): readonly PlannedPatch<ServiceProp>[] {
  const ports: PlannedPatch<ServiceProp>[] = arePortsEqual(olds.ports, news.ports)
    ? []
    : [
        {
          description: `publish ${describePorts(news.ports)}`,
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
  /** Replicas are launched and drained until they are what is asked for. */
  | { readonly do: "roll"; readonly description: string };

const replicaCount = (count: number): string => (count === 1 ? "1 replica" : `${count} replicas`);

/** What a roll will do, in words; `undefined` when the replicas are as asked. */
function describeRollout(olds: ServiceInputs, news: ServiceInputs): string | undefined {
  const [had, wanted] = [desiredReplicas(olds), desiredReplicas(news)];
  const isSame = had === 0 || wanted === 0 || fingerprint(olds.template ?? {}) === fingerprint(news.template ?? {});
  if (isSame && had === wanted) return undefined;
  if (isSame) {
    const [count, what] = wanted > had ? [wanted - had, "launch"] : [had - wanted, "drain and delete"];
    return `${what} ${replicaCount(count)}`;
  }
  const { maxSurge, maxUnavailable } = toRolloutPolicy(wanted, news.template ?? { volumes: [] }, news.rollout);
  const limits = `with at most ${maxSurge} extra and ${maxUnavailable} missing at a time`;
  return `roll the changed template out to ${replicaCount(wanted)}, ${limits}`;
}

/** The steps from one to the other. A roll is the last but for the end of autoscale, so that there is always something that serves. */
export function planServiceUpdate(olds: ServiceInputs, news: ServiceInputs): readonly ServiceStep[] {
  const patches = planServiceGroup(olds, news).map((change) => ({ ...change, do: "patch" }) as const);
  const autoscale = planAutoscale(olds.autoscale, news.autoscale);
  const description = describeRollout(olds, news);
  const roll = description === undefined ? [] : [{ do: "roll", description } as const];
  return news.autoscale === undefined ? [...patches, ...roll, ...autoscale] : [...patches, ...autoscale, ...roll];
}
