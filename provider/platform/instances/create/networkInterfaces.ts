/** Checks the network interfaces of a new instance. Pure. */
import { addressInCidr, parseIpv4 } from "../../../base/ipv4";
import type { CreateInstanceRequest } from "../../../contract/models";
import { findConflict, interfaceViolations } from "../../../contract/networkInterfaces";
import { ApiItemError } from "../../errors";
import type { InstanceDefinition } from "../../store/instances";
import type { NetworkInterface } from "../networkInterface";

/**
 * Throws `NotSupported` for what the local platform cannot do with an interface, and `Invalid` for interfaces that contradict each other or
 * themselves.
 */
export function assertValidInterfaces(interfaces: NonNullable<CreateInstanceRequest["network_interfaces"]>): void {
  const isPlain = interfaces.every(
    ({ mac, relay, autoconfig = true }) => mac === undefined && relay === undefined && autoconfig,
  );
  if (!isPlain)
    throw new ApiItemError("NotSupported", "The local platform does not support 'mac', 'relay' and 'autoconfig' of 'network_interfaces'"); // prettier-ignore
  const [violation] = interfaceViolations(interfaces.map(({ tap_name, ...rest }) => ({ network: tap_name, ...rest })));
  if (violation === undefined) return;
  const { index, member, reason } = violation;
  const name = member === "network" ? "tap_name" : member;
  throw new ApiItemError("Invalid", `'network_interfaces[${index}].${name}': ${reason}`);
}

/** An instance that exists. */
export interface InterfaceOwner {
  readonly name: string;
  readonly interfaces: readonly NetworkInterface[];
}

/**
 * Throws `Invalid` for several instances with one chosen address or for an address outside of the network, and `CannotBeUsed` for one that
 * another instance has.
 *
 * @param count of instances with this definition
 */
export function assertAddressesAvailable(
  { networkInterfaces = [] }: Pick<InstanceDefinition, "networkInterfaces">,
  own: readonly NetworkInterface[],
  count: number,
  others: Iterable<InterfaceOwner>,
): void {
  const chosen = networkInterfaces.find(({ ip }) => ip !== undefined);
  if (chosen !== undefined && count > 1)
    throw new ApiItemError("Invalid", `${count} instances cannot have the same address ${chosen.ip ?? ""}`);
  const occupied = ({ network, privateIp, subnet }: NetworkInterface) => ({
    network,
    subnet,
    ip: parseIpv4(privateIp),
  });
  for (const other of others) {
    for (const mine of own) {
      for (const theirs of other.interfaces) {
        const conflict = findConflict(occupied(mine), occupied(theirs), `instance '${other.name}'`);
        if (conflict === undefined) continue;
        const isTaken = mine.privateIp === theirs.privateIp;
        throw new ApiItemError(isTaken ? "CannotBeUsed" : "Invalid", `Address ${mine.privateIp}: ${conflict}`);
      }
    }
  }
}

/** The address of the first interface, if the request chooses it. */
export function chosenAddress({
  networkInterfaces: [first] = [],
}: Pick<InstanceDefinition, "networkInterfaces">): string | undefined {
  return first?.ip === undefined ? undefined : addressInCidr(first.ip);
}
