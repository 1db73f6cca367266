/** A firewall between networks, as an instance. */
import * as pulumi from "@pulumi/pulumi";
import { Instance } from "../instance";
import type { FirewallArgs } from "./args";
import { checkFirewall, DEFAULT_ADMIN_PORT } from "./checks";
import { machineArgs } from "./machine";
import { renderRules } from "./rules";

const TYPE = "unikernel:index:Firewall";

/**
 * An instance between networks that lets through what its rules allow, only on metro `local`. A changed rule replaces it without a gap: see
 * `takeOver` of Instance.
 *
 * The image gets the rules as `FIREWALL_RULES` (`<action> <protocol> <from> <to> <first port>-<last port>`, separated by `;`, the last one is
 * the default policy) and `FIREWALL_ADMIN_PORT`. Its program must end with an error if it cannot apply them;
 * a `gate` in `instance` also asks it before it gets the addresses.
 *
 * ```ts
 * const firewall = new unikernel.Firewall("firewall", {
 *   image,
 *   interfaces: [
 *     { network: "outside", ip: "192.168.100.254/24", external: true },
 *     { network: "dmz", ip: "10.0.0.254/24" },
 *   ],
 *   rules: [
 *     { action: "allow", protocol: "tcp", to: "10.0.0.5", port: 80 },
 *     { action: "allow", protocol: "tcp", from: "192.168.100.0/28", to: "192.168.100.254", port: 8080 },
 *   ],
 *   adminFrom: "192.168.100.0/28",
 * });
 * ```
 */
export class Firewall extends pulumi.ComponentResource {
  /** The instance. */
  readonly instance: Instance;

  /**
   * Creates the instance.
   *
   * Throws a `RunError` with `INPUT_INVALID` for rules that contradict one another, the networks or the administrator.
   *
   * @param name resource name, also that of the instance
   * @param args networks and rules
   * @param opts Pulumi's resource options
   */
  constructor(name: string, args: FirewallArgs, opts?: pulumi.ComponentResourceOptions) {
    checkFirewall(name, args);
    super(TYPE, name, {}, opts);
    const { rules, defaultPolicy = "deny", adminPort = DEFAULT_ADMIN_PORT } = args;
    const variables = {
      FIREWALL_RULES: renderRules(rules, defaultPolicy),
      FIREWALL_ADMIN_PORT: String(adminPort),
    };
    this.instance = new Instance(name, machineArgs(args, variables), { parent: this });
    this.registerOutputs({});
  }
}
