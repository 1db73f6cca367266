/** An instance in the private networks. */
import { parseCidr, parseIpv4 } from "../../base/ipv4";
import { HOST_ACCESS_ANNOTATION } from "../../contract/hostAccess";
import type { MemberInterface, NetworkMember } from "../network/segment";
import type { InstanceStatus } from "../store/instances";
import type { Instance } from "./instance";
import type { NetworkInterface } from "./networkInterface";
import type { StatusChange } from "./statusChanges";

/** True if the instance is in its networks: it neither waits for its addresses nor has lost them. */
export const hasAddresses = ({ takeOverAfterMs, addressesLost }: InstanceStatus): boolean =>
  takeOverAfterMs === undefined && addressesLost !== true;

/** The status change of an instance whose addresses another one takes. A daemon that finds it does not let the instance run on. */
export const ADDRESSES_LOST: StatusChange = { addressesLost: true, stopAskedBy: "user", restart: undefined };

/** The network cards of an instance, as its networks see them. */
export const memberInterfacesOf = (interfaces: readonly NetworkInterface[]): readonly MemberInterface[] =>
  interfaces.map(({ network, privateIp, subnet, gateway, routes }) => ({
    ...{ network, subnet, ip: parseIpv4(privateIp) },
    gateway: gateway === undefined ? undefined : parseIpv4(gateway),
    routes: routes.map(parseCidr),
  }));

/** The instance as a member of its private networks, which see its changes. */
export const networkMemberOf = (instance: Instance): NetworkMember => ({
  uuid: instance.record.uuid,
  name: instance.record.name,
  get hostname() {
    return instance.record.definition.hostname ?? instance.record.name;
  },
  interfaces: memberInterfacesOf(instance.networkInterfaces),
  get mayReachHost() {
    return instance.record.definition.annotations[HOST_ACCESS_ANNOTATION] === "true";
  },
  get state() {
    return memberStateOf(instance.record.status);
  },
  wake: () => void instance.request("wake").catch(() => undefined), // the actor has logged the error
});

/** One that is about to be in standby counts as asleep: what it gets now, its next VM must see. */
function memberStateOf({ state, stopAskedBy }: InstanceStatus): NetworkMember["state"] {
  if (state === "standby" || (state === "stopping" && stopAskedBy === "scale-to-zero")) return "asleep";
  return state === "starting" || state === "running" || state === "draining" || state === "stopping" ? "up" : "down";
}
