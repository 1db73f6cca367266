/** The way back: the domains move from the second set to the service, after a rollout, a failed one or a killed one. */
import { errorMessage } from "../../base/errors";
import { onlyItem } from "../../client/client";
import { type CallContext, callOptions } from "../../client/callContext";
import type { DomainRequest, ServiceItem } from "../../contract/models";
import { removeGroup } from "../candidate/group";
import { listInstances } from "../members/instances";
import { hasPassed } from "../members/readiness";
import { endSecondSet, findSecondSet, secondSetName } from "./group";
import { domainChange, moveDomains } from "./moveDomains";
import type { SecondSetOptions } from "./options";

/** Those of the domains that lead to this group. */
export const domainsAt = (
  { domains, isDomain }: Pick<SecondSetOptions, "domains" | "isDomain">,
  group: Pick<ServiceItem, "domains"> | undefined,
): readonly DomainRequest[] =>
  domains.filter((domain) => (group?.domains ?? []).some(({ fqdn }) => isDomain(fqdn, domain)));

/** The label under which the service is reached while its domains lead to the second set. */
export const meanwhileDomain = (service: SecondSetOptions["service"]): DomainRequest => ({
  name: secondSetName(service),
});

/** Reads the service again. Throws as the client does. */
export const refetch = async (context: CallContext, { uuid, name }: ServiceItem): Promise<ServiceItem> =>
  onlyItem(
    await context.client.getServices({ query: { uuid: [uuid] } }, callOptions(context)),
    `Reading service '${name}'`,
  );

/** True for the name that a metro reports of {@link meanwhileDomain}. */
export const isMeanwhile = (service: Pick<ServiceItem, "uuid" | "name">, fqdn: string): boolean =>
  fqdn.startsWith(`${secondSetName(service)}.`);

async function hasMeanwhile(context: CallContext, service: ServiceItem): Promise<boolean> {
  const { domains } = await refetch(context, service);
  return (domains ?? []).some(({ fqdn }) => isMeanwhile(service, fqdn));
}

/** Removes the label of {@link meanwhileDomain}, which a killed rollout left. Throws as the client does. */
export async function releaseMeanwhile(context: CallContext, service: ServiceItem): Promise<void> {
  if (!(await hasMeanwhile(context, service))) return;
  const body = [domainChange(service.uuid, "del", [meanwhileDomain(service)])];
  onlyItem(await context.client.patchServices({ body }, callOptions(context)), `Changing service '${service.name}'`);
}

/** The domains move back to the service, and the second set goes. Throws as the client does. */
export async function cutBack(context: CallContext, options: SecondSetOptions): Promise<void> {
  const { service, policy, report, timeoutMs } = options;
  const group = await findSecondSet(context, service);
  const domains = domainsAt(options, group);
  if (group === undefined) return;
  if (domains.length > 0) {
    const isThere = await hasMeanwhile(context, service);
    const gapMs = await moveDomains(context, {
      ...{ domains, from: group.uuid, to: service.uuid },
      after: isThere ? [domainChange(service.uuid, "del", [meanwhileDomain(service)])] : [],
      attempted: `Moving the domains of service '${service.name}' back`,
    });
    report("admitted", `the domains lead to service '${service.name}' again; without them for at most ${gapMs} ms`);
  }
  await endSecondSet(context, group, { ...policy, timeoutMs });
  report("removed", "the second set");
}

/** Says that the domains stay with the second set. */
export const warnOfLentDomains = ({ service, warn }: SecondSetOptions, reason: string): void =>
  warn(
    `The domains of service '${service.name}' still lead to its second set '${secondSetName(service)}', because ${reason}. The next update moves them back.`,
  );

/** Says that a second set stays after a rollout that was stopped, whether or not it has the domains. */
export const warnOfSecondSet = ({ service, warn }: SecondSetOptions): void =>
  warn(
    `The second set '${secondSetName(service)}' of service '${service.name}' stays as it is, because the rollout was stopped. The next update ends it, and moves the domains back if it has them.`,
  );

/** The service gets those of its domains that lead nowhere, as after a failed move. Throws as the client does. */
async function returnDomains(context: CallContext, options: SecondSetOptions): Promise<void> {
  const service = await refetch(context, options.service);
  const own = domainsAt(options, service);
  const missing = options.domains.filter((domain) => !own.includes(domain));
  if (missing.length === 0) return;
  const body = [domainChange(service.uuid, "add", missing)];
  const attempted = `Giving service '${service.name}' its domains back`;
  onlyItem(await context.client.patchServices({ body }, callOptions(context)), attempted);
}

/**
 * Clients go back to the service if it serves, such as after a rollback. Otherwise the second set keeps serving until the next update.
 * Never throws. Returns false if the service does not have its domains.
 */
export async function endAfterFailure(options: SecondSetOptions): Promise<boolean> {
  const { service, warn } = options;
  const context = options.cleanup();
  let hasDomains = false;
  try {
    const group = await findSecondSet(context, service);
    if (domainsAt(options, group).length === 0) {
      await returnDomains(context, options);
      hasDomains = true;
      await releaseMeanwhile(context, service);
      if (group !== undefined) await removeGroup(context, group.name);
      return true;
    }
    const members = await listInstances(context, service, options.isManaged);
    if (members.some((one) => hasPassed(options.policy, one))) {
      await cutBack(context, options);
      return true;
    }
    warnOfLentDomains(options, "none of its replicas serves");
  } catch (error) {
    warn(
      `The second set '${secondSetName(service)}' could not be removed: ${errorMessage(error)} The next update of the service does so.`,
    );
  }
  return hasDomains;
}
