/** A router between networks, as an instance. */
import * as pulumi from "@pulumi/pulumi";
import { Instance } from "../instance";
import type { RouterArgs } from "./args";
import { checkRouter } from "./checks";
import { machineArgs } from "./machine";

const TYPE = "unikernel:index:Router";

/**
 * An instance that forwards between its networks, only on metro `local`. A change replaces it without a gap: see `takeOver` of Instance.
 *
 * The image gets the variable `ROUTER_FORWARD`, with the value `1`, and must forward, on Linux with `/proc/sys/net/ipv4/ip_forward`.
 *
 * ```ts
 * const router = new unikernel.Router("router", {
 *   image,
 *   interfaces: [
 *     { network: "inside", ip: "10.0.0.254/24" },
 *     { network: "transit", ip: "192.168.101.2/29", gateway: "192.168.101.3" },
 *   ],
 * });
 * ```
 */
export class Router extends pulumi.ComponentResource {
  /** The instance. */
  readonly instance: Instance;

  /**
   * Creates the instance.
   *
   * Throws a `RunError` with `INPUT_INVALID` for interfaces that nothing can be forwarded between.
   *
   * @param name resource name, also that of the instance
   * @param args networks
   * @param opts Pulumi's resource options
   */
  constructor(name: string, args: RouterArgs, opts?: pulumi.ComponentResourceOptions) {
    checkRouter(name, args);
    super(TYPE, name, {}, opts);
    this.instance = new Instance(name, machineArgs(args, { ROUTER_FORWARD: "1" }), { parent: this });
    this.registerOutputs({});
  }
}
