/** The network interface of an instance, which never changes while the instance exists. Pure. */
import * as crypto from "node:crypto";
import { formatMac, macOfGuest, parseIpv4 } from "../network/ipv4";
import type { InstanceRecord } from "../store/instances";

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
