/** The network interface of an instance, which never changes while the instance exists. Pure. */
import * as crypto from "node:crypto";
import { macAddressOf } from "../vmm/qemu/boot/arguments";

/** A network interface as the API reports it. */
export interface NetworkInterface {
  readonly uuid: string;
  /** Such as `52:54:00:1a:2b:3c`. */
  readonly mac: string;
  /** IPv4 address of the guest. */
  readonly privateIp: string;
}

/**
 * The address that every guest has behind QEMU's user networking. Source: QEMU, "Using the user mode network stack".
 */
const PRIVATE_IP = "10.0.2.15";

/** The only network interface of the instance with this uuid. */
export function networkInterfaceOf(instanceUuid: string): NetworkInterface {
  const hex = crypto.createHash("sha256").update(`network interface of ${instanceUuid}`).digest("hex");
  // Version 8 (custom) and the variant bits of RFC 9562.
  const uuid = [hex.slice(0, 8), hex.slice(8, 12), `8${hex.slice(13, 16)}`, `8${hex.slice(17, 20)}`, hex.slice(20, 32)];
  return { uuid: uuid.join("-"), mac: macAddressOf(instanceUuid), privateIp: PRIVATE_IP };
}
