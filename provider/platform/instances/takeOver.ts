/**
 * Replacing an instance without a gap: the new one has the addresses of the old one, so the same hardware addresses too, and boots in no
 * network. Once its program has run for long enough, it gets the ports of the switch in one step, and the old one is stopped for good.
 *
 * ```text
 * before    old ── port of the switch         new ── nothing
 * write     old: addresses lost, stops        new: has its addresses     one transaction
 * after     old ── nothing                    new ── port of the switch
 * ```
 *
 * Both statuses are written in one transaction before the switch changes. A daemon that is killed in between leaves the next one to
 * connect whichever instance the database names, so that two never answer at one address.
 */
import type { CreateInstanceRequest } from "../../contract/models";
import { ApiItemError } from "../errors";
import { findInstance } from "../lookup";
import type { Registry } from "../registry";
import { updateInstanceStatuses } from "../store/instanceQueries";
import type { InstanceRecord, InstanceStatus } from "../store/instances";
import type { Instance } from "./instance";
import type { NetworkInterface } from "./networkInterface";
import { ADDRESSES_LOST, hasAddresses, networkMemberOf } from "./networkMember";
import { applyStatusChange } from "./statusChanges";

/** What the status of a new instance says about the addresses that it takes. */
export const takeOverStatus = ({ take_over: request }: CreateInstanceRequest): Partial<InstanceStatus> =>
  request === undefined ? {} : { takeOverAfterMs: request.after_ms ?? 0 };

/**
 * The instance whose addresses a new one takes; `undefined` if it takes none. Throws `NotFound`; `Invalid` unless both have the same
 * addresses in the same networks, and in a service group, whose connections could reach both; `CannotBeUsed` for an instance that does not have its own.
 *
 * @param own the interfaces of the new instance
 */
export function resolveTakeOver(
  registry: Registry,
  { take_over: request, service_group: group }: CreateInstanceRequest,
  own: readonly NetworkInterface[],
): Instance | undefined {
  if (request === undefined) return undefined;
  const found = findInstance(registry, "uuid" in request ? { uuid: request.uuid } : { name: request.name });
  const { name, status } = found.record;
  if (group !== undefined)
    throw new ApiItemError(
      "Invalid",
      "'take_over' cannot be combined with 'service_group', whose ports reach both instances",
    );
  if (!haveSameAddresses(own, found.networkInterfaces))
    throw new ApiItemError("Invalid", `'take_over': instance '${name}' has other addresses than 'network_interfaces'`);
  if (!hasAddresses(status))
    throw new ApiItemError("CannotBeUsed", `'take_over': instance '${name}' does not have its addresses`);
  return found;
}

/** Moves the addresses of `after`, a record that has them from now on, to its instance. Throws if the write fails. */
export function takeAddresses(registry: Registry, after: InstanceRecord): void {
  const own = registry.instances.get(after.uuid);
  if (own === undefined) return;
  const holder = [...registry.instances.values()].find(
    (one) =>
      one !== own && hasAddresses(one.record.status) && haveSameAddresses(own.networkInterfaces, one.networkInterfaces),
  );
  const lost = holder === undefined ? [] : [applyStatusChange(holder.record, ADDRESSES_LOST)];
  updateInstanceStatuses(registry.parts.database, [after, ...lost]);
  registry.network.add(networkMemberOf(own)); // before the removal, so that the networks last
  if (holder === undefined) return;
  registry.network.remove(holder.record.uuid);
  holder.loseAddresses();
}

/** True for the same addresses in the same networks, in the same order. */
const haveSameAddresses = (mine: readonly NetworkInterface[], theirs: readonly NetworkInterface[]): boolean =>
  mine.length === theirs.length &&
  mine.every(({ network, privateIp }, index) => {
    const other = theirs[index];
    return other?.network === network && other.privateIp === privateIp;
  });
