/** Arguments of Firewall and Router. */
import type * as pulumi from "@pulumi/pulumi";
import type { GatewayImage } from "../gatewayImage";
import type { InstanceArgs } from "../instance";

/** A network card of a router or firewall. Addresses are IPv4 and known to the program. */
export interface RouterInterfaceArgs {
  /** Name of the network. */
  readonly network: string;
  /** Address with prefix length, such as `10.0.0.254/24`. */
  readonly ip: string;
  /** Another router in the network. Default: none. */
  readonly gateway?: string | undefined;
  /** Subnets that are reached through `gateway`, such as `10.0.0.0/24`. Default: everything outside of the networks. */
  readonly routes?: readonly string[] | undefined;
}

/** A network card of a firewall. */
export interface FirewallInterfaceArgs extends RouterInterfaceArgs {
  /** True for a card that leads outside; at least one does. Default false. */
  readonly external?: boolean | undefined;
}

/** What the firewall does with some packets. The first rule that fits decides. */
export interface FirewallRuleArgs {
  /** Packets that belong to allowed ones in the other direction, such as the answers of a server, pass as well. */
  readonly action: "allow" | "deny";
  /** Default: every protocol. */
  readonly protocol?: "tcp" | "udp" | "icmp" | undefined;
  /** Source: an address or a subnet, such as `192.168.100.0/24`. Default: everywhere. */
  readonly from?: string | undefined;
  /** Destination, in the same form. Default: everywhere. */
  readonly to?: string | undefined;
  /** Destination port, or the first and the last of a range, 1 to 65,535. Only with `tcp` and `udp`. Default: every port. */
  readonly port?: number | readonly [number, number] | undefined;
}

interface MachineArgs {
  /** Image of a program that does what the variables of its environment say. */
  readonly image: pulumi.Input<string> | GatewayImage;
  /** Memory in MiB. Default: that of an Instance. */
  readonly memoryMb?: pulumi.Input<number> | undefined;
  /** Further arguments of the Instance, and others instead of the component's. Default: none. */
  readonly instance?: Partial<InstanceArgs> | undefined;
}

/** Arguments of Router. */
export interface RouterArgs extends MachineArgs {
  /** Its network cards, in the order in which the program gets them: 2 to 4. */
  readonly interfaces: readonly RouterInterfaceArgs[];
}

/** Arguments of Firewall. */
export interface FirewallArgs extends MachineArgs {
  /** Its network cards, in the order in which the program gets them: 2 to 4, at least one of them external. */
  readonly interfaces: readonly FirewallInterfaceArgs[];
  /** In order: the first one that fits a packet decides. At most 256. */
  readonly rules: readonly FirewallRuleArgs[];
  /** What happens to packets that no rule fits. Default `deny`. */
  readonly defaultPolicy?: "allow" | "deny" | undefined;
  /** Address or subnet that must be able to reach `adminPort` of the firewall; rules that prevent it are rejected. Default: none. */
  readonly adminFrom?: string | undefined;
  /** TCP port of the firewall itself for its administration, 1 to 65,535; the program gets it as `FIREWALL_ADMIN_PORT`. Default 8080. */
  readonly adminPort?: number | undefined;
}
