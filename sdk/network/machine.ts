/** The instance of a Firewall or Router. */
import * as pulumi from "@pulumi/pulumi";
import type { InstanceArgs } from "../instance";
import type { FirewallArgs, RouterArgs } from "./args";

/** The arguments of the instance: it comes back after a crash, and hands its addresses over when it changes. */
export function machineArgs(
  { image, memoryMb, interfaces, instance = {} }: FirewallArgs | RouterArgs,
  variables: { readonly [name: string]: string },
): InstanceArgs {
  const env = pulumi.output(instance.env).apply((own) => ({ ...own, ...variables }));
  const networkInterfaces = interfaces.map(({ network, ip, gateway, routes }) => ({ network, ip, gateway, routes }));
  return {
    ...{ image, memoryMb, restartPolicy: "always" as const, takeOver: true },
    ...instance,
    ...{ networkInterfaces, env: instance.env === undefined ? variables : env },
  };
}
