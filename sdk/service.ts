// Written by `npm run generate` from provider/resources. Do not edit.
import * as pulumi from "@pulumi/pulumi";
import { UnikernelResource, requireArgs } from "./resource";
import type {
  Autoscale,
  AutoscaleArgs,
  InstanceTemplate,
  InstanceTemplateArgs,
  Rollout,
  RolloutArgs,
  ServiceAutokill,
  ServiceAutokillArgs,
  ServiceCertificate,
  ServiceDomain,
  ServiceDomainArgs,
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
  /** Domain names. Default: one that the metro makes from the name. */
  readonly domains?: pulumi.Input<readonly pulumi.Input<ServiceDomainArgs>[]> | undefined;
  /** Requests or connections in flight per instance before the next instance in standby is woken, 1 to 65,535. Default 1. */
  readonly softLimit?: pulumi.Input<number> | undefined;
  /** Most requests or connections in flight per instance, 1 to 65,535; more are refused. At least `softLimit`. Default 65,535. */
  readonly hardLimit?: pulumi.Input<number> | undefined;
  /** When the platform deletes it by itself. Default: never. */
  readonly autokill?: pulumi.Input<ServiceAutokillArgs> | undefined;
  /** Instances of the template, 0 to 253; without a template it means nothing. Default 1. */
  readonly replicas?: pulumi.Input<number> | undefined;
  /** What every replica runs. A change replaces the replicas as `rollout` says. Required, but with `autoscale` or `replicas: 0`. */
  readonly template?: pulumi.Input<InstanceTemplateArgs> | undefined;
  /** How replicas are replaced. Default: one by one, each new one first. */
  readonly rollout?: pulumi.Input<RolloutArgs> | undefined;
  /** Let the platform decide how many instances there are, made from an instance template of its own, in place of `replicas`. A change of anything but the policies drains and deletes them first. Default: none. */
  readonly autoscale?: pulumi.Input<AutoscaleArgs> | undefined;
  /** Manage a service that already has this `name`, if there is one, and change it in place to match. Fails if a property differs that cannot be changed in place. Used at creation. Default false. */
  readonly adopt?: pulumi.Input<boolean> | undefined;
}

/** Published ports, and replicas of a template behind them. A changed template replaces the replicas one by one; clients see no gap. */
export class Service extends UnikernelResource {
  /** Name of the service in its metro, unique per account: 1 to 63 of a-z, 0-9 and dash. Default: the resource's name and 7 random hexadecimal digits. A fixed name makes a replacement delete the old one first. */
  declare readonly name: pulumi.Output<string>;
  /** Published ports; changed in place, before a changed template is rolled out: give a program a new port of its own in two updates. */
  declare readonly ports: pulumi.Output<readonly ServicePort[]>;
  /** Domain names. Default: one that the metro makes from the name. */
  declare readonly domains: pulumi.Output<readonly ServiceDomain[] | undefined>;
  /** Requests or connections in flight per instance before the next instance in standby is woken, 1 to 65,535. Default 1. */
  declare readonly softLimit: pulumi.Output<number>;
  /** Most requests or connections in flight per instance, 1 to 65,535; more are refused. At least `softLimit`. Default 65,535. */
  declare readonly hardLimit: pulumi.Output<number>;
  /** When the platform deletes it by itself. Default: never. */
  declare readonly autokill: pulumi.Output<ServiceAutokill | undefined>;
  /** Instances of the template, 0 to 253; without a template it means nothing. Default 1. */
  declare readonly replicas: pulumi.Output<number>;
  /** What every replica runs. A change replaces the replicas as `rollout` says. Required, but with `autoscale` or `replicas: 0`. */
  declare readonly template: pulumi.Output<InstanceTemplate | undefined>;
  /** How replicas are replaced. Default: one by one, each new one first. */
  declare readonly rollout: pulumi.Output<Rollout>;
  /** Let the platform decide how many instances there are, made from an instance template of its own, in place of `replicas`. A change of anything but the policies drains and deletes them first. Default: none. */
  declare readonly autoscale: pulumi.Output<Autoscale | undefined>;
  /** Manage a service that already has this `name`, if there is one, and change it in place to match. Fails if a property differs that cannot be changed in place. Used at creation. Default false. */
  declare readonly adopt: pulumi.Output<boolean>;
  /** Address of the service: `https://…` when a port has the `tls` handler. */
  declare readonly url: pulumi.Output<string>;
  /** The first of `fqdns`. */
  declare readonly fqdn: pulumi.Output<string>;
  /** All its domain names, in full. */
  declare readonly fqdns: pulumi.Output<readonly string[]>;
  /** The certificates of its domains when last looked at; of a label below the metro's domain there is none. */
  declare readonly certificates: pulumi.Output<readonly ServiceCertificate[]>;
  /** False for a service that goes with its last instance. */
  declare readonly persistent: pulumi.Output<boolean>;
  /** Creation time, RFC 3339. */
  declare readonly createdAt: pulumi.Output<string>;
  /** Digest of the image that the replicas run; empty without replicas. */
  declare readonly digest: pulumi.Output<string>;
  /** The replicas. */
  declare readonly instances: pulumi.Output<readonly ServiceInstance[]>;

  constructor(name: string, args: ServiceArgs, opts?: pulumi.CustomResourceOptions) {
    requireArgs("Service", args, ["ports"], opts);
    super(
      "Service",
      name,
      args,
      [
        "name",
        "ports",
        "domains",
        "softLimit",
        "hardLimit",
        "autokill",
        "replicas",
        "template",
        "rollout",
        "autoscale",
        "adopt",
        "url",
        "fqdn",
        "fqdns",
        "certificates",
        "persistent",
        "createdAt",
        "digest",
        "instances",
      ],
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

  /** True for an object of kind Service, also one made by another copy of this package. */
  static override isInstance(value: unknown): value is Service {
    return UnikernelResource.isOf("Service", value);
  }
}
