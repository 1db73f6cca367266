// Written by `npm run generate` from provider/resources. Do not edit.
import * as pulumi from "@pulumi/pulumi";
import { UnikernelResource, requireArgs } from "./resource";
import type {
  AttachedInterface,
  Autokill,
  AutokillArgs,
  EphemeralVolume,
  EphemeralVolumeArgs,
  ImagePull,
  ImagePullArgs,
  InstanceServiceGroup,
  InstanceServiceGroupArgs,
  NetworkInterface,
  NetworkInterfaceArgs,
  PendingUpdate,
  Plugin,
  PluginArgs,
  RestartSequence,
  Rom,
  RomArgs,
  ScaleToZero,
  ScaleToZeroArgs,
  Schedule,
  ScheduleArgs,
  ScheduleTime,
  TemplatePreparation,
  TemplatePreparationArgs,
  VolumeMount,
  VolumeMountArgs,
} from "./types";

/** Arguments of {@link Instance}. */
export interface InstanceArgs {
  /** Name of the instance in its metro, unique per account: 1 to 63 of a-z, 0-9 and dash. Default: the resource's name and 7 random hexadecimal digits. A fixed name makes a replacement delete the old one first. */
  readonly name?: pulumi.Input<string> | undefined;
  /** Image to boot: `image.ref` of a GatewayImage (`repository@sha256:…`), or a reference the metro's registry knows. Exactly one of `image`, `template`, `branchFrom` and `checkpoint` is given. */
  readonly image?: pulumi.Input<string> | undefined;
  /** How the metro fetches the image, where its name does not say it. Used at creation and with the next change of `image`. */
  readonly imagePull?: pulumi.Input<ImagePullArgs> | undefined;
  /** Id or name of an instance template to clone. What is left at its default is the template's. */
  readonly template?: pulumi.Input<string> | undefined;
  /** Makes the template from this if there is none named `template` yet. Used at creation. */
  readonly prepareTemplate?: pulumi.Input<TemplatePreparationArgs> | undefined;
  /** Id or name of an instance to copy as it is now, with its `args`, `env`, `memoryMb` and `vcpus`. */
  readonly branchFrom?: pulumi.Input<string> | undefined;
  /** Id or name of a checkpoint to go on from. What is left at its default is the checkpoint's. */
  readonly checkpoint?: pulumi.Input<string> | undefined;
  /** Complete argument list of the guest's program. Default: the image's own. */
  readonly args?: pulumi.Input<readonly pulumi.Input<string>[]> | undefined;
  /** Environment variables, over those of the image. Kept secret in state. */
  readonly env?: pulumi.Input<Readonly<Record<string, pulumi.Input<string>>>> | undefined;
  /** Guest memory in MiB, at least 16. Default 128. */
  readonly memoryMb?: pulumi.Input<number> | undefined;
  /** Virtual CPUs. Default 1. */
  readonly vcpus?: pulumi.Input<number> | undefined;
  /** Volumes to mount. */
  readonly volumes?: pulumi.Input<readonly pulumi.Input<VolumeMountArgs>[]> | undefined;
  /** Volumes that are made with the instance and deleted with it. */
  readonly ephemeralVolumes?: pulumi.Input<readonly pulumi.Input<EphemeralVolumeArgs>[]> | undefined;
  /** `never`, `always`, or `on-failure` (after a crash or an exit code other than 0). Default `never`. */
  readonly restartPolicy?: pulumi.Input<"never" | "always" | "on-failure"> | undefined;
  /** When it may go to standby. Default: never. */
  readonly scaleToZero?: pulumi.Input<ScaleToZeroArgs> | undefined;
  /** `delete-on-stop`: the platform deletes it once it stops, for jobs. Default: none. */
  readonly features?: pulumi.Input<readonly pulumi.Input<"delete-on-stop">[]> | undefined;
  /** Up to 8 read-only file systems, by image or with files given here. */
  readonly roms?: pulumi.Input<readonly pulumi.Input<RomArgs>[]> | undefined;
  /** Up to 8 plugins of the platform. */
  readonly plugins?: pulumi.Input<readonly pulumi.Input<PluginArgs>[]> | undefined;
  /** Tags to find the instance by, up to 16. Default: none. */
  readonly tags?: pulumi.Input<readonly pulumi.Input<string>[]> | undefined;
  /** Up to 256 annotations, `[prefix/]name` → text without control characters. The guest sees them from its next boot on. */
  readonly annotations?: pulumi.Input<Readonly<Record<string, pulumi.Input<string>>>> | undefined;
  /** Host name of the guest, a DNS label. Default: the instance's name. */
  readonly hostname?: pulumi.Input<string> | undefined;
  /** Ids or names of instances that are started before it. */
  readonly dependencies?: pulumi.Input<readonly pulumi.Input<string>[]> | undefined;
  /** What happens to it at given times. */
  readonly schedules?: pulumi.Input<readonly pulumi.Input<ScheduleArgs>[]> | undefined;
  /** When the platform deletes it by itself. Default: never. */
  readonly autokill?: pulumi.Input<AutokillArgs> | undefined;
  /** Priority of its virtual CPUs. Others than `normal` need a privilege of the account. Default `normal`. */
  readonly schedPriority?: pulumi.Input<"normal" | "medium" | "high" | "admin"> | undefined;
  /** `micro`, or `full` for devices that a small machine lacks: without scale-to-zero, templates, branches and checkpoints. Default `micro`. */
  readonly type?: pulumi.Input<"micro" | "full"> | undefined;
  /** GPUs, 0 or 1; needs `type: "full"`. Default 0. */
  readonly gpus?: pulumi.Input<number> | undefined;
  /** Address of the gateway, with `networkInterfaces`. Default: the platform's. */
  readonly gateway?: pulumi.Input<string> | undefined;
  /** Address of the name server, with `networkInterfaces`. Default: the platform's. */
  readonly nameserver?: pulumi.Input<string> | undefined;
  /** Up to 4 network interfaces; needs a privilege of the account. Default: one, made by the platform. */
  readonly networkInterfaces?: pulumi.Input<readonly pulumi.Input<NetworkInterfaceArgs>[]> | undefined;
  /** Id or name of a service that exists, to serve in it. Default: none. */
  readonly service?: pulumi.Input<string> | undefined;
  /** A service group of its own, in place of `service`. */
  readonly serviceGroup?: pulumi.Input<InstanceServiceGroupArgs> | undefined;
  /** Start it once it is made, and wait until it runs. Default true. A change has no effect. */
  readonly autostart?: pulumi.Input<boolean> | undefined;
  /** Refuse to delete it, whoever asks, until this is false again. Default false. */
  readonly deleteLock?: pulumi.Input<boolean> | undefined;
  /** How long open connections may go on when it is stopped for a change or a deletion, in milliseconds up to 3,600,000; -1 is as long as the metro allows. Default 0. */
  readonly drainTimeoutMs?: pulumi.Input<number> | undefined;
  /** Manage an instance that already has this `name`, if there is one, and change it in place to match. Fails if a property differs that cannot be changed in place. Used at creation. Default false. */
  readonly adopt?: pulumi.Input<boolean> | undefined;
}

/** A unikernel virtual machine. One that serves the public belongs into a Service, which also updates it without a gap. */
export class Instance extends UnikernelResource {
  /** Name of the instance in its metro, unique per account: 1 to 63 of a-z, 0-9 and dash. Default: the resource's name and 7 random hexadecimal digits. A fixed name makes a replacement delete the old one first. */
  declare readonly name: pulumi.Output<string>;
  /** Image to boot: `image.ref` of a GatewayImage (`repository@sha256:…`), or a reference the metro's registry knows. Exactly one of `image`, `template`, `branchFrom` and `checkpoint` is given. */
  declare readonly image: pulumi.Output<string | undefined>;
  /** How the metro fetches the image, where its name does not say it. Used at creation and with the next change of `image`. */
  declare readonly imagePull: pulumi.Output<ImagePull | undefined>;
  /** Id or name of an instance template to clone. What is left at its default is the template's. */
  declare readonly template: pulumi.Output<string | undefined>;
  /** Makes the template from this if there is none named `template` yet. Used at creation. */
  declare readonly prepareTemplate: pulumi.Output<TemplatePreparation | undefined>;
  /** Id or name of an instance to copy as it is now, with its `args`, `env`, `memoryMb` and `vcpus`. */
  declare readonly branchFrom: pulumi.Output<string | undefined>;
  /** Id or name of a checkpoint to go on from. What is left at its default is the checkpoint's. */
  declare readonly checkpoint: pulumi.Output<string | undefined>;
  /** Complete argument list of the guest's program. Default: the image's own. */
  declare readonly args: pulumi.Output<readonly string[] | undefined>;
  /** Environment variables, over those of the image. Kept secret in state. */
  declare readonly env: pulumi.Output<Readonly<Record<string, string>>>;
  /** Guest memory in MiB, at least 16. Default 128. */
  declare readonly memoryMb: pulumi.Output<number>;
  /** Virtual CPUs. Default 1. */
  declare readonly vcpus: pulumi.Output<number>;
  /** Volumes to mount. */
  declare readonly volumes: pulumi.Output<readonly VolumeMount[]>;
  /** Volumes that are made with the instance and deleted with it. */
  declare readonly ephemeralVolumes: pulumi.Output<readonly EphemeralVolume[]>;
  /** `never`, `always`, or `on-failure` (after a crash or an exit code other than 0). Default `never`. */
  declare readonly restartPolicy: pulumi.Output<"never" | "always" | "on-failure">;
  /** When it may go to standby. Default: never. */
  declare readonly scaleToZero: pulumi.Output<ScaleToZero | undefined>;
  /** `delete-on-stop`: the platform deletes it once it stops, for jobs. Default: none. */
  declare readonly features: pulumi.Output<readonly "delete-on-stop"[]>;
  /** Up to 8 read-only file systems, by image or with files given here. */
  declare readonly roms: pulumi.Output<readonly Rom[]>;
  /** Up to 8 plugins of the platform. */
  declare readonly plugins: pulumi.Output<readonly Plugin[]>;
  /** Tags to find the instance by, up to 16. Default: none. */
  declare readonly tags: pulumi.Output<readonly string[]>;
  /** Up to 256 annotations, `[prefix/]name` → text without control characters. The guest sees them from its next boot on. */
  declare readonly annotations: pulumi.Output<Readonly<Record<string, string>>>;
  /** Host name of the guest, a DNS label. Default: the instance's name. */
  declare readonly hostname: pulumi.Output<string | undefined>;
  /** Ids or names of instances that are started before it. */
  declare readonly dependencies: pulumi.Output<readonly string[]>;
  /** What happens to it at given times. */
  declare readonly schedules: pulumi.Output<readonly Schedule[]>;
  /** When the platform deletes it by itself. Default: never. */
  declare readonly autokill: pulumi.Output<Autokill | undefined>;
  /** Priority of its virtual CPUs. Others than `normal` need a privilege of the account. Default `normal`. */
  declare readonly schedPriority: pulumi.Output<"normal" | "medium" | "high" | "admin">;
  /** `micro`, or `full` for devices that a small machine lacks: without scale-to-zero, templates, branches and checkpoints. Default `micro`. */
  declare readonly type: pulumi.Output<"micro" | "full">;
  /** GPUs, 0 or 1; needs `type: "full"`. Default 0. */
  declare readonly gpus: pulumi.Output<number>;
  /** Address of the gateway, with `networkInterfaces`. Default: the platform's. */
  declare readonly gateway: pulumi.Output<string | undefined>;
  /** Address of the name server, with `networkInterfaces`. Default: the platform's. */
  declare readonly nameserver: pulumi.Output<string | undefined>;
  /** Up to 4 network interfaces; needs a privilege of the account. Default: one, made by the platform. */
  declare readonly networkInterfaces: pulumi.Output<readonly NetworkInterface[]>;
  /** Id or name of a service that exists, to serve in it. Default: none. */
  declare readonly service: pulumi.Output<string | undefined>;
  /** A service group of its own, in place of `service`. */
  declare readonly serviceGroup: pulumi.Output<InstanceServiceGroup | undefined>;
  /** Start it once it is made, and wait until it runs. Default true. A change has no effect. */
  declare readonly autostart: pulumi.Output<boolean>;
  /** Refuse to delete it, whoever asks, until this is false again. Default false. */
  declare readonly deleteLock: pulumi.Output<boolean>;
  /** How long open connections may go on when it is stopped for a change or a deletion, in milliseconds up to 3,600,000; -1 is as long as the metro allows. Default 0. */
  declare readonly drainTimeoutMs: pulumi.Output<number>;
  /** Manage an instance that already has this `name`, if there is one, and change it in place to match. Fails if a property differs that cannot be changed in place. Used at creation. Default false. */
  declare readonly adopt: pulumi.Output<boolean>;
  /** Digest of the image that runs. */
  declare readonly digest: pulumi.Output<string>;
  /** State when last looked at, such as `running`. */
  declare readonly state: pulumi.Output<string>;
  /** Why it stopped last, such as `the program exited with code 1`; empty when it never did. */
  declare readonly stopReason: pulumi.Output<string>;
  /** How it stopped last, such as `page fault, out of memory`; empty when it never did. */
  declare readonly stopCode: pulumi.Output<string>;
  /** Why it stopped last, as the API's set of bits: 1 kernel, 2 program, 4 platform, 8 user, 16 by force, 32 scaled to zero; absent when it never did. */
  declare readonly stopReasonNumber: pulumi.Output<number | undefined>;
  /** How it stopped last, as the API's number; absent when it never did. */
  declare readonly stopCodeNumber: pulumi.Output<number | undefined>;
  /** Exit code of its program, once that ended by itself. */
  declare readonly exitCode: pulumi.Output<number | undefined>;
  /** Microseconds until its program started, at the last start. */
  declare readonly bootTimeUs: pulumi.Output<number>;
  /** Microseconds until its program listened, at the last start. */
  declare readonly netTimeUs: pulumi.Output<number>;
  /** How often it was started. */
  declare readonly startCount: pulumi.Output<number>;
  /** How often its restart policy started it again. */
  declare readonly restartCount: pulumi.Output<number>;
  /** The restarts it is going through; absent otherwise. While it waits for the next one, its `state` is `stopped`. */
  declare readonly restart: pulumi.Output<RestartSequence | undefined>;
  /** Address in the metro's private network. */
  declare readonly privateIp: pulumi.Output<string>;
  /** Name in the metro's private network: `<name>.internal`. */
  declare readonly privateFqdn: pulumi.Output<string>;
  /** UUID of the service it is in, its own `serviceGroup` included; empty when it is in none. */
  declare readonly serviceUuid: pulumi.Output<string>;
  /** Name of the service it is in; empty when it is in none. */
  declare readonly serviceName: pulumi.Output<string>;
  /** Domain names of the service it is in. */
  declare readonly serviceFqdns: pulumi.Output<readonly string[]>;
  /** Address of the service it is in; empty when it is in none. */
  declare readonly url: pulumi.Output<string>;
  /** The network interfaces it has. */
  declare readonly interfaces: pulumi.Output<readonly AttachedInterface[]>;
  /** When each of its `schedules` acts next. */
  declare readonly scheduleTimes: pulumi.Output<readonly ScheduleTime[]>;
  /** Changes that wait for its next stop, or failed at the last one. */
  declare readonly pendingUpdates: pulumi.Output<readonly PendingUpdate[]>;
  /** Creation time, RFC 3339. */
  declare readonly createdAt: pulumi.Output<string>;
  /** Time of the last start, RFC 3339; empty before the first. */
  declare readonly startedAt: pulumi.Output<string>;
  /** Time of the last stop, RFC 3339; empty before the first. */
  declare readonly stoppedAt: pulumi.Output<string>;

  constructor(name: string, args: InstanceArgs, opts?: pulumi.CustomResourceOptions) {
    requireArgs("Instance", args, [], opts);
    super(
      "Instance",
      name,
      args,
      [
        "name",
        "image",
        "imagePull",
        "template",
        "prepareTemplate",
        "branchFrom",
        "checkpoint",
        "args",
        "env",
        "memoryMb",
        "vcpus",
        "volumes",
        "ephemeralVolumes",
        "restartPolicy",
        "scaleToZero",
        "features",
        "roms",
        "plugins",
        "tags",
        "annotations",
        "hostname",
        "dependencies",
        "schedules",
        "autokill",
        "schedPriority",
        "type",
        "gpus",
        "gateway",
        "nameserver",
        "networkInterfaces",
        "service",
        "serviceGroup",
        "autostart",
        "deleteLock",
        "drainTimeoutMs",
        "adopt",
        "digest",
        "state",
        "stopReason",
        "stopCode",
        "stopReasonNumber",
        "stopCodeNumber",
        "exitCode",
        "bootTimeUs",
        "netTimeUs",
        "startCount",
        "restartCount",
        "restart",
        "privateIp",
        "privateFqdn",
        "serviceUuid",
        "serviceName",
        "serviceFqdns",
        "url",
        "interfaces",
        "scheduleTimes",
        "pendingUpdates",
        "createdAt",
        "startedAt",
        "stoppedAt",
      ],
      [
        "imagePull.credentials",
        "imagePull.headers",
        "prepareTemplate.env",
        "env",
        "roms.*.files.*.data",
        "plugins.*.config",
      ],
      opts,
    );
  }

  /** Looks up an existing Instance by its id or its name; it is read, not managed. */
  static get(name: string, id: pulumi.Input<pulumi.ID>, opts?: pulumi.CustomResourceOptions): Instance {
    return new Instance(name, {}, { ...opts, id });
  }

  /** True for an object of kind Instance, also one made by another copy of this package. */
  static override isInstance(value: unknown): value is Instance {
    return UnikernelResource.isOf("Instance", value);
  }
}
