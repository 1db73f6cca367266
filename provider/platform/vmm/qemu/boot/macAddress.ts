/** The network card of a VM. */
import * as crypto from "node:crypto";

/** QEMU's own range of addresses. Source: QEMU, net/net.c. */
const PREFIX = "52:54:00";

/** Hardware address of an instance's network card: the same for each of its VMs. Such as `52:54:00:1a:2b:3c`. */
export function macAddressOf(uuid: string): string {
  const [a, b, c] = crypto.createHash("sha256").update(uuid).digest("hex").match(/../g) ?? [];
  return [PREFIX, a, b, c].join(":");
}
