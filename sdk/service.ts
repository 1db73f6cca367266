// Written by `npm run generate` from provider/resources. Do not edit.
import * as pulumi from "@pulumi/pulumi";
import { UnikernelResource, requireArgs } from "./resource";
import type {
  InstanceTemplate,
  InstanceTemplateArgs,
  Rollout,
  RolloutArgs,
  ServiceInstance,
  ServicePort,
  ServicePortArgs,
} from "./types";

/** Arguments of {@link Service}. */
export interface ServiceArgs {
  /** Name of the service in its metro, unique per account: 1 to 63 of a-z, 0-9 and dash. Default: the resource's name and 7 random hexadecimal digits. A fixed name makes a replacement delete the old one first. */
  readonly name?: pulumi.Input<string> | undefined;
  /** Published ports; changed in place, before a changed template is rolled out: give a program a new port of its own in two updates. */
  readonly ports: pulumi.Input<readonly pulumi.Input<ServicePortArgs>[]>;
  /** Instances of the template, 0 to 64. Default 1. */
  readonly replicas?: pulumi.Input<number> | undefined;
  /** What every replica runs. A change replaces the replicas as `rollout` says. */
  readonly template: pulumi.Input<InstanceTemplateArgs>;
  /** How replicas are replaced. Default: one by one, each new one first. */
  readonly rollout?: pulumi.Input<RolloutArgs> | undefined;
}

/** Published ports, and replicas of a template behind them. A changed template replaces the replicas one by one; clients see no gap. */
export class Service extends UnikernelResource {
  /** Name of the service in its metro, unique per account: 1 to 63 of a-z, 0-9 and dash. Default: the resource's name and 7 random hexadecimal digits. A fixed name makes a replacement delete the old one first. */
  declare readonly name: pulumi.Output<string>;
  /** Published ports; changed in place, before a changed template is rolled out: give a program a new port of its own in two updates. */
  declare readonly ports: pulumi.Output<readonly ServicePort[]>;
  /** Instances of the template, 0 to 64. Default 1. */
  declare readonly replicas: pulumi.Output<number>;
  /** What every replica runs. A change replaces the replicas as `rollout` says. */
  declare readonly template: pulumi.Output<InstanceTemplate>;
  /** How replicas are replaced. Default: one by one, each new one first. */
  declare readonly rollout: pulumi.Output<Rollout>;
  /** Address of the service: `https://…` when a port has the `tls` handler. */
  declare readonly url: pulumi.Output<string>;
  /** Domain name that the metro gave the service. */
  declare readonly fqdn: pulumi.Output<string>;
  /** Digest of the image that the replicas run; empty without replicas. */
  declare readonly digest: pulumi.Output<string>;
  /** The replicas. */
  declare readonly instances: pulumi.Output<readonly ServiceInstance[]>;

  constructor(name: string, args: ServiceArgs, opts?: pulumi.CustomResourceOptions) {
    requireArgs("Service", args, ["ports", "template"], opts);
    super(
      "Service",
      name,
      args,
      ["name", "ports", "replicas", "template", "rollout", "url", "fqdn", "digest", "instances"],
      [
        "template.imagePull.credentials",
        "template.imagePull.headers",
        "template.env",
        "template.roms.*.files.*.data",
        "template.plugins.*.config",
      ],
      opts,
    );
  }

  /** Looks up an existing Service by its id or its name; it is read, not managed. */
  static get(name: string, id: pulumi.Input<pulumi.ID>, opts?: pulumi.CustomResourceOptions): Service {
    return new Service(name, {} as ServiceArgs, { ...opts, id });
  }

  /** True for a Service, also one made by another copy of this package. */
  static override isInstance(value: unknown): value is Service {
    return UnikernelResource.isOf("Service", value);
  }
}
