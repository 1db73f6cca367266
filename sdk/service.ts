// Written by `npm run generate` from provider/resources. Do not edit.
import * as pulumi from "@pulumi/pulumi";
import { UnikernelResource, requireArgs } from "./resource";
import type {
  Autoscale,
  AutoscaleArgs,
  ImageDefaults,
  InstanceTemplate,
  InstanceTemplateArgs,
  Reload,
  ReloadArgs,
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
  /** Name of the service, unique in the account and metro: 1 to 63 lower-case letters, digits and dashes. Default: the resource name plus 7 hexadecimal digits derived from its identity (owner, project, stack, parents, type and name), and a number if an object has that name already. With a fixed name, a replacement deletes the old service first. */
  readonly name?: pulumi.Input<string> | undefined;
  /** Published ports, at least one. Port changes apply before a changed template is rolled out; to move a program to a new port, first listen on both, then change the ports. */
  readonly ports: pulumi.Input<readonly pulumi.Input<ServicePortArgs>[]>;
  /** Domain names. Default: one that the metro derives from the name. */
  readonly domains?: pulumi.Input<readonly pulumi.Input<ServiceDomainArgs>[]> | undefined;
  /** Requests or connections in flight per instance before another instance is woken from standby, 1 to 65,535. Default 1. */
  readonly softLimit?: pulumi.Input<number> | undefined;
  /** Maximum requests or connections in flight per instance, 1 to 65,535; more are rejected. At least `softLimit`. Default 65,535. */
  readonly hardLimit?: pulumi.Input<number> | undefined;
  /** When the platform deletes the service automatically. Default: never. */
  readonly autokill?: pulumi.Input<ServiceAutokillArgs> | undefined;
  /** Number of replicas of the template, 0 to 253; ignored without a template. Default 1. */
  readonly replicas?: pulumi.Input<number> | undefined;
  /** Template of the replicas. A change replaces the replicas by a rolling update. Required unless `autoscale` is set or `replicas` is 0. */
  readonly template?: pulumi.Input<InstanceTemplateArgs> | undefined;
  /** How the rolling update replaces replicas. Default: one at a time, the new one first. */
  readonly rollout?: pulumi.Input<RolloutArgs> | undefined;
  /** Values that stand for the configuration that the replicas load, such as the `ref` of a volume's content: when they change, every replica loads it again, by `reload` or by a restart in the batches and with the gate of `rollout`. Encrypted in state; the metro gets a hash. Replicas whose configuration is not known, as when `reloadOn` is added, load it once. Default: none. */
  readonly reloadOn?: pulumi.Input<readonly pulumi.Input<unknown>[]> | undefined;
  /** How the replicas load their configuration again when `reloadOn` changes. Default: they are restarted, as `rollout.strategy` says. */
  readonly reload?: pulumi.Input<ReloadArgs> | undefined;
  /** Lets the platform choose the number of instances, created from an instance template, instead of `replicas`. A change other than to `policies` drains and deletes these instances first. Default: none. */
  readonly autoscale?: pulumi.Input<AutoscaleArgs> | undefined;
  /** Manage a service that already has this `name`, if there is one, and change it in place to match. Fails if a property differs that cannot be changed in place. Used at creation. Default false. */
  readonly adopt?: pulumi.Input<boolean> | undefined;
}

/** Published ports with replicas of a template behind them. When the template changes, a rolling update replaces the replicas without downtime. */
export class Service extends UnikernelResource {
  /** Name of the service, unique in the account and metro: 1 to 63 lower-case letters, digits and dashes. Default: the resource name plus 7 hexadecimal digits derived from its identity (owner, project, stack, parents, type and name), and a number if an object has that name already. With a fixed name, a replacement deletes the old service first. */
  declare readonly name: pulumi.Output<string>;
  /** Published ports, at least one. Port changes apply before a changed template is rolled out; to move a program to a new port, first listen on both, then change the ports. */
  declare readonly ports: pulumi.Output<readonly ServicePort[]>;
  /** Domain names. Default: one that the metro derives from the name. */
  declare readonly domains: pulumi.Output<readonly ServiceDomain[] | undefined>;
  /** Requests or connections in flight per instance before another instance is woken from standby, 1 to 65,535. Default 1. */
  declare readonly softLimit: pulumi.Output<number>;
  /** Maximum requests or connections in flight per instance, 1 to 65,535; more are rejected. At least `softLimit`. Default 65,535. */
  declare readonly hardLimit: pulumi.Output<number>;
  /** When the platform deletes the service automatically. Default: never. */
  declare readonly autokill: pulumi.Output<ServiceAutokill | undefined>;
  /** Number of replicas of the template, 0 to 253; ignored without a template. Default 1. */
  declare readonly replicas: pulumi.Output<number>;
  /** Template of the replicas. A change replaces the replicas by a rolling update. Required unless `autoscale` is set or `replicas` is 0. */
  declare readonly template: pulumi.Output<InstanceTemplate | undefined>;
  /** How the rolling update replaces replicas. Default: one at a time, the new one first. */
  declare readonly rollout: pulumi.Output<Rollout>;
  /** Values that stand for the configuration that the replicas load, such as the `ref` of a volume's content: when they change, every replica loads it again, by `reload` or by a restart in the batches and with the gate of `rollout`. Encrypted in state; the metro gets a hash. Replicas whose configuration is not known, as when `reloadOn` is added, load it once. Default: none. */
  declare readonly reloadOn: pulumi.Output<readonly unknown[] | undefined>;
  /** How the replicas load their configuration again when `reloadOn` changes. Default: they are restarted, as `rollout.strategy` says. */
  declare readonly reload: pulumi.Output<Reload | undefined>;
  /** Lets the platform choose the number of instances, created from an instance template, instead of `replicas`. A change other than to `policies` drains and deletes these instances first. Default: none. */
  declare readonly autoscale: pulumi.Output<Autoscale | undefined>;
  /** Manage a service that already has this `name`, if there is one, and change it in place to match. Fails if a property differs that cannot be changed in place. Used at creation. Default false. */
  declare readonly adopt: pulumi.Output<boolean>;
  /** URL of the service: `https://…` if a port has the `tls` handler, else `http://…`; empty if there is none. Its port differs from the published one where the local platform may not open that. */
  declare readonly url: pulumi.Output<string>;
  /** First of `fqdns`; empty if there is none. */
  declare readonly fqdn: pulumi.Output<string>;
  /** Fully qualified domain names of the service. */
  declare readonly fqdns: pulumi.Output<readonly string[]>;
  /** Certificates of the domains at the last refresh. Labels below the metro's domain have none. */
  declare readonly certificates: pulumi.Output<readonly ServiceCertificate[]>;
  /** False for a service that is deleted with its last instance. */
  declare readonly persistent: pulumi.Output<boolean>;
  /** Creation time, RFC 3339. */
  declare readonly createdAt: pulumi.Output<string>;
  /** Digest of the image that the replicas run; empty without replicas. */
  declare readonly digest: pulumi.Output<string>;
  /** Defaults from the labels of the image, read when the image was first used here; they apply where the program sets nothing. Absent if there are none, and if the labels could not be read. */
  declare readonly imageDefaults: pulumi.Output<ImageDefaults | undefined>;
  /** Key of the hashes by which the replicas are marked, so that nobody can guess secret values of `reloadOn` from them. Absent for a service that was only looked up. */
  declare readonly hashKey: pulumi.Output<string | undefined>;
  /** The replicas at the last create, update or refresh. A refresh updates states, times and counters without showing a change. */
  declare readonly instances: pulumi.Output<readonly ServiceInstance[]>;

  /**
   * Declares a Service.
   *
   * @param name resource name, unique among resources of this kind in the stack
   * @param args inputs
   * @param opts Pulumi's resource options
   */
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
        "reloadOn",
        "reload",
        "autoscale",
        "adopt",
        "url",
        "fqdn",
        "fqdns",
        "certificates",
        "persistent",
        "createdAt",
        "digest",
        "imageDefaults",
        "hashKey",
        "instances",
      ],
      [
        "template.imagePull.credentials",
        "template.imagePull.headers",
        "template.env",
        "template.roms.*.files.*.data",
        "template.plugins.*.config",
        "rollout.gate.headers",
        "reloadOn",
        "reload.headers",
        "hashKey",
      ],
      opts,
      [
        {
          path: "template.image",
          kind: "GatewayImage",
          output: "ref",
          defaults: { "imagePull.credentials": "registryCredentials" },
        },
      ],
    );
  }

  /** Looks up an existing Service by id or name. It is read, not managed. */
  static get(name: string, id: pulumi.Input<pulumi.ID>, opts?: pulumi.CustomResourceOptions): Service {
    return new Service(name, {} as ServiceArgs, { ...opts, id });
  }

  /** True if the value is a Service, even one created by another copy of this package. */
  static override isInstance(value: unknown): value is Service {
    return UnikernelResource.isOf("Service", value);
  }
}
