/** The strategy `blueGreen` of a Service in a metro that cannot keep replicas out of rotation: see `rollout/secondSet`. */
import type { DomainRequest, InstanceItem, MetroFeature, ServiceItem, ServiceProp } from "../../contract/models";
import type { RolloutEvent } from "../../rollout/events";
import { domainsAt, isMeanwhile, meanwhileDomain } from "../../rollout/secondSet/back";
import { runBesideSecondSet } from "../../rollout/secondSet/cutOver";
import type { SecondSetOptions } from "../../rollout/secondSet/options";
import { endSecondSet, findSecondSet } from "../../rollout/secondSet/group";
import type { RolloutPolicy } from "../../rollout/policy";
import { metroFeatures } from "../../client/transport/metroFeatures";
import type { PlannedPatch } from "../common/patchOperation";
import { type ProviderContext, forCleanup } from "../context";
import { matchesDomain, toWireDomain } from "./domains";
import type { ServiceInputs } from "./inputs";
import { retiredTags } from "./replicaTags";
import { movesDomains } from "./rollout/policy";
import { isManaged, isRetired } from "./wire";

/** True where a second set exists, or may have been left by a killed rollout: also of a service whose domains are gone by now. */
const mayHaveSecondSet = (features: ReadonlySet<string>): boolean => !features.has("rotation" satisfies MetroFeature);

const domainsOf = ({ domains = [] }: Pick<ServiceInputs, "domains">) => ({
  domains: domains.map(toWireDomain),
  isDomain: (fqdn: string, { name }: { readonly name: string }) => matchesDomain(name, fqdn),
});

/** The policy of the planner: while clients are elsewhere, all replicas are launched at once. */
const besidePolicy = (policy: RolloutPolicy): RolloutPolicy => ({
  ...policy,
  strategy: "rolling",
  maxSurge: policy.desired,
});

/** The rollout of a service, as the planner runs it here. */
export interface BesideRollout {
  readonly policy: RolloutPolicy;
  /** True if a second set passes the gate, so that no candidate has to. */
  readonly hasSecondSet: boolean;
  /** Runs the rollout, with what must be called before its first launch. */
  readonly run: (
    replace: (beforeLaunch: (() => Promise<void>) | undefined) => Promise<readonly InstanceItem[]>,
  ) => Promise<readonly InstanceItem[]>;
}

/** What the rollout of a service has in common with its second set. */
type Parts = Pick<
  SecondSetOptions,
  "isNew" | "createRequest" | "reportConsole" | "errorContexts" | "timeoutMs" | "checkStop"
> & { readonly onEvent: (event: RolloutEvent) => void };

/**
 * The rollout of a service beside a second set, where the program asks for one or a killed rollout left one; as it is elsewhere.
 *
 * @param before the replicas at the start
 */
export function besideSecondSet(
  context: ProviderContext,
  service: ServiceItem,
  inputs: ServiceInputs,
  {
    policy,
    features,
    before,
  }: {
    readonly policy: RolloutPolicy;
    readonly features: ReadonlySet<string>;
    readonly before: readonly InstanceItem[];
  },
  { onEvent, ...parts }: Parts,
): BesideRollout {
  if (!mayHaveSecondSet(features)) return { policy, hasSecondSet: false, run: (replace) => replace(undefined) };
  const hasDomains = (inputs.domains ?? []).length > 0;
  const isBeside = movesDomains(policy.strategy, features) && (hasDomains || before.length === 0);
  const hasSecondSet = isBeside && policy.desired > 0 && before.some((one) => !parts.isNew(one));
  const beganMs = context.clock.now();
  const options = {
    ...{ client: context.client, clock: context.clock, signal: context.signal, cleanup: () => forCleanup(context) },
    ...{ service, policy, ...domainsOf(inputs), isManaged, isRetired, retiredTags, ...parts },
    warn: context.printWarning,
    report: (phase: RolloutEvent["phase"], detail: string, member?: string) =>
      onEvent({ phase, detail, elapsedMs: context.clock.now() - beganMs, ...(member === undefined ? {} : { member }) }),
  };
  return {
    policy: isBeside ? besidePolicy(policy) : policy,
    hasSecondSet,
    run: (replace) => runBesideSecondSet(options, hasSecondSet, replace),
  };
}

/** Domains as a metro reports them. */
type ReportedDomains = NonNullable<ServiceItem["domains"]>;

/** The domains of the service that lead to its second set, after a rollout that was killed. The next rollout moves them back. */
export async function lentDomains(
  context: ProviderContext,
  service: ServiceItem,
  inputs: Pick<ServiceInputs, "domains">,
): Promise<ReportedDomains> {
  const { domains, isDomain } = domainsOf(inputs);
  if (domains.length === 0 || !mayHaveSecondSet(await metroFeatures(context.client))) return [];
  const group = await findSecondSet(context, service);
  const lent = domainsAt({ domains, isDomain }, group);
  return (group?.domains ?? []).filter(({ fqdn }) => lent.some((domain) => isDomain(fqdn, domain)));
}

/** The service as a client of its domains sees it: with those that lead to its second set. */
export function withLentDomains(service: ServiceItem, lent: ReportedDomains): ServiceItem {
  if (lent.length === 0) return service;
  const own = (service.domains ?? []).filter(({ fqdn }) => !isMeanwhile(service, fqdn));
  return { ...service, domains: [...own, ...lent] };
}

/** A change of the service while domains lead to its second set: it leaves these alone, since a domain leads to one group. */
export function besideLentDomains(
  change: PlannedPatch<ServiceProp>,
  service: ServiceItem,
  lent: ReportedDomains,
): PlannedPatch<ServiceProp> {
  if (change.prop !== "domains" || lent.length === 0) return change;
  const named = change.value as readonly DomainRequest[];
  const own = named.filter(({ name }) => !lent.some(({ fqdn }) => matchesDomain(name, fqdn)));
  const hasMeanwhile = (service.domains ?? []).some(({ fqdn }) => isMeanwhile(service, fqdn));
  return { ...change, value: hasMeanwhile && change.op === "set" ? [...own, meanwhileDomain(service)] : own };
}

/** Deletes the second set of a service that is deleted. Throws as the client does. */
export async function deleteSecondSet(
  context: ProviderContext,
  service: ServiceItem,
  limits: { readonly drainTimeoutMs: number; readonly timeoutMs: number },
): Promise<void> {
  if (!mayHaveSecondSet(await metroFeatures(context.client))) return;
  const group = await findSecondSet(context, service);
  if (group !== undefined) await endSecondSet(context, group, limits);
}
