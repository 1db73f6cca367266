/** An instance in the private network. Its network interface never changes while the instance exists. Pure. */
import * as crypto from "node:crypto";
import { formatMac, macOfGuest, parseIpv4 } from "../network/ipv4";
import { HOST_ACCESS_ANNOTATION, type NetworkMember } from "../network/privateNetwork";
import type { InstanceRecord, InstanceStatus } from "../store/instances";
import type { Instance } from "./instance";

/** A network interface as the API reports it. */
export interface NetworkInterface {
  readonly uuid: string;
  /** Such as `52:54:00:1a:2b:3c`. */
  readonly mac: string;
  /** IPv4 address of the guest. */
  readonly privateIp: string;
}

/** The only network interface of an instance. */
export function networkInterfaceOf({ uuid: ownerUuid, privateIp }: InstanceRecord): NetworkInterface {
  const hex = crypto.createHash("sha256").update(`network interface of ${ownerUuid}`).digest("hex");
  // Version 8 (custom) and the variant bits of RFC 9562.
  const uuid = [hex.slice(0, 8), hex.slice(8, 12), `8${hex.slice(13, 16)}`, `8${hex.slice(17, 20)}`, hex.slice(20, 32)];
  return { uuid: uuid.join("-"), mac: formatMac(macOfGuest(parseIpv4(privateIp))), privateIp };
}

/** The instance as a member of the private network, which sees its changes. */
export const networkMemberOf = (instance: Instance): NetworkMember => ({
  name: instance.record.name,
  ip: instance.record.privateIp,
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
