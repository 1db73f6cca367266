/** The networks of a VM that has one card in the default network. */
import { parseIpv4 } from "../../provider/base/ipv4";
import {
  DEFAULT_NETWORK,
  type VmInterface,
  type VmNetwork,
  vmNetworkOf,
} from "../../provider/platform/network/addresses";
import { formatMac, macOfGuest } from "../../provider/platform/network/hardwareAddress";

/** A card with this address and nothing else. */
export const plainInterface = (ip: string, prefixLength = DEFAULT_NETWORK.subnet.prefixLength): VmInterface => ({
  ...{ ip, prefixLength, mac: formatMac(macOfGuest(parseIpv4(ip))) },
  ...{ gateway: undefined, routes: [] },
});

/** The networks of a VM with this address. */
export const plainNetwork = (ip: string): VmNetwork => vmNetworkOf(DEFAULT_NETWORK, [plainInterface(ip)]);
