/**
 * `blueGreen` where every member of a group gets connections, and no instance can change its group. The id of a service is that of its
 * group, so its group stays: a second set in a temporary group passes the gate, the domains move there, the members of the service are
 * replaced without clients, and the domains move back.
 *
 * The temporary group has a fixed name, and the domains tell how far a killed rollout came: see {@link runBesideSecondSet}.
 */
import { UnikernelError } from "../../base/errors";
import type { InstanceItem } from "../../contract/models";
import { retireMembers } from "../act";
import { removeGroup } from "../candidate/group";
import { deleteInstances, drainAndDelete, listInstances } from "../members/instances";
import {
  cutBack,
  domainsAt,
  endAfterFailure,
  meanwhileDomain,
  refetch,
  releaseMeanwhile,
  warnOfLentDomains,
  warnOfSecondSet,
} from "./back";
import { countOf } from "../../base/formatNumber";
import { findSecondSet, keepRunning, launchSecondSet, ownDomain, passGate } from "./group";
import { domainChange, moveDomains } from "./moveDomains";
import type { SecondSetOptions } from "./options";

/**
 * Replaces the members of the service beside a second set, and returns what `replace` returns.
 *
 * A rollout that was killed has left one of these: a second set without domains, which is deleted; or one with domains, which serves
 * while the members of the service are replaced. Domains that lead nowhere were set again before, by the update itself.
 *
 * @param isNeeded false if there is no old member; a second set that is left is still ended
 * @param replace replaces the members; it gets what must be called once before the first launch
 */
export async function runBesideSecondSet(
  options: SecondSetOptions,
  isNeeded: boolean,
  replace: (beforeLaunch: (() => Promise<void>) | undefined) => Promise<readonly InstanceItem[]>,
): Promise<readonly InstanceItem[]> {
  const found = await findSecondSet(options, options.service);
  const isServing = domainsAt(options, found).length > 0;
  if (found !== undefined && !isServing) {
    await options.checkStop();
    await releaseMeanwhile(options, options.service);
    await removeGroup(options, found.name);
  }
  if (!isServing && !isNeeded) return replace(undefined);
  let hasBegun = isServing;
  const begin = async (): Promise<void> => {
    if (hasBegun) return;
    hasBegun = true;
    await cutOver(options);
  };
  let members: readonly InstanceItem[];
  try {
    members = await replace(begin);
  } catch (error) {
    if (!hasBegun) throw error;
    // As in the service itself, nothing more changes: whoever has removed the lock may be at it.
    if (UnikernelError.has(error, "ROLLOUT_STOPPED", "ROLLOUT_LOCKED")) {
      warnOfSecondSet(options);
      throw error;
    }
    if (!(await endAfterFailure(options))) throw notRolledBack(error);
    throw error;
  }
  if (!hasBegun) return members;
  try {
    await passAgain(options, members);
    await options.checkStop();
  } catch (error) {
    warnOfLentDomains(
      options,
      UnikernelError.has(error, "ROLLOUT_STOPPED")
        ? "the rollout was stopped"
        : "its replicas have not passed the gate",
    );
    throw error;
  }
  await cutBack(options, options);
  return members;
}

/** The error of a failed rollout, in which the service has not got its domains back. */
function notRolledBack(error: unknown): unknown {
  if (!UnikernelError.has(error, "ROLLOUT_FAILED")) return error;
  const { code, message, details, cause } = error;
  return new UnikernelError(code, `${message} The domains do not lead to the service.`, {
    hint: "Run 'pulumi up' again: it gives the service its domains back.",
    details: { ...details, rolledBack: false },
    cause,
  });
}

/** The second set passes, the domains move to it, and the old members go. */
async function cutOver(options: SecondSetOptions): Promise<void> {
  const { service, policy, domains, checkStop, report } = options;
  await checkStop();
  const group = await launchSecondSet(options);
  const uuids = (group.instances ?? []).map(({ uuid }) => uuid);
  await passGate(options, ownDomain(group), uuids);
  await checkStop();
  await keepRunning(options, uuids, `Keeping the second set of service '${service.name}'`);
  const gapMs = await moveDomains(options, {
    ...{ domains, from: service.uuid, to: group.uuid },
    before: [domainChange(service.uuid, "add", [meanwhileDomain(service)])],
    undo: [domainChange(service.uuid, "del", [meanwhileDomain(service)])],
    attempted: `Moving the domains of service '${service.name}' to its second set`,
  });
  report("admitted", `the domains lead to the second set; without them for at most ${gapMs} ms`);
  await checkStop();
  const kept = await listInstances(options, service, options.isRetired);
  await deleteInstances(
    options.client,
    kept.map(({ uuid }) => uuid),
  ); // of an earlier rollout
  const olds = (await listInstances(options, service, options.isManaged)).filter((one) => !options.isNew(one));
  report("draining", countOf(olds.length, "old replica"));
  if (policy.keepOldForMs > 0) return retireMembers(options, olds);
  await Promise.all(olds.map((one) => drainAndDelete(options, one, { ...policy, timeoutMs: options.timeoutMs })));
}

/** The members of the service pass the gate, before clients come back to them. */
async function passAgain(options: SecondSetOptions, members: readonly InstanceItem[]): Promise<void> {
  const service = await refetch(options, options.service);
  const fqdn = ownDomain(service, (one) => options.domains.some((domain) => options.isDomain(one, domain)));
  if (fqdn === "" || options.policy.gate === undefined) return;
  await passGate(
    { ...options, policy: { ...options.policy, stableForMs: 0 } },
    fqdn,
    members.map(({ uuid }) => uuid),
  );
}
