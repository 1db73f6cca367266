/** The network interfaces of an instance, which never change while the instance exists. Pure. */
import * as crypto from "node:crypto";
import { DEFAULT_NETWORK, type VmInterface } from "../network/addresses";
import { addressInCidr, parseCidr, parseIpv4, type Subnet } from "../../base/ipv4";
import { formatMac, macOfGuest } from "../network/hardwareAddress";
import type { InstanceRecord } from "../store/instances";

/** A network interface. */
export interface NetworkInterface {
  readonly uuid: string;
  /** `undefined`: it has none. */
  readonly name: string | undefined;
  /** Name of its network. */
  readonly network: string;
  /** The addresses of the network. */
  readonly subnet: Subnet;
  /** Such as `52:54:00:1a:2b:3c`. */
  readonly mac: string;
  /** IPv4 address of the guest. */
  readonly privateIp: string;
  /** Address of a router in the network, and what is reached through it, as of {@link VmInterface}. */
  readonly gateway: string | undefined;
  readonly routes: readonly string[];
}

/** The network interfaces of an instance, in the order in which the guest gets them; at least one. */
export function networkInterfacesOf({
  uuid: ownerUuid,
  privateIp,
  definition: { networkInterfaces = [] },
}: Pick<InstanceRecord, "uuid" | "privateIp" | "definition">): readonly NetworkInterface[] {
  const requested = networkInterfaces.length === 0 ? [{}] : networkInterfaces;
  return requested.map(({ name, network, ip, gateway, routes = [] }, index) => {
    const subnet = ip === undefined ? DEFAULT_NETWORK.subnet : parseCidr(ip);
    const address = index === 0 || ip === undefined ? privateIp : addressInCidr(ip);
    return {
      uuid: uuidOf(index === 0 ? ownerUuid : `${ownerUuid} ${index}`),
      ...{ name, network: network ?? DEFAULT_NETWORK.name, subnet, gateway, routes },
      ...{ mac: formatMac(macOfGuest(parseIpv4(address))), privateIp: address },
    };
  });
}

/** The network card that an interface is in the VM. */
export const toVmInterface = ({ privateIp, subnet, mac, gateway, routes }: NetworkInterface): VmInterface => ({
  ip: privateIp,
  prefixLength: subnet.prefixLength,
  ...{ mac, gateway, routes },
});

function uuidOf(owner: string): string {
  const hex = crypto.createHash("sha256").update(`network interface of ${owner}`).digest("hex");
  // Version 8 (custom) and the variant bits of RFC 9562.
  const uuid = [hex.slice(0, 8), hex.slice(8, 12), `8${hex.slice(13, 16)}`, `8${hex.slice(17, 20)}`, hex.slice(20, 32)];
  return uuid.join("-");
}
