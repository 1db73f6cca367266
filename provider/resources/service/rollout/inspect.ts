/** What a preview can say about a rollout by asking the metro what it can do. */
import type { MetroFeature } from "../../../contract/models";
import { findMetroFeatures } from "../../metroFeatures";
import { knownPartsDiffer } from "../../../definition/diff";
import type { CheckFailure, InputFindings } from "../../../definition/resource";
import { hasTemplates } from "../../../rollout/candidate/clone";
import { containsUnknown, isUnknown } from "../../../definition/unknowns";
import type { ProviderContext } from "../../context";
import { fingerprint } from "../../workload/request";
import { type ServiceInputs, templateInput } from "../inputs";
import { noMemberRequests } from "../reload/describe";
import { scopeOf } from "../reload/input";
import { describeGuarantee, describeSecondSet } from "./describe";
import { isSameGate } from "./gateInput";
import { exclusiveVolume, isPublished, movesDomains, toReadinessProbe } from "./policy";

const NO_FINDINGS: InputFindings = { information: [], warnings: [] };

/** True if the update launches replicas of a changed template, or, while the image is not known, may do so. */
export function rollsTemplate(olds: ServiceInputs | undefined, news: ServiceInputs): boolean {
  const [before, after] = [olds?.template, news.template];
  if (before === undefined || after === undefined || olds?.replicas === 0 || news.replicas === 0) return false;
  if (containsUnknown(after)) return isUnknown(after.image) || knownPartsDiffer(templateInput, before, after);
  return fingerprint(before) !== fingerprint(after);
}

/** True if each replica gets its own request. */
const isMemberScope = (reload: ServiceInputs["reload"]): boolean =>
  reload !== undefined && !isUnknown(reload) && scopeOf(reload) === "member";

/** What keeps `blueGreen` from moving clients to a second set and back, where only domains can be moved. */
function findUnmovable(
  metro: string,
  domains: ServiceInputs["domains"],
  ports: ServiceInputs["ports"],
): readonly CheckFailure[] {
  const fail = (reason: string): CheckFailure => ({ code: "NOT_SUPPORTED", property: "rollout.strategy", reason });
  const why = `metro '${metro}' sends connections to each replica that runs, so "blueGreen" moves the domains of the service to a second set and back`;
  if (domains === undefined || (!isUnknown(domains) && domains.length === 0))
    return [fail(`${why}. Set domains: the one that the metro generates cannot move. Or use "rolling" or "canary".`)];
  if (containsUnknown(ports) || ports.every(({ protocol }) => protocol === "tcp")) return [];
  return [fail(`${why}, and a UDP port does not follow a domain. Use "rolling" or "canary".`)];
}

/** What a changed gate does to replicas that stay. */
const describeGateChange = (isIsolated: boolean): string =>
  isIsolated
    ? "the gate changes; running replicas are not asked now, it applies at the next start or wake of each"
    : "the gate changes; it applies to new replicas, and running ones are not asked";

/** What the metro cannot do for these inputs. */
function findUnsupported(
  metro: string,
  features: ReadonlySet<string>,
  { rollout, ports, domains, reload }: ServiceInputs,
): Pick<InputFindings, "warnings" | "failures"> {
  const has = (feature: MetroFeature): boolean => features.has(feature);
  const { strategy, gate } = rollout;
  const failures: CheckFailure[] = [];
  if (movesDomains(strategy, features)) failures.push(...findUnmovable(metro, domains, ports));
  if (isMemberScope(reload) && !has("member-requests"))
    failures.push({ code: "NOT_SUPPORTED", property: "reload.scope", reason: `${noMemberRequests(metro)}.` });
  const withWarnings = (warnings: readonly string[]) => (failures.length === 0 ? { warnings } : { warnings, failures });
  if (has("readiness-probe")) {
    if (gate?.isolation !== "clone") return withWarnings([]);
    const why = `has no effect in metro '${metro}', where each replica passes the gate itself`;
    return withWarnings([`rollout.gate.isolation ${why}`]);
  }
  const unusedTimeouts =
    rollout.halfClosedTimeoutMs === undefined
      ? []
      : [
          `rollout.halfClosedTimeoutMs has no effect in metro '${metro}', where a half-closed connection counts until drainTimeoutMs`,
        ];
  if (gate === undefined) return withWarnings(unusedTimeouts);
  const { port } = gate;
  if (typeof port === "number" && !containsUnknown(ports) && !isPublished(ports, port))
    failures.push({
      code: "NOT_SUPPORTED",
      property: "rollout.gate.port",
      reason: `no port of the service leads to ${port}, and metro '${metro}' has no other way to a replica. Publish it, or give a port that is published.`,
    });
  return withWarnings(
    gate.holdTimeoutMs === undefined
      ? unusedTimeouts
      : [
          ...unusedTimeouts,
          `rollout.gate.holdTimeoutMs has no effect in metro '${metro}', which does not hold connections for a gate`,
        ],
  );
}

const withFailures = (found: Pick<InputFindings, "warnings" | "failures">, more: readonly CheckFailure[]) =>
  more.length === 0 ? found : { ...found, failures: [...(found.failures ?? []), ...more] };

/** {@link exclusiveVolume}; none while the volumes are not known yet. */
const knownExclusiveVolume: typeof exclusiveVolume = (template, rollout) =>
  containsUnknown(template.volumes) ? undefined : exclusiveVolume(template, rollout);

/** Why the replicas cannot be clones of a candidate. */
async function findUnclonable(
  context: ProviderContext,
  { rollout, template }: Pick<ServiceInputs, "rollout" | "template">,
): Promise<readonly CheckFailure[]> {
  if (rollout.gate?.isolation !== "clone" || template === undefined) return [];
  const fail = (reason: string): CheckFailure => ({
    code: "NOT_SUPPORTED",
    property: "rollout.gate.isolation",
    reason: `"clone" ${reason}. Remove it.`,
  });
  const volume = knownExclusiveVolume(template, rollout);
  if (volume !== undefined) return [fail(`needs a candidate, which cannot have the volume '${volume}' of a replica`)];
  if ((await hasTemplates(context)) !== false) return [];
  return [fail(`needs an account with templates, and metro '${context.metro}' has none for this one`)];
}

/**
 * What the metro makes of the rollout of new or changed inputs: what it does not support, and when new replicas get connections. Says
 * nothing if the metro does not respond.
 *
 * @param olds the inputs in state; `undefined` for a new service
 */
export async function inspectRollout(
  context: ProviderContext,
  olds: ServiceInputs | undefined,
  news: ServiceInputs,
): Promise<InputFindings> {
  const { rollout, template, ports } = news;
  if (isUnknown(rollout) || isUnknown(template) || isUnknown(rollout.gate) || template === undefined)
    return NO_FINDINGS;
  const { strategy, gate } = rollout;
  const rolls = rollsTemplate(olds, news);
  const isAsked = strategy === "blueGreen" || gate !== undefined || rollout.halfClosedTimeoutMs !== undefined;
  const changesGate = olds?.template !== undefined && !isSameGate(olds.rollout, rollout);
  if (!rolls && !isAsked && !changesGate && !isMemberScope(news.reload)) return NO_FINDINGS;
  const features = await findMetroFeatures(context);
  if (features === undefined) return NO_FINDINGS;
  const found = findUnsupported(context.metro, features, news);
  const isIsolated = features.has("readiness-probe" satisfies MetroFeature);
  const unsupported = isIsolated ? found : withFailures(found, await findUnclonable(context, news));
  if (unsupported.failures !== undefined) return { information: [], ...unsupported };
  const launchesFirst = olds === undefined && gate !== undefined && news.replicas !== 0;
  if (!rolls && !launchesFirst)
    return { information: changesGate ? [describeGateChange(isIsolated)] : [], ...unsupported };
  const probe = gate && !containsUnknown(ports) ? toReadinessProbe(gate, ports) : undefined;
  if (movesDomains(strategy, features)) return { information: [describeSecondSet({ gate: probe })], ...unsupported };
  const volume = knownExclusiveVolume(template, rollout);
  return { information: [describeGuarantee({ gate: probe }, isIsolated, volume, gate?.isolation)], ...unsupported };
}
