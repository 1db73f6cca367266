/** Replacing an instance without a gap: when a change does that, and whose addresses the new one takes. Pure, except for the look-up. */
import { isDeepStrictEqual } from "node:util";
import { withErrorContext } from "../../base/errors";
import { addressInCidr } from "../../base/ipv4";
import type { InstanceItem } from "../../contract/models";
import type { CheckFailure, Properties } from "../../definition/resource";
import { holderByMark } from "../common/ownershipMark";
import type { ProviderContext } from "../context";
import { deletedOnStop, type InstanceInputs } from "./inputs";

/** True if a change that needs a restart replaces the instance, whose successor takes its addresses. */
export const takesOver = ({ takeOver }: Properties): boolean => takeOver === true;

/** True if a restart replaces the instance: a stop deletes it, or its successor takes over. */
export const restartReplaces = (olds: Properties, news: Properties): boolean => deletedOnStop(olds) || takesOver(news);

/** True if the successor takes its addresses from the instance with these old inputs: both have the same interfaces. */
export const canTakeOver = (olds: Properties, news: Properties): boolean =>
  takesOver(news) && isDeepStrictEqual(olds["networkInterfaces"], news["networkInterfaces"]);

const excluded = (property: string, reason: string): CheckFailure => ({
  property,
  reason: `cannot be combined with takeOver: ${reason}.`,
});

/** What keeps two such instances from existing at the same time. */
export function checkTakeOver(inputs: InstanceInputs): readonly CheckFailure[] {
  const { networkInterfaces, service, serviceGroup, volumes, features, waitFor, autostart } = inputs;
  if (!takesOver(inputs)) return [];
  const written = volumes.findIndex(({ readonly }) => !readonly);
  return [
    ...(networkInterfaces.length > 0 && networkInterfaces.every(({ ip }) => ip !== undefined)
      ? []
      : [{ property: "takeOver", reason: "requires networkInterfaces with ip, the addresses that are taken over." }]),
    ...(service === undefined ? [] : [excluded("service", "its ports would reach the old and the new instance")]),
    ...(serviceGroup === undefined ? [] : [excluded("serviceGroup", "only one instance can have its ports")]),
    ...(written < 0
      ? []
      : [excluded(`volumes[${written}]`, "two instances cannot write to it; mount it with readonly")]),
    ...(features.includes("delete-on-stop") ? [excluded("features", "an instance that ends has no successor")] : []),
    ...(waitFor === "completed" ? [excluded("waitFor", "a job ends, and keeps no addresses")] : []),
    ...(autostart ? [] : [excluded("autostart", "the addresses move once the new instance runs")]),
  ];
}

/** What the replacement does, as a sentence without its full stop; `undefined` for any other replacement. */
export const describeTakeOver = (olds: Properties, news: Properties): string | undefined =>
  canTakeOver(olds, news)
    ? `the new instance boots beside it, and takes over its addresses once it has run for ${Number(news["stableForMs"]) / 1000} s${news["gate"] === undefined ? "" : " and passed its gate"}; until then, and if that fails, it stays as it is`
    : undefined;

/** The `take_over` of a create: an instance of this resource has the addresses. None for a resource that has no instance yet. */
export async function findTakeOver(
  { client, ownership }: Pick<ProviderContext, "client" | "ownership">,
  inputs: InstanceInputs,
): Promise<{ readonly uuid: string; readonly after_ms: number } | undefined> {
  if (!takesOver(inputs)) return undefined;
  const { items } = await client.getInstances({});
  const holder = items.find(
    (item) =>
      item.name !== inputs.name &&
      item.addresses === undefined &&
      hasAddressesOf(item, inputs) &&
      ["finished", "unfinished"].includes(holderByMark(item.tags, ownership)),
  );
  return holder && { uuid: holder.uuid, after_ms: inputs.stableForMs };
}

/** The error of a new instance that was deleted because it did not come up, and left the addresses to the one before it, if there is one. */
export function withoutSuccessor(error: unknown, { addresses }: Pick<InstanceItem, "addresses">): unknown {
  const kept = addresses === "awaited" ? " The one that it was to replace stays as it is." : "";
  const hint = `It was deleted; its last console lines, if there are any, were printed.${kept}`;
  return withErrorContext(error, { GUEST_STOPPED: { hint }, OPERATION_FAILED: { hint }, WAIT_TIMEOUT: { hint } });
}

const hasAddressesOf = (item: InstanceItem, { networkInterfaces }: InstanceInputs): boolean =>
  isDeepStrictEqual(
    item.network_interfaces?.map(({ tap_name, private_ip }) => [tap_name, private_ip]),
    networkInterfaces.map(({ network, ip = "" }) => [network, addressInCidr(ip)]),
  );
