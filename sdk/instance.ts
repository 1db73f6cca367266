// Written by `npm run generate` from provider/resources. Do not edit.
import * as pulumi from "@pulumi/pulumi";
import { UnikernelResource, requireArgs } from "./resource";
import type {
  AnyGatewayImage,
  AttachedInterface,
  Autokill,
  AutokillArgs,
  EphemeralVolume,
  EphemeralVolumeArgs,
  ImageDefaults,
  ImagePull,
  ImagePullArgs,
  InstanceGate,
  InstanceGateArgs,
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
  /** Name of the instance, unique in the account and metro: 1 to 63 lower-case letters, digits and dashes. Default: the resource name plus 7 hexadecimal digits derived from its identity (owner, project, stack, parents, type and name), and a number if an object has that name already. With a fixed name, a replacement deletes the old instance first. */
  readonly name?: pulumi.Input<string> | undefined;
  /** Image to boot: a GatewayImage, or a reference such as its `ref` (`repository@sha256:…`). The GatewayImage itself brings its `registryCredentials` along for `imagePull.credentials`. Give exactly one of `image`, `template`, `branchFrom` and `checkpoint`. */
  readonly image?: AnyGatewayImage | pulumi.Input<string> | undefined;
  /** How the metro fetches the image. Used at creation and when `image` changes. Default: the metro decides. */
  readonly imagePull?: pulumi.Input<ImagePullArgs> | undefined;
  /** Id or name of an instance template to clone. Inputs left at their default take the template's value. */
  readonly template?: pulumi.Input<string> | undefined;
  /** How to create the template if `template` does not exist. Used at creation. */
  readonly prepareTemplate?: pulumi.Input<TemplatePreparationArgs> | undefined;
  /** Id or name of an instance to copy in its current state. The copy keeps its `args`, `env`, `memoryMb` and `vcpus`. */
  readonly branchFrom?: pulumi.Input<string> | undefined;
  /** Id or name of a checkpoint to resume from. Inputs left at their default take the checkpoint's value. */
  readonly checkpoint?: pulumi.Input<string> | undefined;
  /** Complete argument list of the program. Default: the arguments in the image. */
  readonly args?: pulumi.Input<readonly pulumi.Input<string>[]> | undefined;
  /** Environment variables, added to those of the image and overriding them. Encrypted in state. Default: none. */
  readonly env?: pulumi.Input<Readonly<Record<string, pulumi.Input<string>>>> | undefined;
  /** Memory in MiB, at least 16. Default 128. */
  readonly memoryMb?: pulumi.Input<number> | undefined;
  /** Number of virtual CPUs, at least 1. Default 1. */
  readonly vcpus?: pulumi.Input<number> | undefined;
  /** Volumes to mount. Default: none. */
  readonly volumes?: pulumi.Input<readonly pulumi.Input<VolumeMountArgs>[]> | undefined;
  /** Volumes created and deleted together with the instance. Default: none. */
  readonly ephemeralVolumes?: pulumi.Input<readonly pulumi.Input<EphemeralVolumeArgs>[]> | undefined;
  /** When to restart the program: `never`, `always`, or `on-failure` (a crash or a non-zero exit code). Default `never`. */
  readonly restartPolicy?: pulumi.Input<"never" | "always" | "on-failure"> | undefined;
  /** When the instance may go to standby. Each member that is left out comes from the image's labels `cloud.unikraft.v1.instances/scale_to_zero.*`, if it has them. Default: as the labels say, else never. */
  readonly scaleToZero?: pulumi.Input<ScaleToZeroArgs> | undefined;
  /** `delete-on-stop`: the platform deletes the instance once it stops; meant for jobs. Default: none. */
  readonly features?: pulumi.Input<readonly pulumi.Input<"delete-on-stop">[]> | undefined;
  /** Read-only file systems, up to 8, each from an image or from files given here. Default: none. */
  readonly roms?: pulumi.Input<readonly pulumi.Input<RomArgs>[]> | undefined;
  /** Platform plugins, up to 8. Default: none. */
  readonly plugins?: pulumi.Input<readonly pulumi.Input<PluginArgs>[]> | undefined;
  /** Tags of the instance, up to 15. Default: none. */
  readonly tags?: pulumi.Input<readonly pulumi.Input<string>[]> | undefined;
  /** Annotations, up to 256: `[prefix/]name` → text without control characters. The guest sees a change at its next boot. Default: none. */
  readonly annotations?: pulumi.Input<Readonly<Record<string, pulumi.Input<string>>>> | undefined;
  /** Host name of the guest, a DNS label. Default: the name of the instance. */
  readonly hostname?: pulumi.Input<string> | undefined;
  /** Ids or names of instances to start before this one. Default: none. */
  readonly dependencies?: pulumi.Input<readonly pulumi.Input<string>[]> | undefined;
  /** Actions at scheduled times. Default: none. */
  readonly schedules?: pulumi.Input<readonly pulumi.Input<ScheduleArgs>[]> | undefined;
  /** When the platform deletes the instance automatically. Default: never. */
  readonly autokill?: pulumi.Input<AutokillArgs> | undefined;
  /** Scheduling priority of the virtual CPUs. Any other than `normal` needs an account privilege. Default `normal`. */
  readonly schedPriority?: pulumi.Input<"normal" | "medium" | "high" | "admin"> | undefined;
  /** Machine type: `micro`, or `full` with more devices but without scale-to-zero, templates, branches and checkpoints. Default `micro`. */
  readonly type?: pulumi.Input<"micro" | "full"> | undefined;
  /** Number of GPUs, 0 or 1; needs `type: "full"`. Default 0. */
  readonly gpus?: pulumi.Input<number> | undefined;
  /** IP address of the gateway; only with `networkInterfaces`. Default: chosen by the platform. */
  readonly gateway?: pulumi.Input<string> | undefined;
  /** IP address of the name server; only with `networkInterfaces`. Default: chosen by the platform. */
  readonly nameserver?: pulumi.Input<string> | undefined;
  /** Network interfaces, up to 4; needs an account privilege. Default: one, created by the platform. */
  readonly networkInterfaces?: pulumi.Input<readonly pulumi.Input<NetworkInterfaceArgs>[]> | undefined;
  /** Id or name of an existing service to join. Default: none. */
  readonly service?: pulumi.Input<string> | undefined;
  /** Creates a service group for the instance, instead of `service`. Default: none. */
  readonly serviceGroup?: pulumi.Input<InstanceServiceGroupArgs> | undefined;
  /** Start the instance at creation and wait until it runs. A later change has no effect. Default true. */
  readonly autostart?: pulumi.Input<boolean> | undefined;
  /** What a start must reach to succeed. `running`: it runs or is in standby and has not failed for `stableForMs`; with `restartPolicy: "never"`, a program that ends with exit code 0 has succeeded too. `answering`: also, the ports of its `service` or `serviceGroup` answer through it. `completed`: a job; its program ends with exit code 0. A job runs again when an input changes that its program sees (the image, `args`, `env`, memory, volumes, ROMs). A change of `waitFor` counts from the next start. Default `running`. */
  readonly waitFor?: pulumi.Input<"running" | "answering" | "completed"> | undefined;
  /** How long a program must run without failing before its start has succeeded, in milliseconds, 0 to 600,000, from when the program began to run, by the metro's clock; added to the operation's time limit. Not used by `completed`. Default 3000. */
  readonly stableForMs?: pulumi.Input<number> | undefined;
  /** Reject every deletion until this is set to false. Default false. */
  readonly deleteLock?: pulumi.Input<boolean> | undefined;
  /** How long open connections may take to finish before the instance is stopped for a change or deletion, in milliseconds, 0 to 3,600,000; -1: as long as the metro allows. Default 0. */
  readonly drainTimeoutMs?: pulumi.Input<number> | undefined;
  /** A change that needs a restart replaces the instance without a gap: the new one boots beside the old one, takes over its addresses once it has run for `stableForMs` and passed its `gate`, and the old one is stopped and deleted. If it does not get that far, the old one stays as it is and the update fails. Only on metro `local`, and with `networkInterfaces` that have `ip`; without `name`, a service and volumes that it writes to. Needs memory for two instances. Default false: the instance is stopped, changed and started again. */
  readonly takeOver?: pulumi.Input<boolean> | undefined;
  /** What the instance must pass before it takes over, and before its first create succeeds: without it, that its program has run for `stableForMs` is enough. It is asked before the instance is in any network. If it fails, the old instance stays as it is, the new one is deleted, and the update fails. Only with `takeOver`. Default: none. */
  readonly gate?: pulumi.Input<InstanceGateArgs> | undefined;
  /** Manage an instance that already has this `name`, if there is one, and change it in place to match. Fails if a property differs that cannot be changed in place. Used at creation. Default false. */
  readonly adopt?: pulumi.Input<boolean> | undefined;
}

/** A unikernel virtual machine. For a public server, prefer a Service, which updates its replicas without downtime. */
export class Instance extends UnikernelResource {
  /** Name of the instance, unique in the account and metro: 1 to 63 lower-case letters, digits and dashes. Default: the resource name plus 7 hexadecimal digits derived from its identity (owner, project, stack, parents, type and name), and a number if an object has that name already. With a fixed name, a replacement deletes the old instance first. */
  declare readonly name: pulumi.Output<string>;
  /** Image to boot: a GatewayImage, or a reference such as its `ref` (`repository@sha256:…`). The GatewayImage itself brings its `registryCredentials` along for `imagePull.credentials`. Give exactly one of `image`, `template`, `branchFrom` and `checkpoint`. */
  declare readonly image: pulumi.Output<string | undefined>;
  /** How the metro fetches the image. Used at creation and when `image` changes. Default: the metro decides. */
  declare readonly imagePull: pulumi.Output<ImagePull | undefined>;
  /** Id or name of an instance template to clone. Inputs left at their default take the template's value. */
  declare readonly template: pulumi.Output<string | undefined>;
  /** How to create the template if `template` does not exist. Used at creation. */
  declare readonly prepareTemplate: pulumi.Output<TemplatePreparation | undefined>;
  /** Id or name of an instance to copy in its current state. The copy keeps its `args`, `env`, `memoryMb` and `vcpus`. */
  declare readonly branchFrom: pulumi.Output<string | undefined>;
  /** Id or name of a checkpoint to resume from. Inputs left at their default take the checkpoint's value. */
  declare readonly checkpoint: pulumi.Output<string | undefined>;
  /** Complete argument list of the program. Default: the arguments in the image. */
  declare readonly args: pulumi.Output<readonly string[] | undefined>;
  /** Environment variables, added to those of the image and overriding them. Encrypted in state. Default: none. */
  declare readonly env: pulumi.Output<Readonly<Record<string, string>>>;
  /** Memory in MiB, at least 16. Default 128. */
  declare readonly memoryMb: pulumi.Output<number>;
  /** Number of virtual CPUs, at least 1. Default 1. */
  declare readonly vcpus: pulumi.Output<number>;
  /** Volumes to mount. Default: none. */
  declare readonly volumes: pulumi.Output<readonly VolumeMount[]>;
  /** Volumes created and deleted together with the instance. Default: none. */
  declare readonly ephemeralVolumes: pulumi.Output<readonly EphemeralVolume[]>;
  /** When to restart the program: `never`, `always`, or `on-failure` (a crash or a non-zero exit code). Default `never`. */
  declare readonly restartPolicy: pulumi.Output<"never" | "always" | "on-failure">;
  /** When the instance may go to standby. Each member that is left out comes from the image's labels `cloud.unikraft.v1.instances/scale_to_zero.*`, if it has them. Default: as the labels say, else never. */
  declare readonly scaleToZero: pulumi.Output<ScaleToZero | undefined>;
  /** `delete-on-stop`: the platform deletes the instance once it stops; meant for jobs. Default: none. */
  declare readonly features: pulumi.Output<readonly "delete-on-stop"[]>;
  /** Read-only file systems, up to 8, each from an image or from files given here. Default: none. */
  declare readonly roms: pulumi.Output<readonly Rom[]>;
  /** Platform plugins, up to 8. Default: none. */
  declare readonly plugins: pulumi.Output<readonly Plugin[]>;
  /** Tags of the instance, up to 15. Default: none. */
  declare readonly tags: pulumi.Output<readonly string[]>;
  /** Annotations, up to 256: `[prefix/]name` → text without control characters. The guest sees a change at its next boot. Default: none. */
  declare readonly annotations: pulumi.Output<Readonly<Record<string, string>>>;
  /** Host name of the guest, a DNS label. Default: the name of the instance. */
  declare readonly hostname: pulumi.Output<string | undefined>;
  /** Ids or names of instances to start before this one. Default: none. */
  declare readonly dependencies: pulumi.Output<readonly string[]>;
  /** Actions at scheduled times. Default: none. */
  declare readonly schedules: pulumi.Output<readonly Schedule[]>;
  /** When the platform deletes the instance automatically. Default: never. */
  declare readonly autokill: pulumi.Output<Autokill | undefined>;
  /** Scheduling priority of the virtual CPUs. Any other than `normal` needs an account privilege. Default `normal`. */
  declare readonly schedPriority: pulumi.Output<"normal" | "medium" | "high" | "admin">;
  /** Machine type: `micro`, or `full` with more devices but without scale-to-zero, templates, branches and checkpoints. Default `micro`. */
  declare readonly type: pulumi.Output<"micro" | "full">;
  /** Number of GPUs, 0 or 1; needs `type: "full"`. Default 0. */
  declare readonly gpus: pulumi.Output<number>;
  /** IP address of the gateway; only with `networkInterfaces`. Default: chosen by the platform. */
  declare readonly gateway: pulumi.Output<string | undefined>;
  /** IP address of the name server; only with `networkInterfaces`. Default: chosen by the platform. */
  declare readonly nameserver: pulumi.Output<string | undefined>;
  /** Network interfaces, up to 4; needs an account privilege. Default: one, created by the platform. */
  declare readonly networkInterfaces: pulumi.Output<readonly NetworkInterface[]>;
  /** Id or name of an existing service to join. Default: none. */
  declare readonly service: pulumi.Output<string | undefined>;
  /** Creates a service group for the instance, instead of `service`. Default: none. */
  declare readonly serviceGroup: pulumi.Output<InstanceServiceGroup | undefined>;
  /** Start the instance at creation and wait until it runs. A later change has no effect. Default true. */
  declare readonly autostart: pulumi.Output<boolean>;
  /** What a start must reach to succeed. `running`: it runs or is in standby and has not failed for `stableForMs`; with `restartPolicy: "never"`, a program that ends with exit code 0 has succeeded too. `answering`: also, the ports of its `service` or `serviceGroup` answer through it. `completed`: a job; its program ends with exit code 0. A job runs again when an input changes that its program sees (the image, `args`, `env`, memory, volumes, ROMs). A change of `waitFor` counts from the next start. Default `running`. */
  declare readonly waitFor: pulumi.Output<"running" | "answering" | "completed">;
  /** How long a program must run without failing before its start has succeeded, in milliseconds, 0 to 600,000, from when the program began to run, by the metro's clock; added to the operation's time limit. Not used by `completed`. Default 3000. */
  declare readonly stableForMs: pulumi.Output<number>;
  /** Reject every deletion until this is set to false. Default false. */
  declare readonly deleteLock: pulumi.Output<boolean>;
  /** How long open connections may take to finish before the instance is stopped for a change or deletion, in milliseconds, 0 to 3,600,000; -1: as long as the metro allows. Default 0. */
  declare readonly drainTimeoutMs: pulumi.Output<number>;
  /** A change that needs a restart replaces the instance without a gap: the new one boots beside the old one, takes over its addresses once it has run for `stableForMs` and passed its `gate`, and the old one is stopped and deleted. If it does not get that far, the old one stays as it is and the update fails. Only on metro `local`, and with `networkInterfaces` that have `ip`; without `name`, a service and volumes that it writes to. Needs memory for two instances. Default false: the instance is stopped, changed and started again. */
  declare readonly takeOver: pulumi.Output<boolean>;
  /** What the instance must pass before it takes over, and before its first create succeeds: without it, that its program has run for `stableForMs` is enough. It is asked before the instance is in any network. If it fails, the old instance stays as it is, the new one is deleted, and the update fails. Only with `takeOver`. Default: none. */
  declare readonly gate: pulumi.Output<InstanceGate | undefined>;
  /** Manage an instance that already has this `name`, if there is one, and change it in place to match. Fails if a property differs that cannot be changed in place. Used at creation. Default false. */
  declare readonly adopt: pulumi.Output<boolean>;
  /** Digest of the running image. */
  declare readonly digest: pulumi.Output<string>;
  /** Defaults from the labels of the image, read when the image was first used here; they apply where the program sets nothing. Absent if there are none, and if the labels could not be read. */
  declare readonly imageDefaults: pulumi.Output<ImageDefaults | undefined>;
  /** State at the last refresh, such as `running`. */
  declare readonly state: pulumi.Output<string>;
  /** Reason of the last stop, such as `the program exited with code 1`; empty before the first stop. */
  declare readonly stopReason: pulumi.Output<string>;
  /** Details of the last stop, such as `page fault, out of memory`; empty before the first stop. */
  declare readonly stopCode: pulumi.Output<string>;
  /** Reason of the last stop as the API's bit set: 1 kernel, 2 program, 4 platform, 8 user, 16 forced, 32 scaled to zero; absent before the first stop. */
  declare readonly stopReasonNumber: pulumi.Output<number | undefined>;
  /** Details of the last stop as the API's number; absent before the first stop. */
  declare readonly stopCodeNumber: pulumi.Output<number | undefined>;
  /** Exit code of the program; absent unless it exited by itself, and for a guest that reports none, such as Unikraft. */
  declare readonly exitCode: pulumi.Output<number | undefined>;
  /** Time from the last start until the program ran, in microseconds. */
  declare readonly bootTimeUs: pulumi.Output<number>;
  /** Time from the last start until the program listened on a port, in microseconds. */
  declare readonly netTimeUs: pulumi.Output<number>;
  /** Number of starts. */
  declare readonly startCount: pulumi.Output<number>;
  /** Number of restarts by the restart policy. */
  declare readonly restartCount: pulumi.Output<number>;
  /** Progress of repeated restarts; absent unless the restart policy is restarting the instance. Between two attempts, `state` is `stopped`. */
  declare readonly restart: pulumi.Output<RestartSequence | undefined>;
  /** Address in the metro's private network. */
  declare readonly privateIp: pulumi.Output<string>;
  /** Name in the metro's private network: `<name>.internal`. */
  declare readonly privateFqdn: pulumi.Output<string>;
  /** UUID of its service or `serviceGroup`; empty if it has none. */
  declare readonly serviceUuid: pulumi.Output<string>;
  /** Name of its service or `serviceGroup`; empty if it has none. */
  declare readonly serviceName: pulumi.Output<string>;
  /** Fully qualified domain names of its service. */
  declare readonly serviceFqdns: pulumi.Output<readonly string[]>;
  /** URL of its service; empty if it has none. */
  declare readonly url: pulumi.Output<string>;
  /** Network interfaces of the instance. */
  declare readonly interfaces: pulumi.Output<readonly AttachedInterface[]>;
  /** Next action of each entry in `schedules`. */
  declare readonly scheduleTimes: pulumi.Output<readonly ScheduleTime[]>;
  /** Changes that are applied at the next stop, or failed at the last one. */
  declare readonly pendingUpdates: pulumi.Output<readonly PendingUpdate[]>;
  /** Creation time, RFC 3339. */
  declare readonly createdAt: pulumi.Output<string>;
  /** Time of the last start, RFC 3339; empty before the first. */
  declare readonly startedAt: pulumi.Output<string>;
  /** Time of the last stop, RFC 3339; empty before the first. */
  declare readonly stoppedAt: pulumi.Output<string>;

  /**
   * Declares a Instance.
   *
   * @param name resource name, unique among resources of this kind in the stack
   * @param args inputs
   * @param opts Pulumi's resource options
   */
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
        "waitFor",
        "stableForMs",
        "deleteLock",
        "drainTimeoutMs",
        "takeOver",
        "gate",
        "adopt",
        "digest",
        "imageDefaults",
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
        "gate.headers",
      ],
      opts,
      [
        {
          path: "image",
          kind: "GatewayImage",
          output: "ref",
          defaults: { "imagePull.credentials": "registryCredentials" },
        },
        { path: "prepareTemplate.image", kind: "GatewayImage", output: "ref" },
      ],
    );
  }

  /** Looks up an existing Instance by id or name. It is read, not managed. */
  static get(name: string, id: pulumi.Input<pulumi.ID>, opts?: pulumi.CustomResourceOptions): Instance {
    return new Instance(name, {}, { ...opts, id });
  }

  /** True if the value is a Instance, even one created by another copy of this package. */
  static override isInstance(value: unknown): value is Instance {
    return UnikernelResource.isOf("Instance", value);
  }
}
